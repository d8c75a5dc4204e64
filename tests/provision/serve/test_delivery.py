"""What arrived and what did not: clients that go away in the middle, or take their time."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from fleet.model import FetchOutcome
from tests.provision.serve.served import AGENT, BODY, FIRMWARE, OWN, fill, firmware, serving

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.model import Fetch
    from fleet.store import Store

LOOPS = ["asyncio", "uvloop"]


def connected(url: str, buffer: int = 16 * 1024) -> socket.socket:
    """A connection with a small receive buffer."""
    place = urlsplit(url)
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    made.connect((place.hostname, place.port))
    return made


def request(path: str) -> bytes:
    return f"GET /{path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {AGENT}\r\n\r\n".encode()


def reset(client: socket.socket) -> None:
    """Close with a reset: what was not read is thrown away."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def read(client: socket.socket, least: int) -> int:
    got = 0
    while got < least and (data := client.recv(65_536)):
        got += len(data)
    return got


def served(loop: str, store: Store, tmp_path: Path, walk: object) -> Fetch:
    """Serve on that event loop while a client walks in a thread; give the one fetch."""

    async def main() -> None:
        async with serving(store, tmp_path) as service:
            await asyncio.to_thread(walk, service.urls["http"])  # type: ignore[arg-type]

    factory = None
    if loop == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())
    (fetch,) = store.fetches.load()
    return fetch


@pytest.mark.parametrize("loop", LOOPS)
def test_a_reset_in_the_middle_of_firmware_is_cut_off(
    store: Store, tmp_path: Path, loop: str
) -> None:
    fill(store)
    firmware(tmp_path)

    def walk(url: str) -> None:
        client = connected(url)
        client.sendall(request("53i.st"))
        read(client, 300_000)
        reset(client)

    fetch = served(loop, store, tmp_path, walk)
    assert fetch.outcome is FetchOutcome.CUT_OFF
    assert fetch.sent < 300_000 + 2 * 65_536  # never more than what can have arrived


@pytest.mark.parametrize("loop", LOOPS)
def test_a_client_that_closes_without_reading_all_is_cut_off(
    store: Store, tmp_path: Path, loop: str
) -> None:
    fill(store)
    firmware(tmp_path)

    def walk(url: str) -> None:
        client = connected(url)
        client.sendall(request("53i.st"))
        read(client, 100_000)
        client.close()

    fetch = served(loop, store, tmp_path, walk)
    assert fetch.outcome is FetchOutcome.CUT_OFF
    assert fetch.sent < len(FIRMWARE)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_slow_client_that_reads_all_was_served(store: Store, tmp_path: Path, loop: str) -> None:
    fill(store)
    firmware(tmp_path)

    def walk(url: str) -> None:
        client = connected(url)
        client.sendall(request("53i.st"))
        read(client, len(FIRMWARE))
        client.settimeout(0.2)
        while True:
            try:
                if not client.recv(65_536):
                    break
            except TimeoutError:
                break
        client.close()

    fetch = served(loop, store, tmp_path, walk)
    assert (fetch.outcome, fetch.sent) == (FetchOutcome.SERVED, len(FIRMWARE))


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_small_file_that_was_read_was_served_however_the_client_ends(
    store: Store, tmp_path: Path, loop: str, end: str
) -> None:
    fill(store)

    def walk(url: str) -> None:
        client = connected(url)
        client.sendall(request(OWN))
        answer = b""
        while not answer.endswith(BODY):
            answer += client.recv(65_536)
        (reset if end == "reset" else socket.socket.close)(client)

    fetch = served(loop, store, tmp_path, walk)
    assert (fetch.outcome, fetch.sent) == (FetchOutcome.SERVED, len(BODY))


@pytest.mark.parametrize("loop", LOOPS)
def test_a_client_that_stops_reading_is_cut_off_at_the_servers_end(
    store: Store, tmp_path: Path, loop: str
) -> None:
    fill(store)
    firmware(tmp_path)
    left_open = []

    def walk(url: str) -> None:
        client = connected(url)
        client.sendall(request("53i.st"))
        read(client, 50_000)
        left_open.append(client)

    fetch = served(loop, store, tmp_path, walk)
    left_open[0].close()
    assert fetch.outcome is FetchOutcome.CUT_OFF
    assert 50_000 - 1000 < fetch.sent < 50_000 + 65_536 * 2  # the head was read as well
