"""The contenders that others wrote: curl, check_http and prometheus-blackbox-exporter."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.contenders.contender import Pass, program
from benchmarks.measure import Cost, cpu_of, peak_memory, run
from benchmarks.page import REGISTERED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.sample import Load

_CURL_AT_MOST = 300  # its own bound for --parallel-max
_START_WITHIN = 10.0  # seconds
_BLACKBOX = """\
modules:
  phone:
    prober: http
    timeout: 30s
    http:
      preferred_ip_protocol: ip4
      basic_auth: {{username: '{username}', password: '{password}'}}
      fail_if_body_not_matches_regexp: ['{regexp}']
"""


def curl(load: Load) -> Iterator[Pass]:
    """Fetch only; one process."""
    config = load.folder / "curl.txt"
    entries = (f'url = "http://{host}/sysinfo.html"\noutput = "/dev/null"\n' for host in load.hosts)
    head = f'user = "{load.username}:{load.password}"\nwrite-out = "%{{http_code}}\\n"\n'
    config.write_text(head + "".join(entries), encoding="ascii")
    most = str(min(load.concurrency, _CURL_AT_MOST))
    bounds = ["--parallel", "--parallel-immediate", "--parallel-max", most, "--max-time", "60"]
    argv = [program("curl"), "-s", *bounds, "--config", str(config)]
    cost, out = run(argv, folder=load.folder)
    yield Pass(good=out.split().count("200"), cost=cost)


def check_http(load: Load) -> Iterator[Pass]:
    """Fetch and match; a process per phone, started by xargs."""
    arguments = load.folder / "arguments.txt"
    parts = (host.rpartition(":") for host in load.hosts)
    arguments.write_text("\n".join(f"-I {a} -p {p}" for a, _, p in parts), encoding="ascii")
    each = [program("check_http"), "-u", "/sysinfo.html", "-t", "60"]
    matching = ["-a", f"{load.username}:{load.password}", "-r", REGISTERED]
    many = ["xargs", "-a", str(arguments), "-n", "4", "-P", str(load.concurrency)]
    cost, out = run([*many, *each, *matching], folder=load.folder, may_fail=True)
    # The peak is that of xargs alone, which says nothing.
    yield Pass(good=out.count("HTTP OK"), cost=replace(cost, memory=0))


def blackbox(load: Load) -> Iterator[Pass]:
    """Fetch and match; a server, asked over kept connections by a driver that is not counted."""
    with _blackbox_server(load) as (pid, port):
        before, started = cpu_of(pid), time.perf_counter()
        good = asyncio.run(_drive(port, load))
        wall = time.perf_counter() - started
        cost = Cost(wall=wall, cpu=cpu_of(pid) - before, memory=peak_memory(pid))
    yield Pass(good=good, cost=cost)


@contextmanager
def _blackbox_server(load: Load) -> Iterator[tuple[int, int]]:
    port = _free_port()
    config = load.folder / "blackbox.yml"
    config.write_text(
        _BLACKBOX.format(username=load.username, password=load.password, regexp=REGISTERED),
        encoding="ascii",
    )
    argv = [program("prometheus-blackbox-exporter"), f"--config.file={config}"]
    argv += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    with (
        (load.folder / "blackbox.log").open("wb") as log,
        subprocess.Popen(argv, stdout=log, stderr=log) as server,
    ):
        try:
            _wait_for(port, load.folder)
            yield server.pid, port
        finally:
            server.terminate()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _wait_for(port: int, folder: Path) -> None:
    until = time.monotonic() + _START_WITHIN
    while True:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > until:
            raise TimeoutError(f"blackbox_exporter did not start; see {folder}/blackbox.log")
        time.sleep(0.05)


async def _drive(port: int, load: Load) -> int:
    hosts = iter(load.hosts)
    workers = (_probe(port, hosts) for _ in range(load.concurrency))
    return sum(await asyncio.gather(*workers))


async def _probe(port: int, hosts: Iterator[str]) -> int:
    """Have hosts probed over one connection until there are none left; how many were good."""
    good = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for host in hosts:
        target = f"/probe?module=phone&target=http://{host}/sysinfo.html"
        writer.write(f"GET {target} HTTP/1.1\r\nHost: blackbox\r\n\r\n".encode())
        good += b"\nprobe_success 1" in await _answer(reader)
    writer.close()
    return good


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    _, found, rest = head.lower().partition(b"content-length:")
    if found:
        return await reader.readexactly(int(rest.split(b"\r\n")[0]))
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body
