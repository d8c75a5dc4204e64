"""A real server on a real socket, and what clients of all kinds say to it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import TYPE_CHECKING

from fleet.push import Caller
from fleet.web import Authenticator, Figures, Health, Pages, Place, PushQueue, listen, server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from fleet.http_server import RequestLimits
    from fleet.model import Credentials
    from fleet.web import PushResult

MAC = "00:08:5D:12:64:11"
AGENT = "Aastra6753i MAC:00-08-5D-12-64-11 V:3.3.1.4365-SIP"
START = datetime(2026, 3, 2, 7, tzinfo=UTC)


def caller(phone_id: int = 1, *networks: str) -> Caller:
    found = networks or ("127.0.0.0/8",)
    return Caller(phone_id=phone_id, networks=tuple(map(ip_network, found)))


@dataclass(kw_only=True)
class Served:
    """A server that runs: its port, its queue of pushes, and their results."""

    port: int
    push_queue: PushQueue
    told: list[PushResult] = field(default_factory=list)
    health: Health = field(default_factory=lambda: Health(started=START))
    figures: Figures = field(default_factory=lambda: Figures(up=True))

    async def ask(
        self, path: str, agent: str = AGENT, host: str = "127.0.0.1", **headers: str
    ) -> bytes:
        """Ask once on a connection of its own; give the whole answer."""
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {host}",
            f"User-Agent: {agent}",
            "Connection: close",
        ]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return await self.say("\r\n".join(lines).encode() + b"\r\n\r\n")

    async def say(self, *parts: bytes) -> bytes:
        """Send bytes as they are; give what comes until the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    callers: dict[str, Caller] | None = None,
    proxies: Sequence[str] = (),
    limits: RequestLimits | None = None,
    login: Credentials | None = None,
) -> AsyncIterator[Served]:
    """Serve pages on loopback; stopped at the end."""
    place = Place(host="127.0.0.1", port=0, proxies=proxies)
    socket = listen(place)
    served = Served(port=socket.getsockname()[1], push_queue=PushQueue())
    served.push_queue.allow(callers if callers is not None else {MAC: caller()})

    async def health() -> Health:
        return served.health

    async def figures() -> Figures:
        return served.figures

    pages = Pages(
        push_queue=served.push_queue,
        clock=lambda: START,
        on_push=served.told.append,
        health=health,
        figures=figures,
        authenticator=Authenticator(login),
        host_names={"localhost", "fleet.example.com"},
    )
    running = server(pages.application(), place, limits)
    task = asyncio.create_task(running.serve(sockets=[socket]))
    try:
        yield served
    finally:
        running.should_exit = True
        await task
