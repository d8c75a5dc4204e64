"""The ways of SIP messages: datagrams over UDP, a stream over TCP, the same within TLS.

A wire belongs to one question and hands what comes in to the one who listens. It keeps nothing,
hears only the address that was asked, and after too many messages it hears no more.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from abc import ABC, abstractmethod
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol, cast

from fleet.errors import PhoneError
from fleet.model import Reason
from fleet.phone.http.errors import clean
from fleet.phone.http.tcp import FairTimeout, connect
from fleet.phone.sip.framing import Framer
from fleet.phone.sip.message import NotSipError, Response, read_message
from fleet.phone.sip.peer import Transport
from fleet.phone.sip.silence import Silence, Unanswered
from fleet.phone.sip.trust import distrusted, name_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet.phone.sip.locate import Place
    from fleet.phone.sip.message import Request
    from fleet.phone.sip.peer import Peer, Timers
    from fleet.phone.sip.trust import Trust

MOST_MESSAGES = 1000
"""More than this, in answer to one question, is a flood."""

_SILENCES = {
    Reason.NAME_NOT_FOUND: Silence.NAME_NOT_FOUND,
    Reason.NO_ANSWER: Silence.NO_ANSWER,
    Reason.CONNECTION_REFUSED: Silence.CONNECTION_REFUSED,
    Reason.NO_REPLY: Silence.CLOSED,
    Reason.INTERNAL_ERROR: Silence.NO_RESOURCES,
}
_OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Listener(Protocol):
    """Who waits for a response."""

    def hear(self, response: Response) -> None:
        """Take a response, which may be anybody's."""

    def give_up(self, silence: Silence) -> None:
        """Take it that no more will come."""


class Wire(ABC):
    """A way to one peer. `local` is our own address and port on it."""

    transport: Transport

    def __init__(self) -> None:
        self.local = ("", 0)
        self._listener: Listener | None = None
        self._silence: Silence | None = None
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
            self._break(Silence.FLOODED)
        elif self._listener is not None and isinstance(message, Response):
            self._listener.hear(message)

    def _break(self, silence: Silence) -> None:
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
            self._break(Silence.GARBLED)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Take it that nothing more will come (asyncio's callback)."""
        self._break(Silence.CLOSED)

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
        raise Unanswered(_SILENCES.get(error.reason, Silence.NO_ROUTE)) from None


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
        raise Unanswered(Silence.TLS_FAILED, "it said nothing in the handshake") from None
    except ssl.SSLCertVerificationError as error:
        raise distrusted(error) from None
    except OSError as error:
        raise Unanswered(Silence.TLS_FAILED, clean(getattr(error, "reason", None) or "")) from None
    if transport is None:
        raise Unanswered(Silence.TLS_FAILED, "it broke the handshake off")
    trust.check(peer, transport.get_extra_info("ssl_object"))
    return transport


async def _bind(wire: UdpWire, place: Place) -> None:
    loop = asyncio.get_running_loop()
    try:
        await loop.create_datagram_endpoint(lambda: wire, remote_addr=(place.address, place.port))
    except OSError as error:
        raise Unanswered(_silence_of(error)) from None


def _silence_of(error: Exception) -> Silence:
    if isinstance(error, ConnectionRefusedError):
        return Silence.CONNECTION_REFUSED
    lacking = isinstance(error, OSError) and error.errno in _OUT_OF_RESOURCES
    return Silence.NO_RESOURCES if lacking else Silence.NO_ROUTE


def _name_of(transport: asyncio.BaseTransport) -> tuple[str, int]:
    name = transport.get_extra_info("sockname")
    return str(name[0]), int(name[1])
