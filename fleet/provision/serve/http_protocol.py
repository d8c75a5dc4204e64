"""A connection that tells the application of itself: what of an answer has arrived, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fleet.http_server import HttpProtocol
from fleet.provision.serve.connection import Connection
from fleet.provision.serve.http_app import CONNECTION

if TYPE_CHECKING:
    import asyncio


class FetchProtocol(HttpProtocol):
    """One connection of one client; one that closes its side is answered all the same."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        writing = cast("asyncio.Transport", transport)
        self._connection = Connection(writing)
        self.app_state = {**self.app_state, CONNECTION: self._connection}
        super().connection_made(writing)

    def data_received(self, data: bytes) -> None:
        """Read on: a client that asks for the next file has received the one before."""
        self._connection.hear()
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._connection.lose()
        super().connection_lost(exc)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Go on answering a client that has closed its side; TLS has no such halves."""
        self._connection.hear()
        cycle: Any = self.cycle  # None before the first request, whatever its type says
        if cycle is None or cycle.response_complete or self.scheme == "https":
            return None
        cycle.keep_alive = False
        return True

    def resume_writing(self) -> None:
        """There is room again."""
        super().resume_writing()
        self._connection.hear()
