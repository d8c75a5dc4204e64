"""A time-out that does not blame a phone for our own being busy."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

# A clock that is looked at this late (seconds) says that we were busy: what the phone sent in
# time may lie unread.
BUSY = 0.1


class FairTimeout:
    """`asyncio.timeout_at` (loop time), with one more look where the loop itself came too late."""

    __slots__ = ("_limit", "_timer", "_when")

    def __init__(self, when: float) -> None:
        self._when = when
        self._limit = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._timer = asyncio.get_running_loop().call_at(self._when, self._due)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._limit.__aexit__(kind, error, trace)

    def _due(self) -> None:
        now = asyncio.get_running_loop().time()
        self._limit.reschedule(now + BUSY if now - self._when > BUSY else now)
