"""A process killed in the middle of writing loses nothing that was written before."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from fleet.model import Phone
from fleet.store import Store
from tests.store.fleets import START, Sweeping, add

if TYPE_CHECKING:
    from fleet.store import Keyring

PHONES = 40
KILLS = 15  # on each database

# Polls all phones again and again, every time with other lines, and says what is written.
_POLLER = """
import sys
from datetime import timedelta
from fleet.model import Registration
from fleet.store import Store
from tests.store.fleets import MINUTE, START, Sweeping, good, line, page

store = Store.open(sys.argv[1], keyring=None)
sweeping = Sweeping(store, START)
minute = 0
while True:
    minute += 1
    at = START + minute * MINUTE
    shown = [line(n, code=minute) for n in (1, 2, 3)]
    sweeping.write(*(
        good(known, at, *shown, evidence=page(at, b"x" * 3000))
        for known in list(sweeping.known.values())
    ))
    print(minute, flush=True)
"""


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_kill_at_any_moment_loses_nothing_already_written(
    database_url: str, keyring: Keyring, seed: int
) -> None:
    store = Store.open(database_url, keyring=keyring)
    add(store, *(Phone(host=f"10.0.0.{number}") for number in range(PHONES)))
    store.close()
    written = kill_a_poller(database_url, random.Random(seed))

    store = Store.open(database_url, keyring=keyring)
    assert store.check() == []
    statuses = list(store.observations.statuses())
    codes = {one.line.code for status in statuses for one in status.lines}
    assert len(codes) == 1, "a batch is written whole or not at all"
    assert codes.pop() >= written
    cut_off = store.sweeps.interrupted("", since=START, now=START)
    assert cut_off is not None
    Sweeping(store).finish()
    store.close()


def kill_a_poller(url: str, chance: random.Random) -> int:
    """Start one, kill it at a random moment of its writing, give the last batch it reported."""
    poller = subprocess.Popen([sys.executable, "-c", _POLLER, url], stdout=subprocess.PIPE)
    assert poller.stdout is not None
    last = 0
    for _ in range(chance.randint(1, 4)):
        last = int(poller.stdout.readline())
    try:
        poller.wait(chance.uniform(0, 0.02))
    except subprocess.TimeoutExpired:
        poller.send_signal(signal.SIGKILL)
    rest, _ = poller.communicate()
    return int(rest.split()[-1]) if rest.split() else last
