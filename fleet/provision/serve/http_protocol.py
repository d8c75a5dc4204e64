"""uvicorn's protocol, and what a server in the open needs beside it.

It tells the application of its connection, gives a client a time for its request and a size for its
head, and lets one go on reading that said it will ask for nothing more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fleet.provision.serve.connection import Connection
from fleet.provision.serve.http_app import CONNECTION

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

HEAD_WITHIN = 20.0  # seconds for a request's head
_LARGEST_HEAD = 32 * 1024


class FetchProtocol(HttpToolsProtocol):
    """One connection of one client."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._deadline: asyncio.TimerHandle | None = None
        self._head = 0
        self._connection: Connection | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, with a time by which the first request has to be there."""
        writing = cast("asyncio.Transport", transport)
        self._connection = Connection(writing)
        self.app_state = {**self.app_state, CONNECTION: self._connection}
        super().connection_made(writing)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._head_is_there()
        if self._connection is not None:
            self._connection.lose()
        super().connection_lost(exc)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Go on answering a client that has closed its side; TLS has no such halves."""
        if self._connection is not None:
            self._connection.hear()
        cycle: Any = self.cycle  # None before the first request, whatever its type says
        if cycle is None or cycle.response_complete or self.scheme == "https":
            return None
        cycle.keep_alive = False
        return True

    def resume_writing(self) -> None:
        """There is room again."""
        super().resume_writing()
        if self._connection is not None:
            self._connection.hear()

    def data_received(self, data: bytes) -> None:
        """Take what came, up to the largest head."""
        if self._deadline is not None:
            self._head += len(data)
            if self._head > _LARGEST_HEAD:
                self.transport.abort()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._await_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request's head is there."""
        self._head_is_there()
        super().on_headers_complete()

    def _await_head(self) -> None:
        if self._deadline is None:
            late: Callable[[], None] = self.transport.abort
            self._deadline = self.loop.call_later(HEAD_WITHIN, late)

    def _head_is_there(self) -> None:
        self._head = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
