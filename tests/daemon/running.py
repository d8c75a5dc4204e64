"""A daemon that runs in the test's event loop, over a real database and real sockets."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from fleet.app import App
from fleet.daemon import Daemon, Services
from fleet.model import Incident, IncidentState, Notice, NoticeKind, Phone, Site, Step
from fleet.settings import settings_of
from fleet.store import Change
from fleet.systemd import Notifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from fleet.model import Flap, Sighting

MAC = "00:08:5D:00:00:01"
AGENT = "Aastra6753i MAC:00-08-5D-00-00-01 V:3.3.1.4365-SIP"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def opened(
    database_url: str,
    *,
    interval: float = 864_000,
    told: Sequence[str] = (),
    audit: Mapping[str, Any] | None = None,
    diagnose: bool = False,
    watchdog: Mapping[str, str] | None = None,
    **server: Any,
) -> App:
    """An app on a database; its planned sweeps take days unless an interval is given.

    `told` are the Apprise URLs of those who are alerted, `diagnose` whether alerts say why.
    """
    values = {
        "database": {"url": database_url},
        "server": {"port": free_port(), **server},
        "poll": {"read_timeout": 2, "interval": interval},
        "web_ui": {"password": "22222"},
        "alerts": {"urls": list(told), "group_wait": 0, "diagnose": diagnose},
        "audit": audit or {"at": ""},
        "watchdog": watchdog or {},
    }
    return App.open(settings_of(values))


def add(app: App, *phones: Phone, networks: Sequence[str] = ("127.0.0.0/8",)) -> None:
    site = Site(name="here", networks=tuple(networks))
    app.store.inventory.apply([site], [Change(id=None, phone=phone) for phone in phones])


def opens_at_once(standing: Sequence[Incident], flaps: Sequence[Flap], sighting: Sighting) -> Step:
    """A step that opens an incident for everything that is pushed."""
    if standing or not sighting.pushed:
        return Step()
    made = [
        Incident(
            phone_id=sighting.phone_id,
            rule=finding.rule,
            line=finding.line,
            severity=finding.severity,
            text=finding.text,
            check=finding.check,
            code=finding.code,
            state=IncidentState.OPEN,
            first_seen=sighting.at,
            opened=sighting.at,
            confirmed=False,
        )
        for held in sighting.verdicts.values()
        for finding in held
    ]
    told = [Notice(incident=each, kind=NoticeKind.OPENED, at=sighting.at) for each in made]
    return Step(incidents=tuple(made), notices=tuple(told))


@dataclass(kw_only=True)
class Running:
    """A daemon at work."""

    app: App
    stopping: asyncio.Event
    task: asyncio.Task[None]

    async def ask(self, path: str, agent: str = AGENT) -> str:
        """Ask its web server."""
        port = self.app.settings.server.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        headers = ("Host: 127.0.0.1", f"User-Agent: {agent}", "Connection: close")
        head = "\r\n".join([f"GET {path} HTTP/1.1", *headers, "", ""])
        writer.write(head.encode())
        try:
            return (await reader.read()).decode()
        finally:
            writer.close()


@asynccontextmanager
async def running(
    app: App, given: Services | None = None, **services: Any
) -> AsyncIterator[Running]:
    """Run a daemon, ready when this is entered; it is stopped at the end."""
    stopping = asyncio.Event()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        name = f"fleet-test-{uuid4()}"
        systemd.bind(f"\0{name}")
        systemd.setblocking(False)
        daemon = Daemon(app, given or Services(**services), Notifier(address=f"@{name}"))
        task = asyncio.create_task(daemon.run(stopping))
        try:
            heard = asyncio.create_task(asyncio.get_running_loop().sock_recv(systemd, 100))
            await asyncio.wait({heard, task}, return_when=asyncio.FIRST_COMPLETED)
            heard.cancel()
            yield Running(app=app, stopping=stopping, task=task)
        finally:
            stopping.set()
            await task


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so, which another thread or process brings about."""
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110  nobody tells us
            await asyncio.sleep(0.05)
