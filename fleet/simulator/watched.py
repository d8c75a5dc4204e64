"""Things that change by themselves, and those who wait for a change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable


class Watched:
    """Base of what others wait for: `changed` is called after each change, `until` waits."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    async def until(self, holds: Callable[[Self], bool]) -> None:
        """Wait until something holds of it; at once where it does already."""
        if holds(self):
            return
        future = asyncio.get_running_loop().create_future()
        entry = (lambda: holds(self), future)
        self._waiting.append(entry)
        try:
            await future
        finally:
            self._waiting.remove(entry)

    def changed(self) -> None:
        """Look who waited for what is now."""
        for holds, future in self._waiting:
            if not future.done() and holds():
                future.set_result(None)
