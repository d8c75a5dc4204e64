"""The server's side of TLS around a connection.

asyncio's own drops a failed handshake without a word. A phone sends the alert (as openssl's server
does, facts/web-ui 5.3), and from it alone a client learns that the phone's TLS is too old for it.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from fleet.simulator.server import Connection

_MOST_READ = 64 * 1024


class TlsConnection(asyncio.Protocol):
    """A protocol towards the network; towards its `Connection`, the transport that it uses."""

    def __init__(self, context: ssl.SSLContext, connection: Connection) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._connection = connection
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the client's greeting."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Go on with the handshake or the conversation."""
        self._incoming.write(data)
        try:
            self._go_on()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError:  # the handshake failed, or the client says goodbye
            self._flush()
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass it on to a connection that knows of the client."""
        if self._greeted:
            self._connection.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass it on."""
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._connection.resume_writing()

    def get_extra_info(self, name: str) -> Any:
        """What the network's transport knows."""
        return self._transport.get_extra_info(name)

    def is_closing(self) -> bool:
        """Whether the end has begun."""
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send encrypted."""
        left = memoryview(data)
        while left:
            left = left[self._tls.write(left) :]
        self._flush()

    def close(self) -> None:
        """Say goodbye and close once everything is sent."""
        with suppress(ssl.SSLError):  # the client's goodbye is not waited for
            self._tls.unwrap()
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close now."""
        self._transport.abort()

    def _go_on(self) -> None:
        if not self._greeted:
            self._tls.do_handshake()
            self._greeted = True
            self._connection.connection_made(cast("asyncio.Transport", self))
        while data := self._tls.read(_MOST_READ):
            self._connection.data_received(data)

    def _flush(self) -> None:
        if self._outgoing.pending and not self._transport.is_closing():
            self._transport.write(self._outgoing.read())
