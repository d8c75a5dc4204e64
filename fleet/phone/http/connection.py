"""One request and its response over a connection of its own: written at once, read to the end.

This is httpx's way to the wire instead of its pool. The pool's bookkeeping grows with what waits,
and its parser refuses what old phones send; this costs the same at 50 and at 4,000 requests in
flight.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import httpx

from fleet.errors import PhoneError
from fleet.model import Reason
from fleet.phone.http.errors import poll_error
from fleet.phone.http.response import AnswerReader, Patience, Reply
from fleet.phone.http.tcp import BUSY, FairTimeout, connect
from fleet.phone.http.tls import (
    check_certificate,
    handshake_trouble,
    legacy_context,
    modern_context,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from fleet.phone.http.target import Target, Timeouts

T = TypeVar("T")

AT_A_TIME = 8

# Long enough for a slow phone's next segment, short beside a poll (seconds).
_SHORT_PATIENCE = 1.0

COMPLETE = "fleet.complete"
FINGERPRINT = "fleet.fingerprint"

# Taken care of here, or not to be acted on by anyone: httpx would unpack bodies without a cap.
_OMITTED = frozenset(
    ("connection", "content-encoding", "content-length", "set-cookie", "transfer-encoding")
)


class Turns(Generic[T]):
    """Sets futures' results in the order they come, `AT_A_TIME` to a round of the loop.

    Hundreds of answers that come at the same moment would all be worked on before the next
    requests leave; these would leave at the same moment too, and so would their answers come,
    with nothing to do in between. A few to each round keeps the phones busy while we are.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[asyncio.Future[T], T]] = deque()

    def settle(self, future: asyncio.Future[T], result: T) -> None:
        """Give a future its result when its turn comes; one that is cancelled by then is let be."""
        self._waiting.append((future, result))
        if len(self._waiting) == 1:
            future.get_loop().call_soon(self._next)

    def _next(self) -> None:
        for _ in range(min(AT_A_TIME, len(self._waiting))):
            future, result = self._waiting.popleft()
            if not future.done():
                future.set_result(result)
        if self._waiting:
            self._waiting[0][0].get_loop().call_soon(self._next)


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchanged:
    """What came back, and the certificate's fingerprint (empty over plain HTTP)."""

    reply: Reply
    fingerprint: str


async def exchange(hop: Hop, request: bytes) -> Exchanged:
    """Send one request and read its answer. Raises PhoneError; leaves nothing open."""
    try:
        return await _exchange(hop, request)
    except PhoneError as error:
        if error.reason is Reason.TLS_FAILED and await _old_tls_would_do(hop):
            raise poll_error(Reason.TLS_TOO_OLD, hop.target.authority) from None
        raise


async def _exchange(hop: Hop, request: bytes) -> Exchanged:
    wire = Wire(hop, request)
    try:
        await _open(hop, wire)
        outcome = await wire.outcome
    finally:
        wire.close()
    if isinstance(outcome, PhoneError):
        raise outcome
    return Exchanged(reply=outcome, fingerprint=wire.fingerprint)


async def _open(hop: Hop, caller: Caller) -> None:
    target = hop.target
    transport = await connect(
        caller,
        target.address,
        target.port,
        wait=hop.timeouts.connect,
        deadline=hop.deadline,
        where=target.authority,
    )
    if target.scheme == "https":
        caller.secured(await _shake_hands(hop, caller, transport))


async def _shake_hands(hop: Hop, caller: Caller, plain: asyncio.Transport) -> asyncio.Transport:
    target, where = hop.target, hop.target.authority
    context = legacy_context() if target.legacy_tls else modern_context()
    loop = asyncio.get_running_loop()
    try:
        async with FairTimeout(min(loop.time() + hop.timeouts.read, hop.deadline)):
            transport = await loop.start_tls(plain, caller, context, server_hostname=target.address)
    except TimeoutError:
        raise poll_error(Reason.SILENT, where, "in the TLS handshake") from None
    except OSError as error:
        raise handshake_trouble(error, where, legacy=target.legacy_tls) from None
    if transport is None:
        raise poll_error(Reason.TLS_FAILED, where, "it broke the handshake off")
    return transport


async def _old_tls_would_do(hop: Hop) -> bool:
    """Whether a handshake with old TLS works where the modern one was broken off without a word.

    Nothing is sent over it.
    """
    if hop.target.legacy_tls:
        return False
    visitor = Caller(hop)
    try:
        await _open(replace(hop, target=replace(hop.target, legacy_tls=True)), visitor)
    except PhoneError:
        return False
    finally:
        visitor.close()
    return True


class PhoneTransport(httpx.AsyncBaseTransport):
    """Sends a GET request over a connection of its own.

    Raises PhoneError. The response's extensions tell whether its body is complete, and the
    certificate's fingerprint (empty over plain HTTP).
    """

    def __init__(self, hop: Hop) -> None:
        self._hop = hop

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and read its response."""
        lines = [b"GET ", request.url.raw_path, b" HTTP/1.1\r\n"]
        for name, value in request.headers.raw:
            lines += (name, b": ", value, b"\r\n")
        lines.append(b"\r\n")
        exchanged = await exchange(self._hop, b"".join(lines))
        reply = exchanged.reply
        return httpx.Response(
            reply.head.status,
            headers=[
                (name.encode(), value.encode("latin-1"))
                for name, value in reply.head.headers
                if name not in _OMITTED
            ],
            content=reply.body,
            extensions={COMPLETE: reply.complete, FINGERPRINT: exchanged.fingerprint},
        )
