"""Whom SIP messages go to, and how: over UDP, over TCP, over TLS with a peer that is trusted.

A wire belongs to one question and hands what comes in to the one who listens. It keeps nothing,
hears only the address that was asked, and after too many messages it hears no more.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from abc import ABC, abstractmethod
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Protocol, cast

from fleet.errors import PhoneError
from fleet.model import Reason
from fleet.phone.http.errors import clean
from fleet.phone.http.target import checked_address
from fleet.phone.http.tcp import FairTimeout, connect
from fleet.phone.http.tls import fingerprint_of, legacy_context, modern_context
from fleet.phone.sip.message import Framer, NotSipError, Response, authority, read_message
from fleet.phone.sip.no_answer import NoAnswer, Unanswered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from fleet.phone.sip.locate import Place
    from fleet.phone.sip.message import Request

MOST_MESSAGES = 1000
"""More than this, in answer to one question, is a flood."""

_NO_ANSWERS = {
    Reason.NAME_NOT_FOUND: NoAnswer.NAME_NOT_FOUND,
    Reason.NO_ANSWER: NoAnswer.NO_ANSWER,
    Reason.CONNECTION_REFUSED: NoAnswer.CONNECTION_REFUSED,
    Reason.NO_REPLY: NoAnswer.CLOSED,
    Reason.INTERNAL_ERROR: NoAnswer.NO_RESOURCES,
}
_OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Transport(StrEnum):
    """How SIP is carried."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"

    @property
    def default_port(self) -> int:
        """Where a peer listens that says nothing else (RFC 3261, 19.1.2)."""
        return 5061 if self is Transport.TLS else 5060


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """A phone, a registrar or a proxy. `port` 0 or None: whatever the phone itself would use.

    That is 5060 (over TLS 5061) at an address; at a name what DNS SRV says, else the same
    (facts/provisioning 1.3). `any_certificate`: over TLS whoever answers is taken, as phones show
    self-signed ones; such a peer is never given a login.
    Raises ValueError where the host or the port cannot be meant.
    """

    host: str
    port: int | None = None
    transport: Transport = Transport.UDP
    any_certificate: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", checked_address(self.host.strip().strip("[]")))
        if self.port == 0:
            object.__setattr__(self, "port", None)
        if self.port is not None and not 0 < self.port < 65536:
            raise ValueError(f"The SIP port {self.port} is not a number from 1 to 65535")

    @property
    def may_be_anybody(self) -> bool:
        """Whether TLS was asked for, but not to know who answers."""
        return self.any_certificate and self.transport is Transport.TLS

    def __str__(self) -> str:
        return authority(self.host, self.port)


@dataclass(frozen=True, kw_only=True, slots=True)
class Timers:
    """RFC 3261's timers, in seconds (17.1.2 and table 4), and how long a connection may take.

    `patience` takes the place of timer F where somebody cannot wait for so long.
    """

    t1: float = 0.5
    t2: float = 4.0
    connect: float = 5.0
    patience: float | None = None

    @property
    def give_up(self) -> float:
        """Timer F: how long to wait for the answer to one request."""
        return 64 * self.t1 if self.patience is None else self.patience

    @property
    def total(self) -> float:
        """How long one question may take in all, whatever number of servers a name has.

        It is enough for the first of them to ask for a login and to be slow with both answers.
        """
        return 2 * (self.connect + self.give_up)

    def pause(self, before: float, *, proceeding: bool) -> float:
        """Timer E: how long until the request is sent again; `before` is the last pause, first 0.

        `proceeding`: a provisional response has come.
        """
        if not before:
            return self.t1
        return self.t2 if proceeding else min(2 * before, self.t2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """A registrar is believed whose certificate bears its name and is signed by a known authority.

    The authorities are those of the PEM file `ca_file`, or else the system's. `pins` names hosts of
    which exactly one certificate is believed, whoever signed it, by its SHA-256 (64 lower-case
    hex digits). Raises ValueError where the CA file cannot be used.
    """

    ca_file: str = ""
    pins: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.ca_file:
            try:
                _verifying(self.ca_file)
            except ssl.SSLError:
                raise ValueError(f"The file {self.ca_file} holds no certificate") from None
            except OSError as error:
                message = f"The file {self.ca_file} cannot be read: {error.strerror}"
                raise ValueError(message) from None

    def context(self, peer: Peer) -> ssl.SSLContext:
        """How to shake hands with a peer."""
        if peer.may_be_anybody:
            return legacy_context()  # phones speak TLS 1.0 (facts/provisioning 1.3)
        return modern_context() if self._pin(peer) else _verifying(self.ca_file)

    def check(self, peer: Peer, connection: ssl.SSLObject) -> None:
        """Look at the certificate of a pinned host. Raises Unanswered, then nothing was sent."""
        pin = self._pin(peer)
        shown = connection.getpeercert(binary_form=True)
        if pin and not peer.may_be_anybody and (not shown or fingerprint_of(shown) != pin):
            seen = fingerprint_of(shown) if shown else "none"
            raise Unanswered(NoAnswer.UNTRUSTED, f"SHA-256 is {seen}, pinned is {pin}")

    def _pin(self, peer: Peer) -> str:
        return self.pins.get(name_of(peer), "")


def name_of(peer: Peer) -> str:
    """The name that a certificate has to bear: what was asked for, not what DNS led to (RFC 5922).

    An attacker who can forge DNS would name a server of his own.
    """
    return peer.host.removesuffix(".").lower()


def distrusted(error: ssl.SSLCertVerificationError) -> Unanswered:
    """What a certificate means that did not hold."""
    return Unanswered(NoAnswer.UNTRUSTED, clean(error.verify_message))


@cache
def _verifying(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Listener(Protocol):
    """Who waits for a response."""

    def hear(self, response: Response) -> None:
        """Take a response, which may be anybody's."""

    def give_up(self, silence: NoAnswer) -> None:
        """Take it that no more will come."""


class Wire(ABC):
    """A way to one peer. `local` is our own address and port on it."""

    transport: Transport

    def __init__(self) -> None:
        self.local = ("", 0)
        self._listener: Listener | None = None
        self._silence: NoAnswer | None = None
        self._heard = 0

    @property
    def reliable(self) -> bool:
        """Whether what is sent arrives, or else the wire breaks."""
        return self.transport is not Transport.UDP

    def listen(self, listener: Listener) -> None:
        """Hand what comes from now on to `listener`, whoever had it before."""
        self._listener = listener
        if self._silence is not None:
            listener.give_up(self._silence)

    @abstractmethod
    def send(self, data: bytes) -> None:
        """Send one message, in one piece."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it at once."""

    def _take(self, message: Request | Response | None) -> None:
        """Hand a message on; None, and requests, only count."""
        self._heard += 1
        if self._heard > MOST_MESSAGES:
            self._break(NoAnswer.FLOODED)
        elif self._listener is not None and isinstance(message, Response):
            self._listener.hear(message)

    def _break(self, silence: NoAnswer) -> None:
        if self._silence is None:
            self._silence = silence
            self.close()
            if self._listener is not None:
                self._listener.give_up(silence)


class UdpWire(Wire, asyncio.DatagramProtocol):
    """A connected UDP socket: the kernel lets nobody in but the peer."""

    transport = Transport.UDP

    def __init__(self) -> None:
        super().__init__()
        self._socket: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to send (asyncio's callback)."""
        self._socket = cast("asyncio.DatagramTransport", transport)
        self.local = _name_of(transport)

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002
        """Take what came (asyncio's callback)."""
        if self._silence is not None:
            return
        try:
            message = read_message(data)
        except NotSipError:
            self._take(None)
        else:
            self._take(message)

    def error_received(self, exc: Exception) -> None:
        """Take the word of the network for it that nobody is there (asyncio's callback)."""
        self._break(_silence_of(exc))

    def send(self, data: bytes) -> None:
        """Send one message, in one datagram."""
        if self._socket is not None and self._silence is None:
            self._socket.sendto(data)

    def close(self) -> None:
        """Let go of it at once."""
        if self._socket is not None:
            self._socket.abort()


class TcpWire(Wire, asyncio.Protocol):
    """A TCP connection of our own."""

    transport = Transport.TCP

    def __init__(self) -> None:
        super().__init__()
        self._framer = Framer()
        self._stream: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write (asyncio's callback)."""
        self._stream = cast("asyncio.Transport", transport)
        self.local = _name_of(transport)

    def data_received(self, data: bytes) -> None:
        """Take a piece of the stream (asyncio's callback)."""
        if self._silence is not None:
            return
        try:
            for message in self._framer.feed(data):
                self._take(message)
                if self._silence is not None:
                    return
        except NotSipError:
            self._break(NoAnswer.GARBLED)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Take it that nothing more will come (asyncio's callback)."""
        self._break(NoAnswer.CLOSED)

    def send(self, data: bytes) -> None:
        """Send one message, in one write."""
        if self._stream is not None and self._silence is None:
            self._stream.write(data)

    def close(self) -> None:
        """Let go of it at once."""
        if self._stream is not None:
            self._stream.abort()


class TlsWire(TcpWire):
    """A TCP connection of our own with TLS in it; says and hears nothing before that is there."""

    transport = Transport.TLS

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to close (asyncio's callback); the first bytes are the handshake's."""
        super().connection_made(transport)
        cast("asyncio.Transport", transport).pause_reading()

    def secured(self, transport: asyncio.Transport) -> None:
        """Go on over TLS."""
        self._stream = transport


_STREAMS = {Transport.TCP: TcpWire, Transport.TLS: TlsWire}


@asynccontextmanager
async def opened(place: Place, peer: Peer, timers: Timers, trust: Trust) -> AsyncIterator[Wire]:
    """A wire to a place of a peer for as long as it is needed. Raises Unanswered."""
    wire = _STREAMS[peer.transport]() if peer.transport in _STREAMS else UdpWire()
    try:
        if isinstance(wire, UdpWire):
            await _bind(wire, place)
        else:
            plain = await _connect(wire, place, timers.connect)
            if isinstance(wire, TlsWire):
                wire.secured(await _shake_hands(wire, plain, peer, timers.connect, trust))
        yield wire
    finally:
        wire.close()


async def _connect(wire: TcpWire, place: Place, wait: float) -> asyncio.Transport:
    deadline = asyncio.get_running_loop().time() + wait
    try:
        return await connect(
            wire, place.address, place.port, wait=wait, deadline=deadline, where=place.address
        )
    except PhoneError as error:
        raise Unanswered(_NO_ANSWERS.get(error.reason, NoAnswer.NO_ROUTE)) from None


async def _shake_hands(
    wire: TlsWire, plain: asyncio.Transport, peer: Peer, wait: float, trust: Trust
) -> asyncio.Transport:
    """TLS over a connection, with a peer that is believed. Raises Unanswered."""
    loop = asyncio.get_running_loop()
    context, name = trust.context(peer), name_of(peer)
    try:
        async with FairTimeout(loop.time() + wait):
            transport = await loop.start_tls(plain, wire, context, server_hostname=name)
    except TimeoutError:
        raise Unanswered(NoAnswer.TLS_FAILED, "it said nothing in the handshake") from None
    except ssl.SSLCertVerificationError as error:
        raise distrusted(error) from None
    except OSError as error:
        raise Unanswered(NoAnswer.TLS_FAILED, clean(getattr(error, "reason", None) or "")) from None
    if transport is None:
        raise Unanswered(NoAnswer.TLS_FAILED, "it broke the handshake off")
    trust.check(peer, transport.get_extra_info("ssl_object"))
    return transport


async def _bind(wire: UdpWire, place: Place) -> None:
    loop = asyncio.get_running_loop()
    try:
        await loop.create_datagram_endpoint(lambda: wire, remote_addr=(place.address, place.port))
    except OSError as error:
        raise Unanswered(_silence_of(error)) from None


def _silence_of(error: Exception) -> NoAnswer:
    if isinstance(error, ConnectionRefusedError):
        return NoAnswer.CONNECTION_REFUSED
    lacking = isinstance(error, OSError) and error.errno in _OUT_OF_RESOURCES
    return NoAnswer.NO_RESOURCES if lacking else NoAnswer.NO_ROUTE


def _name_of(transport: asyncio.BaseTransport) -> tuple[str, int]:
    name = transport.get_extra_info("sockname")
    return str(name[0]), int(name[1])
