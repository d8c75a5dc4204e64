"""What the handler writes down, whoever asks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.model import FetchOutcome, Phone
from fleet.phone.config_file import requested_file
from fleet.provision.files.decide import Rules
from fleet.provision.files.handshakes import Handshakes
from fleet.provision.files.limits import Limits
from fleet.provision.files.networks import parse_networks
from fleet.provision.files.nonces import Nonces
from fleet.provision.firmware import FirmwareFolder, FirmwareGate
from fleet.provision.serve.fetch_log import FetchLog
from fleet.provision.serve.file_source import FileSource
from fleet.provision.serve.request_handler import Request, RequestHandler
from tests.provision.serve.served import START
from tests.store.fleets import add

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.store import Store

OURS = "00085D000001.cfg"


async def a_handler(store: Store, folder: Path) -> RequestHandler:
    add(store, Phone(host="10.1.0.1", mac="00:08:5D:00:00:01"))
    handshakes = Handshakes()
    handler = RequestHandler(
        store=store,
        source=FileSource(
            store,
            FirmwareGate(
                store=store,
                folder=FirmwareFolder(folder, lambda: START.timestamp()),
                versions={},
                clock=lambda: START,
            ),
        ),
        fetch_log=FetchLog(store, handshakes, lambda: START),
        handshakes=handshakes,
        nonces=Nonces(b"x" * 32),
        rules=Rules(networks=parse_networks(("10.0.0.0/8",)), second_address_after=timedelta(0)),
        limits=Limits.of(address=10_000, phone=10_000, total=10_000),
        clock=lambda: START,
    )
    await handler.start()
    return handler


async def asked(handler: RequestHandler, name: str, address: str) -> FetchOutcome | None:
    """What is written down of a request; None if nothing is."""
    answer = await handler.handle(Request(file=requested_file(name), address=address))
    return answer.fetch.outcome if answer.fetch else None


async def test_no_flood_of_strangers_fills_the_database(store: Store, tmp_path: Path) -> None:
    handler = await a_handler(store, tmp_path)
    flood = [
        await asked(handler, f"00085DFF{n:04X}.cfg", f"10.{n // 250}.0.{n % 250}")
        for n in range(2100)
    ]
    assert flood.count(FetchOutcome.UNKNOWN_MAC) == 2000
    assert flood[2000:] == [None] * 100
    assert await asked(handler, OURS, "10.99.0.1") is FetchOutcome.WRONG_AGENT
