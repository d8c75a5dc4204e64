"""The memory of `fleet serve` in use: `python benchmarks/memory.py --help`. Loopback only.

Simulated phones are polled every few seconds; the dashboard, the API, health and metrics are read
every few more, and an audit runs every ten minutes. One row of CSV a minute: the resident memory,
and what of it is anonymous (no file's pages). Linux, for it reads /proc.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROOT = Path(__file__).resolve().parents[1]
_FLEET = (sys.executable, "-m", "fleet")
_PAGES = ("/", "/phones", "/phones/1", "/api/lines", "/api/phones", "/metrics", "/healthz")
_PATIENCE = 60.0  # seconds for a process to start in
_SETTINGS = """
[poll]
interval = {interval}
[web_ui]
username = "admin"
password = "22222"
[server]
host = "127.0.0.1"
port = {port}
[audit]
at = "*/10 * * * *"
output = "audits"
"""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def _running(argv: Sequence[str], folder: Path, log: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of fleet in the background; ended on the way out."""
    environ = {**os.environ, "PYTHONPATH": str(_ROOT)}
    with (folder / log).open("wb") as output:
        process = subprocess.Popen(
            [*_FLEET, *argv], cwd=folder, stdout=output, stderr=output, env=environ
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not path.exists() or not path.stat().st_size:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{path.name} was not written: the simulated phones did not start")
        time.sleep(0.2)


def _do(folder: Path, *argv: str) -> None:
    environ = {**os.environ, "PYTHONPATH": str(_ROOT)}
    subprocess.run([*_FLEET, *argv], cwd=folder, check=True, env=environ, capture_output=True)


def memory_of(pid: int) -> tuple[float, float]:
    """Return the resident and the anonymous resident memory of a process, in MiB."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    sizes = dict(re.findall(r"^(VmRSS|RssAnon):\s+(\d+) kB$", text, re.MULTILINE))
    return int(sizes["VmRSS"]) / 1024, int(sizes["RssAnon"]) / 1024


def _read(port: int) -> int:
    """Read every page once; return how many did not come."""
    failed = 0
    for path in _PAGES:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                answer.read()
        except OSError:
            failed += 1
    return failed


def measure(phones: int, interval: float, every: float, minutes: float) -> Iterator[list[object]]:
    """Run the scenario; yield `minute, rss_mb, anonymous_mb, failed_reads` once a minute."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder, port = Path(name), _free_port()
        simulate = ["simulate", "--phones", str(phones), "--seed", "1", "--inventory", "phones.csv"]
        running.enter_context(_running([*simulate, "--uvloop"], folder, "simulate.log"))
        _wait_for(folder / "phones.csv")
        (folder / "fleet.toml").write_text(
            _SETTINGS.format(interval=interval, port=port), encoding="utf-8"
        )
        _do(folder, "init")
        _do(folder, "inventory", "import", "phones.csv")
        serve = running.enter_context(_running(["serve"], folder, "serve.log"))
        started, failed, minute = time.monotonic(), 0, 0
        time.sleep(every)
        while minute < minutes:
            if serve.poll() is not None:
                raise RuntimeError((folder / "serve.log").read_text(errors="replace")[-2000:])
            failed += _read(port)
            if time.monotonic() - started >= (minute + 1) * 60:
                minute += 1
                yield [minute, *(f"{size:.1f}" for size in memory_of(serve.pid)), failed]
            time.sleep(every)


def _main() -> None:
    parser = argparse.ArgumentParser(description="Measure the memory of fleet serve in use.")
    parser.add_argument("--phones", type=int, default=300)
    parser.add_argument("--interval", type=float, default=5, help="seconds between two sweeps")
    parser.add_argument("--every", type=float, default=15, help="seconds between two reads")
    parser.add_argument("--minutes", type=float, default=90)
    given = parser.parse_args()
    rows = csv.writer(sys.stdout)
    rows.writerow(["minute", "rss_mb", "anonymous_mb", "failed_reads"])
    for row in measure(given.phones, given.interval, given.every, given.minutes):
        rows.writerow(row)
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
