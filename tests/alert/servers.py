"""Those who are told: a real SMTP server and a real receiver of webhooks, on loopback."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from aiosmtpd.smtp import Envelope, Session


@dataclass
class Webhook:
    """What came in, and with which status it is answered; not before `let_go` where `holds`."""

    port: int = 0
    status: int = 200
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)
    holds: bool = False
    let_go: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its Apprise URL; `geheim` in it must never be seen anywhere."""
        return f"json://user:geheim@127.0.0.1:{self.port}/geheimnis/path?-token=geheim2"

    @property
    def keys(self) -> list[str]:
        return [headers["X-Fleet-Alert"] for headers in self.headers]


class Server(ThreadingHTTPServer):
    """One whose callers may be killed."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: they are gone."""


@contextmanager
def webhook(status: int = 200) -> Iterator[Webhook]:
    """Answer POST requests in a thread of its own."""
    made = Webhook(status=status)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.bodies.append(json.loads(body))
            made.headers.append(dict(self.headers))
            made.came.set()
            if made.holds:
                made.let_go.wait(60)
            self.send_response(made.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = Server(("127.0.0.1", 0), Handler)
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield made
    finally:
        made.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class MailServer:
    """What mail came in. `refuses` is what it answers, if it takes none."""

    port: int = 0
    refuses: str = ""
    mails: list[EmailMessage] = field(default_factory=list)

    @property
    def url(self) -> str:
        return (
            f"mailto://127.0.0.1:{self.port}?from=fleet@example.com&to=you@example.com"
            f"&mode=insecure&smtp=127.0.0.1"
        )

    @property
    def keys(self) -> list[str]:
        return [mail["X-Fleet-Alert"] for mail in self.mails]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuses:
            return self.refuses
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Take mail in a thread of its own."""
    made, ready, stop = MailServer(), threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(made, loop=loop), "127.0.0.1", 0)
        made.port = server.sockets[0].getsockname()[1]
        loops.append(loop)
        ready.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    ready.wait(10)
    try:
        yield made
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join()
