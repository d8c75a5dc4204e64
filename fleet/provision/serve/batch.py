"""Reads for many who wait at once: one look in a thread for all that came meanwhile.

A look begins after whoever waits for it asked, so that nobody is given what is older than the
question.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Mapping

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


class Batch(Generic[K, V]):
    """Gives what `read` says of a key; `read` is called in a thread, never twice at a time."""

    def __init__(self, read: Callable[[Collection[K]], Mapping[K, V]]) -> None:
        self._read = read
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """Return the value, None if there is none; raises what `read` raised."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._task is None:
            self._task = asyncio.create_task(self._look())
        return await asyncio.shield(future)

    async def _look(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting, {}
                await self._serve(some)
        finally:
            self._task = None

    async def _serve(self, some: dict[K, asyncio.Future[V | None]]) -> None:
        try:
            found = await asyncio.to_thread(self._read, list(some))
        except Exception as error:  # noqa: BLE001  handed on to everybody who waits
            for future in some.values():
                future.set_exception(error)
                future.exception()  # whoever waited may be gone: asyncio need not complain
        else:
            for key, future in some.items():
                future.set_result(found.get(key))
