"""Planned sweeps and audits have exactly one runner, and what was missed is a fact."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fleet.errors import SweepRunning, SweepTaken
from fleet.model import MissedSweeps, Sweep, SweepCounts
from fleet.store import Holder
from tests.store.fleets import MINUTE, START

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.store import Store

TTL = timedelta(minutes=10)


def begin(store: Store, moment: object = START, **fields: object) -> Sweep:
    given = {"trigger": "schedule", "selection": "planned", "planned": 1, "now": START, "ttl": TTL}
    planned = {"schedule": "sweep", "planned_for": moment}
    return store.sweeps.begin(**given | planned | fields)  # type: ignore[arg-type]


def test_a_planned_sweep_is_begun_once(store: Store) -> None:
    sweep = begin(store)
    assert (sweep.schedule, sweep.planned_for) == ("sweep", START)
    with pytest.raises(SweepTaken):
        begin(store)
    store.sweeps.finish(sweep.id, SweepCounts(ok=1), START)
    with pytest.raises(SweepTaken):
        begin(store)
    begin(store, START + MINUTE)
    with pytest.raises(SweepRunning):
        begin(store, START + 2 * MINUTE)
    assert store.sweeps.planned("sweep", START) == [START, START + MINUTE]
    assert store.sweeps.last_planned("sweep") == START + MINUTE


def test_of_many_runners_one_sweeps(store: Store) -> None:
    def run(_: int) -> bool:
        try:
            begin(store)
        except (SweepTaken, SweepRunning):
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(run, range(6))) == 1


def test_a_planned_sweep_hears_that_somebody_waits(store: Store) -> None:
    sweep = begin(store)
    assert not store.sweeps.renew_lease(sweep.id, now=START, ttl=TTL)
    assert store.sweeps.want_lease(now=START, ttl=MINUTE)
    assert store.sweeps.renew_lease(sweep.id, now=START, ttl=TTL)
    assert not store.sweeps.renew_lease(sweep.id, now=START + 2 * MINUTE, ttl=TTL)


def test_a_sweep_that_somebody_asked_for_does_not_give_way(store: Store) -> None:
    begin(store, None, schedule=None)
    assert not store.sweeps.want_lease(now=START, ttl=MINUTE)


def test_what_was_missed_is_written_once(store: Store) -> None:
    missed = MissedSweeps(
        schedule="sweep",
        first=START,
        last=START + 2 * MINUTE,
        count=3,
        reason="fleet was not running",
    )
    store.sweeps.add_missed(missed)
    store.sweeps.add_missed(missed)
    assert store.sweeps.missed(START) == [missed]
    assert store.sweeps.missed(START + 3 * MINUTE) == []
    assert store.sweeps.last_planned("sweep") == START + 2 * MINUTE


def test_a_planned_audit_runs_once_and_is_remembered(store: Store) -> None:
    def start(planned: object = START) -> int | None:
        return store.audits.begin(
            trigger="schedule",
            selection="all",
            planned_for=planned,  # type: ignore[arg-type]
            now=START,
        )

    number = start()
    assert number is not None
    assert start() is None
    assert store.audits.last("all") is None
    assert store.audits.last_planned() is None
    store.audits.finish(number, sweep_id=None, findings=b"x", now=START)
    kept = store.audits.last("all")
    assert kept is not None
    assert kept.findings == b"x"
    assert store.audits.last_planned() == START
    by_hand = start(None)
    assert by_hand is not None
    store.audits.finish(by_hand, sweep_id=None, findings=b"y", now=START + MINUTE)
    assert store.audits.last("all", before_id=by_hand) == kept
    assert store.audits.last("site berlin") is None


def test_an_audit_whose_runner_died_is_begun_anew(store: Store) -> None:
    me = Holder.this_process()
    dead = replace(me, pid=2**22 + 1)

    def start(holder: Holder, at: datetime = START) -> int | None:
        return store.audits.begin(
            trigger="schedule", selection="all", planned_for=START, now=at, holder=holder
        )

    number = start(dead)
    assert number is not None
    assert start(me) == number
    assert start(me) is None
    elsewhere = replace(me, machine="another")
    assert start(elsewhere) is None
    assert start(elsewhere, START + timedelta(hours=7)) == number
    store.audits.finish(number, sweep_id=None, findings=b"x", now=START)
    assert start(me, START + timedelta(days=1)) is None


def test_sweeps_are_given_in_order(store: Store) -> None:
    for minute in range(3):
        at = START + minute * MINUTE
        sweep = begin(store, at, now=at)
        store.sweeps.finish(sweep.id, SweepCounts(ok=1), at)
    assert [each.started for each in store.sweeps.load(since=START + MINUTE)] == [
        START + MINUTE,
        START + 2 * MINUTE,
    ]
