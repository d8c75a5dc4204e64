"""Clients that take connections and never use them change nothing for the other phones."""

from __future__ import annotations

import asyncio
import re
import resource
import socket
import ssl
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from fleet import descriptors
from fleet.store import Keyring, Store
from tests.provision.serve.served import AGENT, BODY, OWN, fill, firmware, until

if TYPE_CHECKING:
    from collections.abc import Iterator

FEW = [f"127.0.1.{number}" for number in range(1, 6)]
_SERVING = re.compile(r"Serving files at (\w+)://127\.0\.0\.1:(\d+)/")


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors.raise_limit()
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 8192:
        pytest.skip("this machine lets a process have too few descriptors for the attack")
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def serve(tmp_path: Path, store: Store, key: str) -> tuple[subprocess.Popen[str], dict[str, int]]:
    """Start a process that may have 1,024 descriptors; return it and its ports by scheme."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    (tmp_path / "fleet.toml").write_text(
        f"[database]\nurl = 'sqlite:///{store.place}'\n"
        "[provisioning]\nport = 0\nhttps = true\nhttps_port = 0\ntftp = true\ntftp_port = 0\n"
        "https_certificate = 'cert.pem'\nhttps_key = 'key.pem'\n"
    )
    (tmp_path / "fleet.key").write_text(key)
    (tmp_path / "fleet.key").chmod(0o600)
    process = subprocess.Popen(
        ["sh", "-c", f"ulimit -n 1024; exec {sys.executable} -m fleet provision serve"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    ports: dict[str, int] = {}
    assert process.stderr is not None
    while len(ports) < 3:
        line = process.stderr.readline()
        assert line, "it ended before it served"
        if match := _SERVING.search(line):
            ports[match[1]] = int(match[2])
    return process, ports


async def get(port: int, *, context: ssl.SSLContext | None = None) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    head = f"GET /{OWN} HTTP/1.1\r\nHost: x\r\nUser-Agent: {AGENT}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    answer = await reader.read()
    writer.close()
    return answer


async def get_by_tftp(port: int) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0)
        client.bind(("127.0.0.1", 0))
        for _ in range(20):  # what a phone does when no answer comes
            client.sendto(b"\0\1aastra.cfg\0octet\0", ("127.0.0.1", port))
            try:
                async with asyncio.timeout(1):
                    return await loop.sock_recv(client, 2000)
            except TimeoutError:
                continue
    return b""


def open_descriptors(process: subprocess.Popen[str]) -> int:
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors in /proc")
async def test_silent_connections_handshakes_and_transfers_leave_room_for_everybody_else(
    sqlite_url: str, keyring: Keyring, tmp_path: Path, many_descriptors: None
) -> None:
    store = Store.open(sqlite_url, keyring=keyring)
    fill(store)
    firmware(tmp_path, body=bytes(100_000))
    process, ports = await asyncio.to_thread(serve, tmp_path, store, keyring.keys[0])
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with ExitStack() as opened:
        opened.callback(process.stderr.close)  # type: ignore[union-attr]
        opened.callback(process.wait)
        opened.callback(process.terminate)
        for number in range(1500):
            slow = opened.enter_context(socket.socket())
            slow.bind((FEW[number % len(FEW)], 0))
            slow.connect(("127.0.0.1", ports["https" if number % 2 else "http"]))
        for number in range(1200):
            silent = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            silent.bind((FEW[number % len(FEW)], 0))
            request = b"\0\1" + b"53i.st\0octet\0timeout\0255\0"
            silent.sendto(request, ("127.0.0.1", ports["tftp"]))
        for _ in range(3):
            assert BODY in await get(ports["http"])
            assert BODY in await get(ports["https"], context=trusting)
            assert await get_by_tftp(ports["tftp"]) == b"\0\3\0\1contact rcs: 0\n"
        assert open_descriptors(process) < 600
    store.close()
    await until(lambda: process.poll() is not None)
