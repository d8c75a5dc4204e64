"""One request and its answer over a connection of its own: written at once, read to the end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from fleet.errors import PhoneError
from fleet.model import Reason
from fleet.phone.answer_reader import AnswerReader, Patience, Reply
from fleet.phone.connect import open_socket
from fleet.phone.tls import check_certificate, handshake_trouble, legacy_context, modern_context
from fleet.phone.trouble import trouble

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchanged:
    """What came back, and the certificate's fingerprint (empty over plain HTTP)."""

    reply: Reply
    fingerprint: str


async def exchange(hop: Hop, request: bytes) -> Exchanged:
    """Send one request and read its answer. Raises PhoneError; leaves nothing open."""
    target, timeouts = hop.target, hop.timeouts
    where = target.authority
    sock = await open_socket(
        target.address, target.port, wait=timeouts.connect, deadline=hop.deadline, where=where
    )
    wire = _Wire(hop, request)
    try:
        if target.scheme == "https":
            await _shake_hands(hop, wire, sock)
        else:
            await asyncio.get_running_loop().create_connection(lambda: wire, sock=sock)
        outcome = await wire.outcome
    except OSError as error:  # the connection went before it could be taken over
        raise trouble(Reason.NO_REPLY, where) from error
    finally:
        wire.close(sock)
    if isinstance(outcome, PhoneError):
        raise outcome
    return Exchanged(reply=outcome, fingerprint=wire.fingerprint)


async def _shake_hands(hop: Hop, wire: _Wire, sock: socket.socket) -> None:
    target, where = hop.target, hop.target.authority
    context = legacy_context() if target.legacy_tls else modern_context()
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout_at(min(loop.time() + hop.timeouts.read, hop.deadline)):
            await loop.create_connection(
                lambda: wire, sock=sock, ssl=context, server_hostname=target.address
            )
    except TimeoutError:
        raise trouble(Reason.SILENT, where, "in the TLS handshake") from None
    except OSError as error:
        raise handshake_trouble(error, where, legacy=target.legacy_tls) from None


class _Wire(asyncio.Protocol):
    """The connection's end on our side. `outcome` becomes the reply, or what is wrong with it."""

    __slots__ = ("_heard", "_hop", "_loop", "_reader", "_request", "_timer", "_transport",
                 "fingerprint", "outcome")  # fmt: skip

    def __init__(self, hop: Hop, request: bytes) -> None:
        self._hop = hop
        self._request = request
        self._reader = AnswerReader(max_body=hop.max_body, where=hop.target.authority)
        self._loop = asyncio.get_running_loop()
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.fingerprint = ""
        self.outcome: asyncio.Future[Reply | PhoneError] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
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
        self._transport.write(self._request)
        self._heard = self._loop.time()
        self._watch()

    def data_received(self, data: bytes) -> None:
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
        self._conclude(lambda: self._reader.end(broken=False))

    def connection_lost(self, exc: Exception | None) -> None:
        self._conclude(lambda: self._reader.end(broken=exc is not None))

    def close(self, sock: socket.socket) -> None:
        """Close the connection at once, whatever state it is in."""
        self.outcome.cancel()
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()
        else:
            sock.close()

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
