"""What a phone was told to do of itself, and when it gets to it: once nobody is on the phone."""

from __future__ import annotations

import asyncio

from fleet.simulator.boot.objects import Act


class Orders:
    """Boots that were asked for: several are one, and the fuller one counts."""

    def __init__(self) -> None:
        self._wanted: Act | None = None
        self._came = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def busy(self) -> bool:
        """Whether somebody is on the phone."""
        return not self._idle.is_set()

    @busy.setter
    def busy(self, busy: bool) -> None:
        if busy:
            self._idle.clear()
        else:
            self._idle.set()

    def put(self, act: Act) -> None:
        """Want a boot."""
        if self._wanted is None or act is not Act.FAST_REBOOT:
            self._wanted = act
        self._came.set()

    async def next(self) -> Act:
        """Wait for a boot that is wanted, and until the phone is idle."""
        await self._came.wait()
        await self._idle.wait()
        act, self._wanted = self._wanted or Act.RESET, None
        self._came.clear()
        return act
