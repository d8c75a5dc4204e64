"""Killed at any moment of sweep, judgement or delivery: nothing is lost, nothing wrongly resolved.

FLEET_TEST_KILLS=200 makes it as many as one likes.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet.judge import LINE_FLAPPING
from fleet.model import DeliveryState, IncidentState
from fleet.store import Store
from tests.alert.servers import webhook
from tests.watch.child import dead_registrars, troubles
from tests.watch.world import INTERVAL, START, registrar_of

if TYPE_CHECKING:
    from datetime import datetime

KILLS = int(os.environ.get("FLEET_TEST_KILLS", "4"))
LONGEST = 1.5  # seconds from the first sweep to the kill
ROOT = Path(__file__).resolve().parents[2]


def child(database_url: str, hook: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.watch.child", database_url, hook, *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def killed_at_random(database_url: str, hook: str, chance: random.Random) -> None:
    """Let it watch for a while, then kill it."""
    watching = child(database_url, hook)
    assert watching.stdout
    assert watching.stdout.readline(), watching.communicate()[1]
    time.sleep(chance.uniform(0, LONGEST))  # the moment is what is tried
    watching.kill()
    watching.communicate()


@pytest.mark.timeout(240 + 30 * KILLS)
def test_no_notice_is_lost_and_none_is_wrong(database_url: str) -> None:
    chance = random.Random(time.time_ns())
    with webhook() as hook:
        url = f"json://127.0.0.1:{hook.port}/"
        for _ in range(KILLS):
            killed_at_random(database_url, url, chance)
        ended = child(database_url, url, "--finish")
        numbers, said = ended.communicate()
        assert ended.returncode == 0, said
        well_from = int(numbers.split()[0])
        received = set(hook.keys)

    store = Store.open(database_url, keyring=None)
    assert store.check() == []
    assert store.findings.incidents(open_only=True, pending=True) == []
    assert store.alerts.unhandled_notices() == []
    deliveries = store.alerts.deliveries(limit=100_000)
    assert {each.state for each in deliveries} <= {DeliveryState.SENT}
    assert {each.alert.key for each in deliveries} == received
    told = store.findings.incidents()
    assert told
    for incident in told:
        assert incident.state is IncidentState.RESOLVED
        if incident.rule == LINE_FLAPPING:
            continue  # it begins and ends by how often a line changes, not by how it is
        assert incident.resolved
        over, began = number_at(incident.resolved), number_at(incident.first_seen)
        assert incident.phone_id
        assert incident.line
        is_over = over >= well_from or not is_bad(over, incident.phone_id, incident.line)
        assert is_over, "it was still so"
        assert is_bad(began, incident.phone_id, incident.line), "there was nothing"
    assert store.alerts.open_causes() == []
    store.close()


def number_at(moment: datetime) -> int:
    """The number of the sweep that saw it."""
    return int((moment - START) / INTERVAL)


def is_bad(number: int, phone_id: int, line: int) -> bool:
    """Whether the line was refused in that sweep, or its registrar dead."""
    return (phone_id, line) in troubles(number) or (
        registrar_of(phone_id, 2) in dead_registrars(number)
    )
