"""The protocol of one request: send it, watch the clock, hand the bytes to the reader."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from fleet.errors import PhoneError
from fleet.phone.answer_reader import AnswerReader, Patience, Reply
from fleet.phone.fair_timeout import BUSY
from fleet.phone.tls import check_certificate

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from fleet.phone.target import Target, Timeouts
    from fleet.phone.turns import Turns

# Long enough for a slow phone's next segment, short beside a poll (seconds).
_SHORT_PATIENCE = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Hop:
    """One request's way: where to, for how long (`deadline` is loop time), how much at most.

    `turns` is common to the requests that are under way together. Without `body_wanted` the
    answer's status is all that is waited for.
    """

    target: Target
    timeouts: Timeouts
    deadline: float
    max_body: int
    turns: Turns[Reply | PhoneError]
    body_wanted: bool = True


class Caller(asyncio.Protocol):
    """Our end of a connection; this one knocks, and says nothing."""

    def __init__(self, hop: Hop) -> None:
        self._hop = hop
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write and to close (asyncio's callback)."""
        self._transport = cast("asyncio.Transport", transport)
        if self._hop.target.scheme == "https":
            self._transport.pause_reading()  # the first bytes are the handshake's

    def secured(self, transport: asyncio.Transport) -> None:
        """Go on over TLS."""
        self._transport = transport

    def close(self) -> None:
        """Close the connection at once, whatever state it is in."""
        if self._transport is not None:
            self._transport.abort()


class Wire(Caller):
    """Sends one request. `outcome` becomes the reply to it, or what is wrong with that."""

    def __init__(self, hop: Hop, request: bytes) -> None:
        super().__init__(hop)
        self._request = request
        self._reader = AnswerReader(
            max_body=hop.max_body, where=hop.target.authority, body_wanted=hop.body_wanted
        )
        self._loop = asyncio.get_running_loop()
        self._heard = 0.0
        self._looked_twice = False
        self._timer: asyncio.TimerHandle | None = None
        self._settled = False
        self.fingerprint = ""
        self.outcome: asyncio.Future[Reply | PhoneError] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request, unless TLS comes first (asyncio's callback)."""
        super().connection_made(transport)
        if self._hop.target.scheme != "https":
            self._send(cast("asyncio.Transport", transport))

    def secured(self, transport: asyncio.Transport) -> None:
        """Check the certificate, then send the request. Raises PhoneError."""
        super().secured(transport)
        connection: ssl.SSLObject = transport.get_extra_info("ssl_object")
        target = self._hop.target
        self.fingerprint = check_certificate(connection, target.fingerprint, target.authority)
        self._send(transport)

    def _send(self, transport: asyncio.Transport) -> None:
        # One write: old web servers stumble over a request in two packets (facts/web-ui 5.1).
        transport.write(self._request)
        self._heard = self._loop.time()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take a piece of the answer (asyncio's callback)."""
        if self._settled:
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

    def close(self) -> None:
        """Close the connection at once, and wait for nothing more."""
        self._settled = True
        self.outcome.cancel()
        if self._timer is not None:
            self._timer.cancel()
        super().close()

    def _watch(self) -> None:
        """Look again when the silence would have lasted too long, or the poll did."""
        if self._timer is not None:
            self._timer.cancel()
        wait = self._hop.timeouts.read
        if self._reader.patience is Patience.SHORT:
            wait = min(wait, _SHORT_PATIENCE)
        until = min(self._heard + wait, self._hop.deadline)
        late = self._loop.time() - until
        if late < 0:
            self._timer = self._loop.call_at(until, self._watch)
        elif late > BUSY and not self._looked_twice:
            self._looked_twice = True
            self._timer = self._loop.call_later(BUSY, self._watch)
        else:
            self._conclude(self._reader.give_up)

    def _conclude(self, make: Callable[[], Reply]) -> None:
        if self._settled:
            return
        try:
            self._settle(make())
        except PhoneError as error:
            self._settle(error)

    def _settle(self, outcome: Reply | PhoneError) -> None:
        if not self._settled:
            self._settled = True
            self._hop.turns.settle(self.outcome, outcome)
