"""A file service on loopback for the tests, its fleet, and a client that is a phone."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from fleet.model import NewFile, Phone, Site
from fleet.provision.serve import listeners
from fleet.settings import Settings, settings_of
from fleet.store import Change, Keyring, Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from fleet.provision.serve import FileService

MAC = "00:08:5D:00:00:01"
OTHER_MAC = "00:08:5D:00:00:02"
UNKNOWN_MAC = "00:08:5D:00:00:99"
OWN = "00085D000001.cfg"
AGENT = "Aastra53i MAC:00-08-5D-00-00-01 V:3.3.1.4365-SIP"
START = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
BODY = b'sip line1 user name: 1001\nsip line1 password: "s3cret#1"\n'
FIRMWARE = bytes(range(256)) * 4096 * 4  # 4 MiB


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


def fill(store: Store) -> int:
    """A site on loopback with two phones, and their files; give the first phone's number."""
    site = Site(name="here", networks=("127.0.0.0/8",))
    phones = (
        Phone(host="127.0.0.1", mac=MAC, model="6753i", site="here"),
        Phone(host="127.0.0.2", mac=OTHER_MAC, model="6753i", site="here"),
    )
    store.inventory.apply([site], [Change(id=None, phone=phone) for phone in phones])
    number = store.phones.find(MAC)
    files = [
        NewFile(name="aastra.cfg", body=b"contact rcs: 0\n"),
        NewFile(name="6753i.cfg", body=b"# model\n"),
        NewFile(name="53i.cfg", body=b"# model\n"),
        NewFile(name=OWN, body=BODY, phone_id=number),
    ]
    store.revisions.apply(files, by="test", comment="", now=START, expected=0)
    return number


def serving_settings(tmp_path: Path, **chosen: Any) -> Settings:
    """Settings in a folder, with any free ports."""
    ports = {"port": 0, "https_port": 0, "legacy_https_port": 0, "tftp_port": 0}
    made = settings_of({"provisioning": ports | chosen}, folder=tmp_path)
    assert made.folder == tmp_path
    return made


def open_again(url: str, keys: tuple[str, ...]) -> Store:
    """Open a store in another process."""
    return Store.open(url, keyring=Keyring(keys=keys))


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that another process or the network does; at most half a minute."""
    for _ in range(3000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


@asynccontextmanager
async def serving(
    store: Store, tmp_path: Path, clock: Clock | None = None, **chosen: Any
) -> AsyncIterator[FileService]:
    """Serve a store's files."""
    settings = serving_settings(tmp_path, **chosen)
    keys = store.keyring.keys if store.keyring else ()
    opened = partial(open_again, f"sqlite:///{store.place}", keys)
    service = listeners(settings, store, open_store=opened, clock=clock or Clock())
    async with service:
        yield service


@asynccontextmanager
async def phone(
    service: FileService,
    *,
    agent: str = AGENT,
    address: str = "127.0.0.1",
    kind: str = "http",
    **options: Any,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client at an address of loopback."""
    transport = httpx.AsyncHTTPTransport(local_address=address, **options)
    headers = {"User-Agent": agent} if agent else {"User-Agent": ""}
    async with httpx.AsyncClient(
        base_url=service.urls[kind], headers=headers, transport=transport, timeout=20
    ) as client:
        yield client


def firmware(tmp_path: Path, name: str = "53i.st", body: bytes = FIRMWARE) -> None:
    """Put a file into the firmware folder, as if it were there for a day."""
    folder = tmp_path / "firmware"
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(body)
    old = (START - timedelta(days=1)).timestamp()
    os.utime(folder / name, (old, old))
