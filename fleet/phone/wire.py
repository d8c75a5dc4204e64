"""The protocol of one request: send it, watch the clock, hand the bytes to the reader."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from fleet.errors import PhoneError
from fleet.phone.answer_reader import AnswerReader, Patience, Reply
from fleet.phone.tls import check_certificate

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

    from fleet.phone.target import Target, Timeouts

# Long enough for a slow phone's next segment, short beside a poll (seconds).
_SHORT_PATIENCE = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Hop:
    """One request's way: where to, for how long (`deadline` is loop time), how much at most."""

    target: Target
    timeouts: Timeouts
    deadline: float
    max_body: int


class Caller(asyncio.Protocol):
    """Our end of a connection; this one knocks, and says nothing."""

    __slots__ = ("_transport",)

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write and to close (asyncio's callback)."""
        self._transport = cast("asyncio.Transport", transport)

    def close(self, sock: socket.socket) -> None:
        """Close the connection at once, whatever state it is in."""
        if self._transport is not None:
            self._transport.abort()
        else:
            sock.close()


class Wire(Caller):
    """Sends one request. `outcome` becomes the reply to it, or what is wrong with that."""

    __slots__ = ("_heard", "_hop", "_loop", "_reader", "_request", "_timer",
                 "fingerprint", "outcome")  # fmt: skip

    def __init__(self, hop: Hop, request: bytes) -> None:
        super().__init__()
        self._hop = hop
        self._request = request
        self._reader = AnswerReader(max_body=hop.max_body, where=hop.target.authority)
        self._loop = asyncio.get_running_loop()
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.fingerprint = ""
        self.outcome: asyncio.Future[Reply | PhoneError] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Check the certificate, then send the request (asyncio's callback)."""
        super().connection_made(transport)
        target = self._hop.target
        if target.scheme == "https":
            connection: ssl.SSLObject = transport.get_extra_info("ssl_object")
            try:
                self.fingerprint = check_certificate(
                    connection, target.fingerprint, target.authority
                )
            except PhoneError as error:
                self._settle(error)
                return
        # One write: old web servers stumble over a request in two packets (facts/web-ui 5.1).
        cast("asyncio.Transport", transport).write(self._request)
        self._heard = self._loop.time()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take a piece of the answer (asyncio's callback)."""
        if self.outcome.done():
            return
        self._heard = self._loop.time()
        was_short = self._reader.patience is Patience.SHORT
        try:
            self._reader.feed(data)
        except PhoneError as error:
            self._settle(error)
            return
        if self._reader.done:
            self._conclude(lambda: self._reader.end(broken=False))
        elif not was_short and self._reader.patience is Patience.SHORT:
            self._watch()

    def eof_received(self) -> None:
        """Take it that the server has said all (asyncio's callback)."""
        self._conclude(lambda: self._reader.end(broken=False))

    def connection_lost(self, exc: Exception | None) -> None:
        """Take it that nothing more will come (asyncio's callback)."""
        self._conclude(lambda: self._reader.end(broken=exc is not None))

    def close(self, sock: socket.socket) -> None:
        """Close the connection at once, whatever state it is in."""
        self.outcome.cancel()
        if self._timer is not None:
            self._timer.cancel()
        super().close(sock)

    def _watch(self) -> None:
        """Look again when the silence would have lasted too long, or the poll did."""
        if self._timer is not None:
            self._timer.cancel()
        wait = self._hop.timeouts.read
        if self._reader.patience is Patience.SHORT:
            wait = min(wait, _SHORT_PATIENCE)
        until = min(self._heard + wait, self._hop.deadline)
        if until <= self._loop.time():
            self._conclude(self._reader.give_up)
        else:
            self._timer = self._loop.call_at(until, self._watch)

    def _conclude(self, make: Callable[[], Reply]) -> None:
        if self.outcome.done():
            return
        try:
            self._settle(make())
        except PhoneError as error:
            self._settle(error)

    def _settle(self, outcome: Reply | PhoneError) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)
