"""A cache of one expensive value, for a limited time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import timedelta

T = TypeVar("T")


class TtlCache(Generic[T]):
    """A value that is found again when it is older than `longest`; one at a time."""

    def __init__(self, find: Callable[[], Awaitable[T]], longest: timedelta) -> None:
        self._find, self._longest = find, longest.total_seconds()
        self._found: tuple[float, T] | None = None  # by the loop's time, which nobody sets back
        self._finding = asyncio.Lock()

    async def get(self) -> T:
        """Return the value."""
        async with self._finding:
            moment = asyncio.get_running_loop().time()
            if self._found is None or moment - self._found[0] >= self._longest:
                self._found = moment, await self._find()
            return self._found[1]
