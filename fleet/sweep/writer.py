"""Writes what a sweep sees in batches as it goes, so that a crash loses at most its last second."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fleet.store import Known, Recorded

    Write = Callable[[Sequence[Recorded]], Mapping[int, Known]]

FLUSH_EVERY = 1.0  # seconds: what a kill may lose
BATCH = 500  # observations to a transaction
BACKLOG = 8 * BATCH  # waiting observations above which the sweep waits for the database


class Writer:
    """Collects observations and hands them to `write`, a batch a transaction, in a thread.

    `known` is kept up to date with what was written: the next diff is made against it.
    """

    def __init__(self, write: Write, known: dict[int, Known]) -> None:
        self._write = write
        self._known = known
        self._waiting: list[Recorded] = []
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._writing = asyncio.Lock()
        self._stopping = False

    async def put(self, recorded: Recorded) -> None:
        """Take one observation; waits only while the database is far behind."""
        self._waiting.append(recorded)
        if len(self._waiting) >= BATCH:
            self._wake.set()
        if len(self._waiting) >= BACKLOG:
            self._room.clear()
            await self._room.wait()

    async def run(self) -> None:
        """Write until `stop` is called. An error of the database ends it, and so the sweep."""
        stopping = False
        while not stopping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_EVERY):
                    await self._wake.wait()
            self._wake.clear()
            stopping = self._stopping
            await self.flush()

    def stop(self) -> None:
        """Let `run` write what waits, and end."""
        self._stopping = True
        self._wake.set()

    async def flush(self) -> None:
        """Write all that waits; an empty batch if nothing does, which keeps the lease alive."""
        async with self._writing:
            while True:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                await self._hand_over(batch)
                if not self._waiting:
                    break
            self._room.set()

    async def _hand_over(self, batch: Sequence[Recorded]) -> None:
        """Write a batch in a thread; cancelled, wait for the thread all the same."""
        written = asyncio.create_task(asyncio.to_thread(self._write, batch))
        try:
            self._known.update(await asyncio.shield(written))
        except asyncio.CancelledError:
            self._known.update(await written)
            raise
