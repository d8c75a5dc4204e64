"""A phone, a registrar, a fetcher and a pusher send every secret back; none is kept or shown."""

from __future__ import annotations

import asyncio
import base64
import html
import logging
import socketserver
import sqlite3
import threading
import zipfile
import zlib
from contextlib import closing, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import quote

from fleet.clock import now
from fleet.model import Credentials, IntendedAccount, Phone, Site
from fleet.provision.serve import listeners
from fleet.push import Push, PushEvent, PushIngest, PushState
from fleet.settings import settings_of
from fleet.store import Change, Keyring, Store
from tests.cli.conftest import fleet
from tests.phone.pages.hostile import TABLE
from tests.provision.serve.served import phone as fetching
from tests.web.dashboard.fleet import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx
    import pytest

    from tests.cli.conftest import Fleet

__all__ = ["fleet"]

SECRETS = {
    "own": "own&Pass<9",
    "site": "site+Pass/8",
    "settings": "settings&Pass7",
    "path": "path-Secret-6.of~them",
    "sip": "sip~Pass%5",
    "fetch": "fetchLogin4",
}
MAC = "00:08:5D:12:64:11"


def spellings(secret: str) -> list[str]:
    login = base64.b64encode(f"admin:{secret}".encode()).decode()
    return list(dict.fromkeys([secret, quote(secret, safe=""), html.escape(secret), login]))


SPELLINGS = [text for secret in SECRETS.values() for text in spellings(secret)]
ECHO = " ".join(SPELLINGS)


class HostilePhone(BaseHTTPRequestHandler):
    """It asks for a login once, and shows every secret in every field."""

    server_version, sys_version = f"Aragorn {ECHO}", ""

    def do_GET(self) -> None:
        rows = "".join(
            f"<tr><td>{number}</td><td>{text}@pbx.example:5060</td><td>{text}</td><td>No</td></tr>"
            for number, text in enumerate(SPELLINGS, 2)
        )
        facts = "".join(
            f"<tr><td>{name}</td><td>{ECHO}</td></tr>"
            for name in ("Platform", "Firmware Version", "Boot Version", "Phone Model")
        )
        table = TABLE.replace("</table>", f"{rows}</table>")
        body = f"<html><body><p>{ECHO}</p><table>{facts}</table>{table}</body></html>".encode()
        logged_in = "Authorization" in self.headers
        self.send_response(200 if logged_in else 401, f"Because {ECHO}")
        if not logged_in:
            self.send_header("WWW-Authenticate", f'Basic realm="Aastra 6753i{self._more()}"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _more(self) -> str:
        return ""

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class HostileRealm(HostilePhone):
    """Its realm shows the secrets as well."""

    def _more(self) -> str:
        return f" {ECHO}"


class HostileRegistrar(socketserver.BaseRequestHandler):
    """It refuses every request with the secrets."""

    def handle(self) -> None:
        data, socket = self.request
        copied = [
            line
            for line in data.decode(errors="replace").split("\r\n")
            if line.partition(":")[0].lower() in ("via", "from", "to", "call-id", "cseq")
        ]
        head = [f"SIP/2.0 403 No {ECHO}", *copied, f"User-Agent: PBX {ECHO}", f"Server: {ECHO}"]
        text = "\r\n".join([*head, "Content-Length: 0", "", ""])
        socket.sendto(text.encode(), self.client_address)


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def found_in(content: bytes) -> set[str]:
    text = content.decode(errors="replace")
    return {name for name, secret in SECRETS.items() if any(s in text for s in spellings(secret))}


def database(path: Path) -> bytes:
    """Every value of every table; pages as they are before they were compressed."""
    parts = []
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            for row in connection.execute(f'SELECT * FROM "{name}"'):
                for value in row:
                    if isinstance(value, bytes):
                        try:
                            parts.append(zlib.decompress(value))
                        except zlib.error:
                            parts.append(value)
                    else:
                        parts.append(str(value).encode())
    return b"\n".join(parts)


def fill(store: Store, phones: list[int], registrar: int) -> int:
    account = IntendedAccount(
        line=1,
        user="1001",
        sip_password=SECRETS["sip"],
        registrar="127.0.0.1",
        registrar_port=registrar,
    )
    site = Site(name="here", networks=("127.0.0.0/8",), password=SECRETS["site"])
    changes = [
        Change(
            id=None,
            phone=Phone(
                host=f"127.0.0.1:{port}",
                mac=f"{MAC[:-1]}{number}",
                model="6753i",
                site="here",
                password=SECRETS["own"],
                accounts=(account,),
            ),
        )
        for number, port in enumerate(phones, 1)
    ]
    store.inventory.apply([site], changes)
    login = Credentials(username="phone", password=SECRETS["fetch"])
    store.fetch_logins.set_many(
        {each.id: login for each in store.phones.load()}, now(), keep_previous=False
    )
    return store.phones.find(MAC)


async def fetch_and_push(store: Store, folder: Path, phone_id: int) -> None:
    agent = "Aastra53i MAC:00-08-5D-12-64-11 V:3.3.1.4365-SIP"
    settings = settings_of(
        {
            "web_ui": {"password": SECRETS["settings"]},
            "provisioning": {"port": 0, "path_secret": SECRETS["path"]},
        },
        folder=folder,
    )
    opened = partial(Store.open, store.place, keyring=store.keyring)
    async with listeners(settings, store, open_store=opened, clock=now) as service:
        for text in SPELLINGS:
            for path in (f"/{quote(text, safe='')}", "/00085D126411.cfg", "/aastra.cfg"):
                async with fetching(service, agent=f"{agent} {text}") as client:
                    await client.get(path)
    ingest = PushIngest(store, {}, None, known_secrets=[SECRETS["path"], SECRETS["settings"]])
    for text in SPELLINGS:
        push = Push(
            at=now(),
            mac=MAC,
            event=PushEvent.REGISTRATION,
            state=PushState.REGISTERED,
            user=text,
        )
        ingest.take([(phone_id, push)])


async def shown_pages(store: Store, phone_ids: list[int]) -> dict[str, bytes]:
    paths = ["/", "/api/lines", "/api/phones", "/metrics"]
    paths += [f"/phones/{number}" for number in phone_ids] + ["/phones"]
    found = {}
    async with served(store) as board:
        for path in paths:
            answer: httpx.Response = await board.client.get(path)
            found[path] = answer.content
    return found


def test_no_secret_that_comes_back_is_kept_or_shown(
    fleet: Fleet, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "fleet.toml").write_text(
        f'[web_ui]\npassword = "{SECRETS["settings"]}"\n'
        f'[provisioning]\npath_secret = "{SECRETS["path"]}"\n'
        "[alerts]\n"
    )
    (tmp_path / "fleet.toml").chmod(0o600)
    assert fleet("init").code == 0
    shown: dict[str, bytes] = {}

    def run(*words: str) -> None:
        ran = fleet(*words)
        assert ran.code != 2, ran.err
        assert "bug in fleet" not in ran.err
        shown[" ".join(words)] = (ran.out + ran.err).encode()

    with (
        running(ThreadingHTTPServer(("127.0.0.1", 0), HostilePhone)) as first,
        running(ThreadingHTTPServer(("127.0.0.1", 0), HostileRealm)) as second,
        running(socketserver.ThreadingUDPServer(("127.0.0.1", 0), HostileRegistrar)) as registrar,
        closing(
            Store.open(
                f"sqlite:///{tmp_path / 'fleet.db'}", keyring=Keyring.read(tmp_path / "fleet.key")
            )
        ) as store,
    ):
        phone_id = fill(store, [first, second], registrar)
        ids = [each.id for each in store.phones.load()]
        for words in (
            ("poll", "--verbose"),
            ("poll", "--json"),
            ("discover", "127.0.0.1", "--port", str(first)),
            ("discover", "127.0.0.1", "--port", str(second)),
            ("diagnose", f"127.0.0.1:{first}", "--verbose"),
            ("provision", "resync", f"127.0.0.1:{first}"),
            ("capture", f"127.0.0.1:{first}", "--folder", "captured"),
        ):
            run(*words)
        asyncio.run(fetch_and_push(store, tmp_path, phone_id))
        for what in ("lines", "phones", "history"):
            for form in ("csv", "json", "xlsx"):
                run("export", what, "--format", form, "--output", f"{what}.{form}")
        for words in (
            ("status",),
            ("incidents",),
            ("history", f"127.0.0.1:{first}"),
            ("provision", "fetches"),
            ("alert", "pending"),
            ("audit", "--no-sweep"),
        ):
            run(*words)
        shown |= asyncio.run(shown_pages(store, ids))
        stored = database(tmp_path / "fleet.db")

    assert b"[redacted]" in stored
    shown |= {"database": stored, "log": caplog.text.encode()}
    for path in sorted(tmp_path.rglob("*")):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                shown[str(path)] = b"".join(map(book.read, book.namelist()))
        elif path.is_file() and path.name != "fleet.toml":
            shown[str(path)] = path.read_bytes()
    leaks = {where: names for where, content in shown.items() if (names := found_in(content))}
    # fleet discover opens no database, so it knows the secrets of the settings alone.
    for port in (first, second):
        assert not leaks.pop(f"discover 127.0.0.1 --port {port}", set()) & {"settings", "path"}
    assert leaks == {}
