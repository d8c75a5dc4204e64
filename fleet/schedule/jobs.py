"""A job: a duty that may fail without harm to the others, and that says how it fares."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime, timedelta

log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class Job:
    """A duty by its name. `patience`: running for longer than this it is taken for stuck.

    `failures` counts those in a row; `error` is what the last of them said, empty when the last
    run went well.
    """

    name: str
    patience: timedelta
    clock: Callable[[], datetime]
    running_since: datetime | None = None
    ended: datetime | None = None
    worked: datetime | None = None
    failures: int = 0
    error: str = ""
    _told: set[str] = field(default_factory=set)
    _begun: float = 0.0  # by the event loop's time, which nobody sets

    async def run(self, duty: Callable[[], Awaitable[None]]) -> bool:
        """Do the duty; give whether it went well. Only being cancelled gets through."""
        self.running_since, self._begun = self.clock(), asyncio.get_running_loop().time()
        try:
            await duty()
        except Exception as error:  # noqa: BLE001  one job's failure must not stop the others
            self._failed(error)
            return False
        else:
            self._went_well()
            return True
        finally:
            self.ended, self.running_since = self.clock(), None

    def is_stuck(self) -> bool:
        """Return whether it has been running for longer than it ever should."""
        if self.running_since is None:
            return False
        lasted = asyncio.get_running_loop().time() - self._begun
        return lasted > self.patience.total_seconds()

    def _went_well(self) -> None:
        if self.failures:
            log.info("%s works again, after %d failures.", self.name, self.failures)
        self.worked, self.failures, self.error = self.clock(), 0, ""
        self._told.clear()

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        self.error = f"{error}" if isinstance(error, FleetError) else type(error).__name__
        kind = _kind(error)
        if kind in self._told:
            return
        self._told.add(kind)
        if isinstance(error, FleetError):
            log.error("%s failed: %s", self.name, error)
        else:
            log.error("%s failed because of a bug in fleet:", self.name, exc_info=error)


def _kind(error: Exception) -> str:
    """What one failure has in common with the same one later: its class and where it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__qualname__} {place}"


class Rounds:
    """Does a job when it is asked to, once more when it was asked meanwhile, one at a time."""

    def __init__(self, job: Job, duty: Callable[[], Awaitable[None]]) -> None:
        self.job = job
        self._duty = duty
        self._asked = asyncio.Event()
        self._free = asyncio.Event()
        self._free.set()

    def ask(self) -> None:
        """Have a round begin as soon as may be; never waits."""
        self._asked.set()

    async def run(self) -> None:
        """Do rounds until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            self._free.clear()
            try:
                await self.job.run(self._duty)
            finally:
                self._free.set()

    async def settle(self, seconds: float) -> None:
        """Wait for the round that is under way, for so long at most."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._free.wait(), seconds)
