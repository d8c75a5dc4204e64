"""Sends a reply, and follows it to where it arrives or does not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from fleet.provision.files.reply import Reply
    from fleet.provision.serve.connection import Connection

Message: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Receive: TypeAlias = Callable[[], Awaitable[Message]]

STALL = 60.0  # seconds without progress after which a client is given up on
LONGEST = 1800.0  # seconds for a whole answer: firmware on a slow line, and no longer
_PIECE = 64 * 1024
_FIRST_PAUSE = 0.001
_LONGEST_PAUSE = 0.05


class Delivery:
    """One reply on its way. `arrived` counts bytes of its body, and never one too many.

    Without a connection, because the server does not tell, what was handed over has arrived.
    """

    def __init__(self, reply: Reply, connection: Connection | None, stall: float = STALL) -> None:
        self._reply = reply
        self._connection = connection
        self._stall = stall
        self._handed = 0
        self._ends_at = 0.0
        self.arrived = 0

    @property
    def is_complete(self) -> bool:
        """Whether all of it has arrived."""
        return self.arrived == self._reply.size

    async def run(self, send: Send) -> None:
        """Send it. A client that takes nothing for long, or all too slowly, is given up on."""
        self._ends_at = asyncio.get_running_loop().time() + LONGEST
        status, headers = self._reply.status, list(self._reply.headers)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for piece in _pieces(self._reply.parts):
            if self._handed and not await self._is_taken():
                break
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            self._handed += len(piece)
        if await self._is_taken(to_the_end=True) or self.is_complete:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif self._connection is not None:
            await self._connection.abort()

    async def _is_taken(self, *, to_the_end: bool = False) -> bool:
        """Wait until there is room for more, or to the end of it all; False if that never comes."""
        connection = self._connection
        if connection is None:
            self.arrived = self._handed
            return True
        connection.watcher = self._look
        try:
            return await self._follow(connection, to_the_end=to_the_end)
        finally:
            connection.watcher = None

    async def _follow(self, connection: Connection, *, to_the_end: bool) -> bool:
        loop = asyncio.get_running_loop()
        since, before, pause = loop.time(), -1, 0.0
        while not connection.is_lost:
            unsent = self._look()
            if not (unsent if to_the_end else connection.buffered()):
                return True
            if unsent != before:
                since, before = loop.time(), unsent
            if loop.time() > min(since + self._stall, self._ends_at):
                return False
            await connection.pause(pause)
            pause = min(max(2 * pause, _FIRST_PAUSE), _LONGEST_PAUSE)
        return False

    def _look(self) -> int:
        """See how much has arrived; give what has not."""
        unsent = self._connection.unsent() if self._connection else 0
        self.arrived = max(self.arrived, self._handed - unsent)
        return unsent


def _pieces(parts: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    for part in parts:
        if len(part) <= _PIECE:
            yield part
            continue
        view = memoryview(part)
        for start in range(0, len(view), _PIECE):
            yield view[start : start + _PIECE]
