"""The time that simulated phones live by: as fast as is wanted, or moved by whoever holds it."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Protocol


class Clock(Protocol):
    """A phone's clock and its alarm."""

    def now(self) -> dt.datetime:
        """What time it is, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait, by this clock."""
        ...


class RunningClock:
    """A clock that starts at `start` and runs `speed` times as fast as the world's."""

    def __init__(self, *, start: dt.datetime, speed: float = 1.0) -> None:
        if speed <= 0:
            message = "a clock's speed is a number above 0"
            raise ValueError(message)
        self._start = start
        self._speed = speed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._since = 0.0

    def now(self) -> dt.datetime:
        """What time it is; the clock starts when it is first looked at."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._since = self._loop.time()
        passed = (self._loop.time() - self._since) * self._speed
        return self._start + dt.timedelta(seconds=passed)

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of this clock."""
        await asyncio.sleep(seconds / self._speed)
