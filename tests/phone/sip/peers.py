"""SIP peers that do, byte for byte, what a test tells them to.

They share nothing with the code under test: what they read they pick apart with regular
expressions, and what they say is written out by hand.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.model import Credentials
from fleet.phone.sip.ask import SipClient
from fleet.phone.sip.transport import Peer, Timers, Transport

if TYPE_CHECKING:
    import ssl

LOGIN = Credentials(username="1001", password="s3cret")
PATIENT = Timers()
HASTY = Timers(t1=0.01, t2=0.08, connect=0.5)
CHALLENGE = 'Digest realm="pbx", nonce="a1b2c3", algorithm=MD5, qop="auth"'
_COPIED = ("via", "from", "to", "call-id", "cseq")


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode()

    @property
    def method(self) -> str:
        return self.text.split(" ", 1)[0]

    @property
    def uri(self) -> str:
        return self.text.split(" ", 2)[1]

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def names(self) -> list[str]:
        head = self.text.partition("\r\n\r\n")[0]
        return [line.partition(":")[0] for line in head.split("\r\n")[1:]]

    def header(self, name: str) -> str:
        found = re.search(rf"(?im)^{name}: (.*)\r$", self.text)
        return found[1] if found else ""


@dataclass(frozen=True)
class FromElsewhere:
    """A datagram that is sent from another port."""

    data: bytes


@dataclass(frozen=True)
class Flood:
    """The same piece over and over; over TCP with a pause between, if there is one."""

    data: bytes
    pause: float = 0.0


class Hang:
    """Say nothing more, and keep the connection."""


class End:
    """Close the connection."""


Piece = bytes | FromElsewhere | Flood | type[Hang] | type[End]
Behaviour = Callable[[Asked, int], Iterable[Piece]]
"""What to send for a request; the number counts the requests, from 1."""


def reply(asked: Asked, status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"SIP/2.0 {status}"]
    for line in asked.text.partition("\r\n\r\n")[0].split("\r\n"):
        name = line.partition(":")[0].lower()
        if name in _COPIED:
            tagged = name == "to" and not status.startswith("100")
            lines.append(line + ";tag=peer" if tagged else line)
    lines += [*headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def says(status: str, *headers: str) -> Behaviour:
    return lambda asked, _: [reply(asked, status, *headers)]


def silent(_: Asked, __: int) -> Iterable[Piece]:
    return [Hang]


def challenges(
    *,
    then: str = "200 OK",
    otherwise: str = "",
    status: int = 401,
    challenge: str = CHALLENGE,
    login: Credentials = LOGIN,
    headers: tuple[str, ...] = (),
) -> Behaviour:
    """Ask for a login, take only the right one; `otherwise` is said to a wrong one."""
    asks, answers = {
        401: ("WWW-Authenticate", "Authorization"),
        407: ("Proxy-Authenticate", "Proxy-Authorization"),
    }[status]
    refusal = {401: "401 Unauthorized", 407: "407 Proxy Authentication Required"}[status]

    def behave(asked: Asked, _: int) -> Iterable[Piece]:
        given = asked.header(answers)
        if given and is_right(asked.method, given, login):
            return [reply(asked, then, *headers)]
        if given and otherwise:
            return [reply(asked, otherwise)]
        return [reply(asked, refusal, f"{asks}: {challenge}")]

    return behave


def is_right(method: str, given: str, login: Credentials) -> bool:
    """Whether a Digest answer is what RFC 2617 says, worked out anew."""
    said = {name: quoted or word for name, quoted, word in _SAID.findall(given)}
    kind = {"": "md5", "MD5": "md5", "SHA-256": "sha256"}[said.get("algorithm", "")]

    def h(text: str) -> str:
        return hashlib.new(kind, text.encode()).hexdigest()

    first = h(f"{login.username}:{said['realm']}:{login.password}")
    second = h(f"{method}:{said['uri']}")
    middle = f"{said['nc']}:{said['cnonce']}:{said['qop']}:" if "qop" in said else ""
    right = h(f"{first}:{said['nonce']}:{middle}{second}")
    return said["username"] == login.username and said["response"] == right


_SAID = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


@dataclass
class Running:
    """A running peer, and what it was asked."""

    port: int
    transport: Transport
    asked: list[Asked] = field(default_factory=list)

    @property
    def peer(self) -> Peer:
        return Peer(host="127.0.0.1", port=self.port, transport=self.transport)


@asynccontextmanager
async def udp_peer(behaviour: Behaviour) -> AsyncIterator[Running]:
    loop = asyncio.get_running_loop()
    running: Running
    elsewhere, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )

    class Protocol(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport: asyncio.DatagramTransport = transport  # type: ignore[assignment]

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            asked = Asked(data)
            running.asked.append(asked)
            for piece in behaviour(asked, len(running.asked)):
                if isinstance(piece, FromElsewhere):
                    elsewhere.sendto(piece.data, addr)
                elif isinstance(piece, Flood):
                    self.flood(piece.data, addr)
                elif isinstance(piece, bytes):
                    self.transport.sendto(piece, addr)

        def flood(self, data: bytes, addr: tuple[str, int]) -> None:
            if not self.transport.is_closing():
                self.transport.sendto(data, addr)
                loop.call_soon(self.flood, data, addr)

    transport, _ = await loop.create_datagram_endpoint(Protocol, local_addr=("127.0.0.1", 0))
    running = Running(port=transport.get_extra_info("sockname")[1], transport=Transport.UDP)
    try:
        yield running
    finally:
        transport.abort()
        elsewhere.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def tcp_peer(
    behaviour: Behaviour, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Running]:
    running: Running
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?im)^Content-Length: (\d+)\r$", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                running.asked.append(Asked(head + body))
                if await _play(behaviour(running.asked[-1], len(running.asked)), reader, writer):
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    transport = Transport.TLS if tls else Transport.TCP
    running = Running(port=listener.sockets[0].getsockname()[1], transport=transport)
    try:
        yield running
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


async def _play(
    pieces: Iterable[Piece], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """Whether the connection is to be closed now."""
    for piece in pieces:
        if isinstance(piece, bytes):
            writer.write(piece)
            await writer.drain()
        elif isinstance(piece, Flood):
            while True:
                writer.write(piece.data)
                await writer.drain()
                await asyncio.sleep(piece.pause)
        elif piece is Hang:
            await reader.read()
        else:
            return True
    return False


@asynccontextmanager
async def tls_before(port: int, tls: ssl.SSLContext) -> AsyncIterator[int]:
    """Listen for TLS before a peer of the loopback that listens for TCP; give the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.transport.abort()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            inner_writer.transport.abort()
            writer.transport.abort()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


PEERS = {"udp": udp_peer, "tcp": tcp_peer}


def a_client(timers: Timers = PATIENT) -> SipClient:
    return SipClient(timers=timers)
