"""HTTP that does not wait for ever: limits on every connection, for clients that mean no good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

    from uvicorn.config import Config
    from uvicorn.server import ServerState

LARGEST = 8 * 1024  # bytes of one request; ours have no body
MOST = 512  # connections
MOST_OF_ONE = 64  # connections of one address; a reverse proxy needs no more

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class Limited(HttpToolsProtocol):
    """uvicorn's protocol, which by itself waits for ever for a request and takes any size.

    `REQUEST_WITHIN` is the time in seconds from the connection, or from a request's first byte, to
    its end. `STALLED_AFTER` is the time in seconds in which a client must read what waits for it,
    about 48 kB; a long answer has no limit as long as the client reads.
    """

    REQUEST_WITHIN: ClassVar[float] = 5.0
    STALLED_AFTER: ClassVar[float] = 30.0

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._received = 0
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        host = self.client[0] if self.client else ""
        mine = [each for each in self.connections if isinstance(each, Limited) and each.is_of(host)]
        if len(self.connections) > MOST or len(mine) > MOST_OF_ONE:
            transport.abort()
        else:
            self._end_within(self.REQUEST_WITHIN)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._end_within(None)

    def data_received(self, data: bytes) -> None:
        """Read on, up to the largest request there is."""
        if not self._received:  # the first bytes of another request
            self._end_within(self.REQUEST_WITHIN)
        self._received += len(data)
        if self._received > LARGEST:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
            return
        super().data_received(data)

    def on_message_complete(self) -> None:
        """The request is whole: the application takes the time that it needs."""
        self._end_within(None)
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client reads more slowly than the application writes."""
        self._end_within(self.STALLED_AFTER)
        super().pause_writing()

    def resume_writing(self) -> None:
        """The client has read most of what waited."""
        self._end_within(None)
        super().resume_writing()

    def on_response_complete(self) -> None:
        """The next request has its own time and size; the rest of this answer must be read."""
        waiting = self.transport.get_write_buffer_size()
        self._end_within(self.STALLED_AFTER if waiting else None)
        self._received = 0
        super().on_response_complete()

    def is_of(self, host: str) -> bool:
        """Tell whether the client is at this address."""
        return self.client is not None and self.client[0] == host

    def _end_within(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()
