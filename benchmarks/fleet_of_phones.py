"""The simulated fleet, in a process of its own: starts it, and is what runs in that process."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from benchmarks.page import FROZEN_CLOCK, benchmark_page
from fleet.model import Registration
from fleet.simulator.behaviours import Behaviour, shown
from fleet.simulator.simulator import Simulator
from fleet.simulator.spec import LineSpec, PhoneSpec
from fleet.simulator.visit import guarded, http

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.simulator.visit import Reply, Visit

USERNAME, PASSWORD = "admin", "22222"
_ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def phones(count: int, *, delay: float, ticking: bool, folder: Path) -> Iterator[tuple[str, ...]]:
    """Run `count` phones that answer after `delay` seconds; yields their hosts, `address:port`.

    The page's Date/Time stands still, or with `ticking` shows the time of each request.
    """
    hosts = folder / "hosts.txt"
    argv = [sys.executable, "-m", "benchmarks.fleet_of_phones", str(count), str(delay), str(hosts)]
    with subprocess.Popen(
        [*argv, *(["--ticking"] if ticking else [])],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        try:
            if server.stdout is None or not server.stdout.readline():
                raise RuntimeError("the simulated fleet did not start")
            yield tuple(hosts.read_text(encoding="ascii").split())
        finally:
            server.terminate()


def specs(count: int, delay: float) -> list[PhoneSpec]:
    """Phones with three lines each; on one in a hundred the third line is refused."""
    return [
        PhoneSpec(
            mac=f"00:08:5D:{index >> 16:02X}:{index >> 8 & 255:02X}:{index & 255:02X}",
            lines=tuple(_line(index, number) for number in (1, 2, 3)),
            username=USERNAME,
            password=PASSWORD,
            delay=delay,
        )
        for index in range(count)
    ]


def _line(index: int, number: int) -> LineSpec:
    refused = number == 3 and index % 100 == 0
    return LineSpec(
        number=number,
        user=f"{index:05d}{number}",
        registrar="pbx.example",
        registration=Registration.FAILED if refused else Registration.REGISTERED,
        code=401 if refused else None,
    )


def _ticks(spec: PhoneSpec) -> Behaviour:
    before, _, after = benchmark_page(spec).encode().partition(FROZEN_CLOCK.encode())

    def respond(visit: Visit) -> Reply:
        now = datetime.now(UTC).strftime("%a %b %d %Y %H:%M:%S").encode()
        return guarded(visit, http("200 OK", before + now + after))

    return Behaviour(respond=respond)


async def _serve(count: int, delay: float, hosts: Path, *, ticking: bool) -> None:
    simulated = specs(count, delay)
    async with Simulator(simulated) as simulator:
        still = Behaviour(respond=shown(benchmark_page), steady=True)
        for index, spec in enumerate(simulated):
            simulator.phone(index).behaviour = _ticks(spec) if ticking else still
        _tell(hosts, simulator.hosts)
        await asyncio.to_thread(sys.stdin.read)  # until the benchmark is done, or dead


def _tell(path: Path, hosts: list[str]) -> None:
    path.write_text("\n".join(hosts), encoding="ascii")
    print("ready", flush=True)


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("delay", type=float)
    parser.add_argument("hosts", type=Path)
    parser.add_argument("--ticking", action="store_true")
    given = parser.parse_args()
    uvloop.run(_serve(given.count, given.delay, given.hosts, ticking=given.ticking))


if __name__ == "__main__":
    _main()
