"""What serving files costs, beside nginx: `python benchmarks/serve.py --help`. Loopback only.

Needs wrk, and nginx for the comparison (Debian has both).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, from anywhere

from benchmarks.measure import cpu_of, peak_memory
from benchmarks.report import machine
from fleet.app import App
from fleet.model import NewFile, Phone, Site
from fleet.phone.config_file import mac_file
from fleet.settings import load_settings
from fleet.store import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_MEBI = 1024 * 1024
_SCRIPT = Path(__file__).with_name("serve.lua")
_SETTINGS = """
[provisioning]
port = {port}
address_limit = 10000000
phone_limit = 10000000
total_limit = 10000000
"""
_NGINX = """
daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/t1;
  proxy_temp_path {folder}/t2;
  fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4;
  scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port} backlog=2048; root {folder}/files; }}
}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One server under one load. Times in milliseconds, `cpu` in microseconds for each fetch.

    `memory` is the peak, in bytes, of all its processes; `recorded` what it wrote down (fleet).
    """

    server: str
    connections: str
    fetches: int
    failed: int
    rate: float
    p50: float
    p99: float
    cpu: float
    memory: int
    recorded: int | None = None


def macs(phones: int) -> list[str]:
    """The MACs that the script of wrk asks for."""
    return [
        f"00:08:5D:{n >> 16:02X}:{n >> 8 & 255:02X}:{n & 255:02X}" for n in range(1, phones + 1)
    ]


def files_of(phones: int) -> dict[str, bytes]:
    """What is served: a phone's own file is some 1.6 kB."""
    own = "".join(f"sip line1 parameter {n}: value of {{mac}} {n}\n" for n in range(30))
    files = {"aastra.cfg": b"contact rcs: 0\n" * 20, "6753i.cfg": b"time server1: ntp\n" * 20}
    return files | {mac_file(mac): own.format(mac=mac).encode() for mac in macs(phones)}


def prepare(folder: Path, phones: int, port: int) -> None:
    """Make fleet's database and nginx's folder, with the same bytes."""
    files = files_of(phones)
    (folder / "files").mkdir()
    for name, body in files.items():
        (folder / "files" / name).write_bytes(body)
    folder.chmod(0o755)
    (folder / "fleet.toml").write_text(_SETTINGS.format(port=port))
    app = App.open(load_settings(folder / "fleet.toml", {}), create=True, upgrade=True)
    app.ensure_key()
    site = Site(name="here", networks=("127.0.0.0/8",))
    changes = [
        Change(id=None, phone=Phone(host=f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", mac=mac,
                                    site="here", model="6753i"))
        for n, mac in enumerate(macs(phones), 1)
    ]  # fmt: skip
    app.store.inventory.apply([site], changes)
    ids = {mac_file(one.phone.mac): one.id for one in app.store.phones.load()}
    new = [NewFile(name=name, body=body, phone_id=ids.get(name)) for name, body in files.items()]
    app.store.revisions.apply(new, by="benchmark", comment="", now=datetime.now(UTC), expected=0)
    app.close()


@contextlib.contextmanager
def running(argv: Sequence[str], folder: Path, port: int) -> Iterator[int]:
    """Run a server; its process id, once it answers."""
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def family(pid: int) -> list[int]:
    """A process and its children (Linux)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(int(child) for child in children)]


def load(port: int, phones: int, seconds: int, mode: str) -> tuple[int, ...]:
    """Have wrk ask; requests, failures, microseconds in all, at the median, at the 99th percent."""
    command = [
        "wrk",
        "-t2",
        "-c64",
        f"-d{seconds}s",
        "-s",
        str(_SCRIPT),
        f"http://127.0.0.1:{port}",
    ]
    done = subprocess.run(
        [*command, "--", str(phones), mode], check=True, capture_output=True, text=True
    )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    return tuple(int(float(part)) for part in line.split()[1:])


def measure(server: str, pid: int, ask: Callable[[str], tuple[int, ...]]) -> Iterator[Sample]:
    """Ask with a connection for each file, then with connections that are kept."""
    for mode, name in (("close", "one for each file"), ("keep", "kept")):
        before = sum(cpu_of(each) for each in family(pid))
        requests, failed, microseconds, p50, p99 = ask(mode)
        cpu = sum(cpu_of(each) for each in family(pid)) - before
        yield Sample(
            server=server,
            connections=name,
            fetches=requests,
            failed=failed,
            rate=requests / microseconds * 1e6,
            p50=p50 / 1000,
            p99=p99 / 1000,
            cpu=cpu / max(requests, 1) * 1e6,
            memory=sum(peak_memory(each) for each in family(pid)),
        )


def measure_fleet(folder: Path, port: int, ask: Callable[[str], tuple[int, ...]]) -> list[Sample]:
    """Measure `fleet provision serve`, and count what it wrote down."""
    argv = [sys.executable, "-m", "fleet", "provision", "serve"]
    with running(argv, folder, port) as pid:
        samples = list(measure("fleet provision serve", pid, ask))
    with contextlib.closing(sqlite3.connect(folder / "fleet.db")) as database:
        query = "SELECT count(*) FROM fetches WHERE outcome = 'served'"
        (recorded,) = database.execute(query).fetchone()
    print(f"{recorded} fetches written down", file=sys.stderr)
    total = Sample(**{**asdict(samples[-1]), "recorded": recorded})
    return [*samples[:-1], total]


def measure_nginx(folder: Path, port: int, ask: Callable[[str], tuple[int, ...]]) -> list[Sample]:
    """Measure nginx with the same bytes as static files, and its log."""
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if nginx is None:
        return []
    text = _NGINX.format(folder=folder, port=port, workers=os.cpu_count())
    (folder / "nginx.conf").write_text(text)
    with running([nginx, "-c", str(folder / "nginx.conf")], folder, port) as pid:
        return list(measure("nginx, static files", pid, ask))


def markdown(samples: Sequence[Sample], phones: int, at: datetime) -> str:
    """A table for the docs."""
    names = ("", "connections", "fetches", "failed", "fetches/s", "p50 ms", "p99 ms")
    head = f"| {' | '.join((*names, 'CPU µs/fetch', 'peak MB'))} |"
    rows = [
        f"| {s.server} | {s.connections} | {s.fetches:,} | {s.failed} | {s.rate:,.0f} "
        f"| {s.p50:.1f} | {s.p99:.1f} | {s.cpu:.0f} | {s.memory / _MEBI:.0f} |"
        for s in samples
    ]
    rule = "| --- | --- | --: | --: | --: | --: | --: | --: | --: |"
    about = f"{machine()}, {at:%Y-%m-%d %H:%M} UTC, {phones:,} phones, three files each.\n"
    return "\n".join([about, head, rule, *rows]) + "\n"


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure fleet provision serve beside nginx.")
    parser.add_argument("--phones", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=20, help="for each load")
    parser.add_argument("--json", type=Path, help="a file to write the numbers to")
    given = parser.parse_args()
    if not shutil.which("wrk"):
        parser.error("wrk is needed: apt-get install wrk")
    at, port = datetime.now(UTC), free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, given.phones, port)

        def ask(mode: str) -> tuple[int, ...]:
            return load(port, given.phones, given.seconds, mode)

        samples = [*measure_fleet(folder, port, ask), *measure_nginx(folder, port, ask)]
    if given.json:
        given.json.write_text(json.dumps([asdict(each) for each in samples], indent=1) + "\n")
    print(markdown(samples, given.phones, at))


if __name__ == "__main__":
    main()
