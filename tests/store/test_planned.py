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
    return store.begin_sweep(**given | planned | fields)  # type: ignore[arg-type]


def test_a_planned_sweep_is_begun_once(store: Store) -> None:
    sweep = begin(store)
    assert (sweep.schedule, sweep.planned_for) == ("sweep", START)
    with pytest.raises(SweepTaken):
        begin(store)
    store.finish_sweep(sweep.id, SweepCounts(ok=1), START)
    with pytest.raises(SweepTaken):
        begin(store)
    begin(store, START + MINUTE)
    with pytest.raises(SweepRunning):
        begin(store, START + 2 * MINUTE)
    assert store.planned_sweeps("sweep", START) == [START, START + MINUTE]
    assert store.last_planned_sweep("sweep") == START + MINUTE


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
    assert not store.renew_lease(sweep.id, now=START, ttl=TTL)
    assert store.want_lease(now=START, ttl=MINUTE)
    assert store.renew_lease(sweep.id, now=START, ttl=TTL)
    assert not store.renew_lease(sweep.id, now=START + 2 * MINUTE, ttl=TTL)


def test_a_sweep_that_somebody_asked_for_does_not_give_way(store: Store) -> None:
    begin(store, None, schedule=None)
    assert not store.want_lease(now=START, ttl=MINUTE)


def test_what_was_missed_is_written_once(store: Store) -> None:
    missed = MissedSweeps(
        schedule="sweep",
        first=START,
        last=START + 2 * MINUTE,
        count=3,
        reason="fleet was not running",
    )
    store.add_missed(missed)
    store.add_missed(missed)
    assert store.missed(START) == [missed]
    assert store.missed(START + 3 * MINUTE) == []
    assert store.last_planned_sweep("sweep") == START + 2 * MINUTE


def test_a_planned_audit_runs_once_and_is_remembered(store: Store) -> None:
    def start(planned: object = START) -> int | None:
        return store.begin_audit(
            trigger="schedule",
            selection="all",
            planned_for=planned,  # type: ignore[arg-type]
            now=START,
        )

    number = start()
    assert number is not None
    assert start() is None
    assert store.last_audit("all") is None
    assert store.last_planned_audit() is None
    store.finish_audit(number, sweep_id=None, findings=b"x", now=START)
    kept = store.last_audit("all")
    assert kept is not None
    assert kept.findings == b"x"
    assert store.last_planned_audit() == START
    by_hand = start(None)
    assert by_hand is not None
    store.finish_audit(by_hand, sweep_id=None, findings=b"y", now=START + MINUTE)
    assert store.last_audit("all", before_id=by_hand) == kept
    assert store.last_audit("site berlin") is None


def test_an_audit_whose_runner_died_is_begun_anew(store: Store) -> None:
    me = Holder.this_process()
    dead = replace(me, pid=2**22 + 1)

    def start(holder: Holder, at: datetime = START) -> int | None:
        return store.begin_audit(
            trigger="schedule", selection="all", planned_for=START, now=at, holder=holder
        )

    number = start(dead)
    assert number is not None
    assert start(me) == number
    assert start(me) is None
    elsewhere = replace(me, machine="another")
    assert start(elsewhere) is None
    assert start(elsewhere, START + timedelta(hours=7)) == number
    store.finish_audit(number, sweep_id=None, findings=b"x", now=START)
    assert start(me, START + timedelta(days=1)) is None


def test_sweeps_are_given_in_order(store: Store) -> None:
    for minute in range(3):
        at = START + minute * MINUTE
        sweep = begin(store, at, now=at)
        store.finish_sweep(sweep.id, SweepCounts(ok=1), at)
    assert [each.started for each in store.sweeps(since=START + MINUTE)] == [
        START + MINUTE,
        START + 2 * MINUTE,
    ]
