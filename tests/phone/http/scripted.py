"""A server that says, byte for byte and pause for pause, what a test tells it to."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.model import Credentials
from fleet.phone.http.client import PhoneClient
from fleet.phone.http.target import Target, Timeouts

if TYPE_CHECKING:
    from ssl import SSLContext


@dataclass(frozen=True)
class Pause:
    seconds: float


@dataclass(frozen=True)
class Again:
    """The same piece over and over, until the other side has enough."""

    piece: bytes
    pause: float = 0.0


@dataclass(frozen=True)
class Rendezvous:
    """Go on when others have come as far."""

    barrier: asyncio.Barrier


class End:
    """What a connection ends with; a script without one ends with `close`."""

    HANG = "hang"
    RESET = "reset"


Step = bytes | Pause | Again | Rendezvous | str
Script = Sequence[Step]

QUICK = Timeouts(connect=0.5, read=0.3, total=0.9)
LOGIN = Credentials(username="admin", password="22222")
PAGE = b"<html><body><table><tr><td>SIP Status</td></tr></table></body></html>"


def http(body: bytes = PAGE, *headers: str, status: str = "200 OK", sized: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Server: Aragorn", *headers]
    if sized:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def challenge(realm: str = "Aastra 6753i", scheme: str = "Basic") -> bytes:
    header = f'WWW-Authenticate: {scheme} realm="{realm}"'
    return http(b"Authorization failed", header, "Connection: close", status="401 Unauthorized")


@dataclass
class Server:
    """A running server and what it was asked."""

    port: int
    address: str = "127.0.0.1"
    asked: list[bytes] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def host(self) -> str:
        return f"{self.address}:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [request.split(b" ")[1].decode() for request in self.asked]

    def target(self, **changes: object) -> Target:
        said = {"credentials": LOGIN, **changes}
        return Target.parse(self.host, **said)  # type: ignore[arg-type]


@asynccontextmanager
async def served(
    *scripts: Script | Callable[[Server], Script],
    tls: SSLContext | None = None,
    speak_first: bool = False,
    address: str = "127.0.0.1",
) -> AsyncIterator[Server]:
    """Each connection gets the next script; the last one goes on for all that follow."""
    server: Server
    tasks: set[asyncio.Task[None]] = set()
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        script = scripts[min(count, len(scripts) - 1)]
        count += 1
        server.open_now += 1
        server.most_open = max(server.most_open, server.open_now)
        try:
            if not speak_first:
                server.asked.append(await reader.readuntil(b"\r\n\r\n"))
                server.begun.set()
            await _play(script(server) if callable(script) else script, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            server.open_now -= 1
            server.ended.set()
            tasks.discard(task)
            writer.transport.abort()

    listener = await asyncio.start_server(serve, address, 0, ssl=tls)
    server = Server(port=listener.sockets[0].getsockname()[1], address=address)
    try:
        yield server
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _play(script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for step in script:
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
        elif isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
        elif isinstance(step, Rendezvous):
            await step.barrier.wait()
        elif isinstance(step, Again):
            while True:
                writer.write(step.piece)
                await writer.drain()
                await asyncio.sleep(step.pause)
        elif step == End.HANG:
            await reader.read()
        else:
            _reset(writer)
    await _goodbye(reader, writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _goodbye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if not writer.transport.is_closing():
        writer.close()
        await writer.wait_closed()


def quick_client(**changes: object) -> PhoneClient:
    said = {"timeouts": QUICK, "retry_pause": 0.01, **changes}
    return PhoneClient(**said)  # type: ignore[arg-type]
