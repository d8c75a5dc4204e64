"""Counts and pages of what is flagged, read from the rows of findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fleet.findings import Judge
from fleet.judge import FLAGGING
from fleet.model import Phone, Reason, Registration, Site
from fleet.provision.file_states import FileStates
from fleet.store import Change
from tests.store.fleets import START, bad, good, judged, line

if TYPE_CHECKING:
    from fleet.store import Store

FAILED = {"state": Registration.FAILED, "code": 401}


@pytest.fixture
def ids(store: Store) -> list[int]:
    """Four phones: one well and on the backup, one refused, one not reachable, one not polled."""
    sites = [Site(name="berlin"), Site(name="paris")]
    phones = [
        Phone(host=f"10.0.0.{n}", name=f"desk{n}", site="paris" if n == 1 else "berlin")
        for n in (1, 2, 3, 4)
    ]
    store.inventory.apply(sites, [Change(id=None, phone=each) for each in phones])
    found = [store.phones.find(each.host) for each in phones]
    sweep = store.sweeps.begin(
        trigger="test", selection="", planned=4, now=START, ttl=timedelta(hours=9)
    )
    judge = Judge(rules={}, files=FileStates(store, stale_after=timedelta(hours=1), versions={}))
    for minute in (0, 1):
        at, known = START + minute * timedelta(minutes=1), store.observations.known()
        backup = replace(line(2), backup=True)
        refused = line(1, **FAILED)  # type: ignore[arg-type]
        gone = (
            bad(known[found[2]], at, Reason.NO_ANSWER)
            if minute
            else good(known[found[2]], at, line(1), replace(refused, number=2))
        )
        batch = [
            good(known[found[0]], at, line(1), backup),
            good(known[found[1]], at, refused, line(2)),
            gone,
        ]
        store.observations.record(sweep.id, [judged(judge, each) for each in batch], judge.step)
    return found


def test_lines_are_counted_by_where_they_are_registered_and_whether_they_were_read(
    store: Store, ids: list[int]
) -> None:
    states = store.observations.count()
    assert states.phones == {"ok": 2, "unreachable": 1, "not-polled": 1}
    assert states.lines == {"registered": 3, "failed": 1, "not-read": 2}
    assert states.on_backup == 1


def test_a_place_is_flagged_once_and_only_by_what_can_be_seen(store: Store, ids: list[int]) -> None:
    found = store.findings.flagged(FLAGGING, limit=10)
    assert found.places == ((ids[1], 1), (ids[2], 0), (ids[0], 2))
    assert (found.total, found.everywhere) == (3, 3)
    assert found.sites == ("berlin", "paris")
    assert set(found.rules) == {"line-failed", "phone-unreachable", "line-on-backup"}
    assert store.findings.flagged_phones(FLAGGING) == set(ids[:3])
    assert [s.stored.id for s in store.observations.statuses(flagged_by={"line-on-backup"})] == [
        ids[0]
    ]


def test_pages_of_what_is_flagged_are_chosen_by_site_rule_and_text(
    store: Store, ids: list[int]
) -> None:
    assert store.findings.flagged(FLAGGING, site="paris", limit=10).places == ((ids[0], 2),)
    assert store.findings.flagged(FLAGGING, rule="line-failed", limit=10).places == ((ids[1], 1),)
    assert store.findings.flagged(FLAGGING, text="DESK3", limit=10).places == ((ids[2], 0),)
    assert store.findings.flagged(FLAGGING, rule="nothing", limit=10).places == ()
    second = store.findings.flagged(FLAGGING, limit=1, offset=1)
    assert (second.places, second.total, second.everywhere) == (((ids[2], 0),), 3, 3)
