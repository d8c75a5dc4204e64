"""How the simulator's SIP travels: UDP sockets, and TCP connections with messages of a length."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from fleet.simulator.sip.message import SipMessage, read

Address: TypeAlias = tuple[str, int]

_LENGTH = re.compile(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*([0-9]{1,6})[ \t]*\r?$")
_MOST = 256 * 1024
_KEPT = 4 * 1024 * 1024  # bytes; the system may give less


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """Where a message came from, and how to send something there."""

    address: Address
    transport: str  # UDP or TCP, as a Via says it
    send: Callable[[bytes], None] = field(repr=False)


Hear: TypeAlias = Callable[[SipMessage, Way], None]


class UdpSocket(asyncio.DatagramProtocol):
    """A bound UDP socket: every message that comes is heard."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Know the way out, and keep what comes while somebody else is heard."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        sock: socket.socket = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KEPT)

    @property
    def address(self) -> Address:
        """Where it is bound."""
        host, port = self._transport.get_extra_info("sockname")[:2]
        return host, port

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Hear a message; anything else is dropped."""
        if message := read(data):
            self._hear(message, self.way(addr))

    def way(self, address: Address) -> Way:
        """The way from this socket to an address."""
        host, port = address[:2]
        return Way(
            address=(host, port), transport="UDP", send=lambda data: self._send(data, (host, port))
        )

    def close(self) -> None:
        """Let go of the port."""
        self._transport.close()

    def _send(self, data: bytes, address: Address) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, address)


class TcpStream(asyncio.Protocol):
    """A TCP connection: messages one after the other, each of the length that it says."""

    def __init__(self, hear: Hear, everyone: set[TcpStream]) -> None:
        self._hear = hear
        self._open = everyone
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Know the other side."""
        self._transport = cast("asyncio.Transport", transport)
        host, port = transport.get_extra_info("peername")[:2]
        self.way = Way(address=(host, port), transport="TCP", send=self._send)
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        del exc
        self._open.discard(self)

    @property
    def local(self) -> Address:
        """Our own end."""
        host, port = self._transport.get_extra_info("sockname")[:2]
        return host, port

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        """Hear every whole message; the empty lines between are keep-alives."""
        self._buffer = (self._buffer + data).lstrip(b"\r\n")
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._buffer, 0, end + 2)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < whole:
                break
            piece, self._buffer = self._buffer[:whole], self._buffer[whole:].lstrip(b"\r\n")
            if message := read(piece):
                self._hear(message, self.way)
        if len(self._buffer) > _MOST:
            self._transport.abort()

    def abort(self) -> None:
        """Close now."""
        self._transport.abort()

    def _send(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)


async def open_udp(hear: Hear, address: str, port: int = 0) -> UdpSocket:
    """A UDP socket bound to an address; OSError where the port is taken."""
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_datagram_endpoint(
        lambda: UdpSocket(hear), local_addr=(address, port)
    )
    return socket


async def connect_tcp(
    hear: Hear, everyone: set[TcpStream], place: Address, *, source: str
) -> TcpStream:
    """A TCP connection from an address of ours to a place; OSError where nobody listens."""
    loop = asyncio.get_running_loop()
    _, stream = await loop.create_connection(
        lambda: TcpStream(hear, everyone), *place, local_addr=(source, 0)
    )
    return stream
