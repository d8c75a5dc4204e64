"""TFTP: packets, transfers that lose some, real clients, and what unknown fetchers send."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import FetchOutcome
from fleet.provision.serve.tftp_packets import (
    Code,
    Op,
    Terms,
    as_netascii,
    data,
    error,
    number_of,
    opcode,
    parse_read,
    terms_of,
)
from fleet.provision.serve.tftp_transfer import TRIES, Transfer
from tests.provision.serve.served import BODY, OWN, fill, firmware, serving, until

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.store import Store


def ask(name: bytes, mode: bytes = b"octet", *options: bytes) -> bytes:
    return b"\0\1" + b"\0".join((name, mode, *options)) + b"\0"


def ack(number: int) -> bytes:
    return b"\0\4" + number.to_bytes(2, "big")


def test_a_request_and_its_options_are_read() -> None:
    asked = parse_read(ask(b"x.cfg", b"OCTET", b"BlkSize", b"1024", b"tsize", b"0"))
    assert asked is not None
    assert (asked.name, asked.mode) == (b"x.cfg", "octet")
    assert asked.options == {"blksize": "1024", "tsize": "0"}


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\0",
        b"\0\1",
        b"\0\1\0\0",
        b"\0\1name\0",
        b"\0\1name\0octet",
        b"\0\2name\0octet\0",
        ask(b"x" * 600),
        ask(b"", b"octet"),
    ],
)
def test_what_is_no_request_to_read_is_none(packet: bytes) -> None:
    assert parse_read(packet) is None


@given(st.binary(max_size=700))
def test_no_packet_makes_it_raise(packet: bytes) -> None:
    for each in (packet, b"\0\1" + packet, b"\0\1" + packet + b"\0"):
        asked = parse_read(each)
        if asked is not None:
            terms_of(asked.options, 100)
        number_of(each)
        opcode(each)
        Transfer(b"x" * 1000, Terms(), 0.0).hear(each, 0.0)


@pytest.mark.parametrize(
    ("options", "agreed"),
    [
        ({}, {}),
        ({"blksize": "1024"}, {"blksize": "1024"}),
        ({"blksize": "65464"}, {"blksize": "1428"}),
        ({"blksize": "7"}, {}),
        ({"blksize": "1400.x"}, {}),
        ({"blksize": "-5", "timeout": "0", "windowsize": "8"}, {}),
        ({"timeout": "3", "tsize": "0"}, {"timeout": "3", "tsize": "100"}),
        ({"timeout": "10"}, {"timeout": "10"}),
        ({"timeout": "11"}, {}),
        ({"timeout": "255"}, {}),
        ({"blksize": "\u0661\u0662"}, {}),
    ],
)
def test_options_that_make_sense_are_agreed_to(
    options: dict[str, str], agreed: dict[str, str]
) -> None:
    assert terms_of(options, 100).agreed == agreed


def test_text_mode_has_line_ends_of_its_own() -> None:
    assert as_netascii(b"a\nb\r\nc\rd") == b"a\r\nb\r\nc\r\0d"


def carried(body: bytes, terms: Terms, lost: set[int]) -> tuple[bytes, Transfer, int]:
    """Carry a transfer out on a line that loses packets of these numbers; what arrives."""
    transfer, got, now, count = Transfer(body, terms, 0.0), bytearray(), 0.0, 0
    expected, heard = (0 if terms.agreed else 1), True
    while heard or not transfer.is_over:
        packet, count = transfer.packet(), count + 1
        answered = False
        if count not in lost:
            number = int.from_bytes(packet[2:4], "big") if opcode(packet) == Op.DATA else 0
            if opcode(packet) == Op.DATA and number == expected & 0xFFFF:
                got += packet[4:]
            expected += number == expected & 0xFFFF
            count += 1
            if count not in lost:
                answered = True
                heard = transfer.hear(ack(number), now)
                transfer.hear(ack(number), now)  # every acknowledgement comes twice
        if not answered:
            now = transfer.due
            heard = transfer.wait_is_over(now)
        if transfer.is_over:
            break
    return bytes(got), transfer, count


@given(
    size=st.sampled_from([0, 1, 511, 512, 513, 1024, 5000]),
    lost=st.sets(st.integers(1, 40), max_size=4),
    with_options=st.booleans(),
)
def test_everything_arrives_once_though_some_is_lost(
    *, size: int, lost: set[int], with_options: bool
) -> None:
    body = bytes(number % 251 for number in range(size))
    terms = Terms(agreed={"tsize": str(size)}) if with_options else Terms()
    got, transfer, _ = carried(body, terms, lost)
    assert transfer.is_complete
    assert got == body
    assert transfer.arrived == size


def test_block_numbers_go_round() -> None:
    body = bytes(8 * 65_540)
    got, transfer, packets = carried(body, Terms(block=8), set())
    assert (len(got), transfer.is_complete) == (len(body), True)
    assert packets == 2 * 65_541  # the acknowledgements that came twice have doubled nothing


def test_a_client_that_is_gone_is_given_up_on_after_some_tries() -> None:
    transfer, now, tries = Transfer(b"x" * 600, Terms(), 0.0), 0.0, 1
    assert transfer.hear(ack(1), 0.0)
    while transfer.wait_is_over(now := transfer.due):
        tries += 1
    assert (tries, transfer.is_over, transfer.is_complete) == (TRIES, True, False)
    assert transfer.arrived == 512
    assert now == 1 + 2 + 4 * (TRIES - 2)


def test_a_client_that_never_answers_is_given_up_within_half_a_minute() -> None:
    transfer, now = Transfer(b"x", Terms(timeout=10.0), 0.0), 0.0
    while not transfer.is_over:
        now = transfer.due
        transfer.wait_is_over(now)
    assert now == 30


def test_a_client_that_drips_has_half_an_hour_for_a_file() -> None:
    transfer, now, block = Transfer(bytes(1_000_000), Terms(timeout=10.0), 0.0), 0.0, 1
    while not transfer.is_over:
        now += 9
        transfer.hear(ack(block), now)
        block += 1
    assert 1800 <= now < 1810
    assert not transfer.is_complete


def test_an_error_ends_a_transfer() -> None:
    transfer = Transfer(b"x" * 600, Terms(), 0.0)
    assert not transfer.hear(error(Code.ILLEGAL, "no"), 0.0)
    assert (transfer.is_over, transfer.is_complete, transfer.arrived) == (True, False, 0)
    assert data(65_536, b"x") == b"\0\3\0\0x"


def port_of(service: Any) -> int:
    return int(service.urls["tftp"].rsplit(":", 1)[1].strip("/"))


async def run(*command: str, stdin: bytes = b"", cwd: Path) -> subprocess.CompletedProcess[bytes]:
    return await asyncio.to_thread(
        subprocess.run, command, input=stdin, capture_output=True, timeout=60, cwd=cwd
    )


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
@pytest.mark.parametrize("options", [(), ("--tftp-blksize", "1024"), ("--tftp-no-options",)])
async def test_curl_gets_files(store: Store, tmp_path: Path, options: tuple[str, ...]) -> None:
    number = fill(store)
    firmware(tmp_path, body=bytes(300_000))
    async with serving(store, tmp_path, tftp=True) as service:
        url = f"tftp://127.0.0.1:{port_of(service)}"
        own = await run("curl", "-s", *options, f"{url}/{OWN.lower()}", cwd=tmp_path)
        whole = await run("curl", "-s", *options, f"{url}/53i.st", cwd=tmp_path)
        none = await run("curl", "-s", *options, f"{url}/00085D000099.cfg", cwd=tmp_path)
    if own.returncode == 1:
        pytest.skip("this curl has no TFTP")
    assert own.stdout == BODY
    assert whole.stdout == bytes(300_000)
    assert (none.returncode, none.stdout) == (68, b"")
    fetches = store.fetches.load()[::-1]
    assert [(fetch.outcome.value, fetch.sent, fetch.protocol) for fetch in fetches] == [
        ("served", len(BODY), "tftp"),
        ("served", 300_000, "tftp"),
        ("unknown-mac", 0, "tftp"),
    ]
    assert (fetches[0].phone_id, fetches[0].digest != "") == (number, True)


@pytest.mark.skipif(not shutil.which("tftp"), reason="no tftp-hpa")
@pytest.mark.parametrize("mode", ["binary", "ascii"])
async def test_tftp_hpa_gets_files(store: Store, tmp_path: Path, mode: str) -> None:
    fill(store)
    async with serving(store, tmp_path, tftp=True) as service:
        words = ["-m", mode, "127.0.0.1", str(port_of(service)), "-c", "get", OWN]
        done = await run("tftp", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / OWN).read_bytes() == BODY


@pytest.mark.skipif(not shutil.which("atftp"), reason="no atftp")
async def test_atftp_gets_files_with_its_options(store: Store, tmp_path: Path) -> None:
    fill(store)
    firmware(tmp_path, body=bytes(100_000))
    async with serving(store, tmp_path, tftp=True) as service:
        words = ["--option", "blksize 1428", "--option", "tsize 0", "--option", "timeout 2"]
        words += ["-g", "-r", "53i.st", "-l", "got.st", "127.0.0.1", str(port_of(service))]
        done = await run("atftp", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "got.st").read_bytes() == bytes(100_000)


def exchange(port: int, *packets: bytes) -> bytes:
    """Send packets to the port where requests come in; give the first answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        for packet in packets:
            client.sendto(packet, ("127.0.0.1", port))
        return client.recv(2000)


async def test_what_strangers_send_is_refused_or_dropped_and_serving_goes_on(
    store: Store, tmp_path: Path
) -> None:
    fill(store)
    async with serving(store, tmp_path, tftp=True) as service:
        port = port_of(service)
        for packet in (
            b"",
            b"\0",
            b"\0\2x\0octet\0",
            b"\xff" * 60_000,
            b"\0\5\0\0x\0",
            ask(b"x", b"mail"),
        ):
            last = await asyncio.to_thread(exchange, port, packet, b"\0\2x\0octet\0")
            assert last == error(Code.ILLEGAL, "Illegal operation")
        for name in (b"../fleet.key", b"/etc/passwd", b"..\\x", b"%2e%2e/fleet.key", b"\xff"):
            answer = await asyncio.to_thread(exchange, port, ask(name))
            assert answer == error(Code.NOT_FOUND, "File not found")
        good = await asyncio.to_thread(exchange, port, ask(b"aastra.cfg"))
        assert good == data(1, b"contact rcs: 0\n")


@pytest.mark.parametrize(
    "name", [b"./aastra.cfg", b"\\aastra.cfg", b"/aastra.cfg", b"Old\\aastra.cfg"]
)
async def test_a_path_before_a_name_is_taken_as_phones_write_it(
    store: Store, tmp_path: Path, name: bytes
) -> None:
    fill(store)
    async with serving(store, tmp_path, tftp=True, path_prefixes=["old"]) as service:
        answer = await asyncio.to_thread(exchange, port_of(service), ask(name))
    assert answer == data(1, b"contact rcs: 0\n")


async def test_a_login_or_a_secret_is_not_got_around(store: Store, tmp_path: Path) -> None:
    fill(store)
    async with serving(store, tmp_path, tftp=True, login="digest") as service:
        answer = await asyncio.to_thread(exchange, port_of(service), ask(OWN.encode()))
        assert answer == error(Code.NOT_FOUND, "File not found")
    secret = "0123456789abcdef"
    async with serving(store, tmp_path, tftp=True, path_secret=secret) as service:
        port = port_of(service)
        without = await asyncio.to_thread(exchange, port, ask(OWN.encode()))
        path = f"p/{secret}/{OWN}".encode()
        with_it = await asyncio.to_thread(exchange, port, ask(path))
    assert without == error(Code.NOT_FOUND, "File not found")
    assert with_it == data(1, BODY)
    assert [fetch.outcome for fetch in store.fetches.load()][::-1] == [
        FetchOutcome.WRONG_LOGIN,
        FetchOutcome.WRONG_LOGIN,
        FetchOutcome.CUT_OFF,
    ]


async def test_a_stranger_on_a_transfers_port_does_not_disturb_it(
    store: Store, tmp_path: Path
) -> None:
    fill(store)

    def walk(port: int) -> bytes:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
        ):
            client.settimeout(10)
            stranger.settimeout(10)
            client.sendto(ask(b"aastra.cfg"), ("127.0.0.1", port))
            _, transfer = client.recvfrom(2000)
            stranger.sendto(ack(1), transfer)
            said = stranger.recv(2000)
            client.sendto(ack(1), transfer)
            return said

    async with serving(store, tmp_path, tftp=True) as service:
        assert await asyncio.to_thread(walk, port_of(service)) == error(
            Code.UNKNOWN_TRANSFER, "Unknown transfer ID"
        )
        await until(store.fetches.load)
    assert [fetch.outcome for fetch in store.fetches.load()] == [FetchOutcome.SERVED]
