"""Commands on a machine that runs out of descriptors, memory or threads."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.steps import LINE, Simulate, spec

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet

PHONES = 150
COMMAND = """
import resource, sys
import fleet.app, fleet.cli.poll
kind, limit = sys.argv[1], int(sys.argv[2])
if kind == "RLIMIT_AS":
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    limit += used
if limit >= 0:
    resource.setrlimit(getattr(resource, kind), (limit, limit))
sys.argv = ["fleet", *sys.argv[3:]]
from fleet.cli import main
main()
"""
NO_THREADS = """
import threading
begin = threading.Thread.start
def refuse(thread):
    raise RuntimeError("can't start new thread")
threading.Thread.start = refuse
"""


def limited(
    kind: str, limit: int, *words: str, before: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", before + COMMAND, kind, str(limit), *words],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def phones_of(fleet: Fleet, simulated: Simulate, count: int) -> None:
    phones = simulated([spec(n, LINE) for n in range(1, count + 1)])
    Path("phones.csv").write_text(phones.csv(), encoding="utf-8")
    assert fleet("init").code == 0
    assert fleet("inventory", "import", "phones.csv").code == 0


@pytest.mark.parametrize(
    ("kind", "limit"), [("RLIMIT_NOFILE", 64), ("RLIMIT_NOFILE", 256), ("RLIMIT_AS", 200_000_000)]
)
def test_a_sweep_fits_into_what_there_is(
    fleet: Fleet, simulated: Simulate, kind: str, limit: int
) -> None:
    phones_of(fleet, simulated, PHONES)

    ran = limited(kind, limit, "poll", "--json")

    assert ran.returncode == 0, ran.stderr
    sweep = json.loads(ran.stdout)["sweep"]
    assert (sweep["ok"], sweep["not_polled"]) == (PHONES, 0)


@pytest.mark.parametrize("limit", [12, 16, 20, 24, 28, 32])
def test_where_hardly_anything_is_left_nothing_false_is_recorded(
    fleet: Fleet, simulated: Simulate, limit: int
) -> None:
    phones_of(fleet, simulated, 5)

    ran = limited("RLIMIT_NOFILE", limit, "poll")

    assert ran.returncode in (0, 3)
    assert "Traceback" not in ran.stderr
    assert (ran.returncode == 3) == ("Error: " in ran.stderr), ran.stderr
    after = json.loads(fleet("status", "--format", "json").out)
    assert {phone["reach"] for phone in after["phones"]} <= {"ok", "", None}
    assert fleet("incidents").out.count("phone-") == 0


@pytest.mark.parametrize("spare", [2, 5, 10, 20, 40])
def test_without_memory_nothing_false_is_recorded(
    fleet: Fleet, simulated: Simulate, spare: int
) -> None:
    phones_of(fleet, simulated, 5)

    ran = limited("RLIMIT_AS", spare * 1_000_000, "poll")

    # A library written in Rust ends the process itself (SIGABRT) where it gets no memory.
    assert ran.returncode in (0, 3, -6), ran.stderr
    assert "Traceback" not in ran.stderr
    after = json.loads(fleet("status", "--format", "json").out)
    assert {phone["reach"] for phone in after["phones"]} <= {"ok", "", None}


def test_without_threads_a_command_says_so(fleet: Fleet, simulated: Simulate) -> None:
    phones_of(fleet, simulated, 2)

    ran = limited("RLIMIT_NOFILE", -1, "poll", before=NO_THREADS)

    assert ran.returncode == 3
    assert ran.stderr.splitlines()[-1].startswith("Error: This machine has no memory left")
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("command", ["poll", "audit"])
def test_without_a_network_the_phones_are_not_blamed(fleet: Fleet, command: str) -> None:
    alone = ("unshare", "--map-root-user", "--net")
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("no network namespace can be made here")
    Path("phones.csv").write_text("host\n192.0.2.77\n192.0.2.78\n", encoding="utf-8")
    assert fleet("init").code == 0
    assert fleet("inventory", "import", "phones.csv").code == 0

    ran = subprocess.run(
        [*alone, sys.executable, "-m", "fleet", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == 3, ran.stderr
    assert ran.stderr.splitlines()[-1] == (
        "Error: 2 of 2 phones could not be asked, and nothing was recorded about them. "
        "This machine has no network: check its interfaces and routes."
    )
    assert json.loads(fleet("status", "--format", "json").out)["phones"][0]["reach"] in ("", None)
