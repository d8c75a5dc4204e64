"""Two sweeps never overlap; one that was cut off is found and carried on with."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet.errors import SweepRunning, SweepTaken
from fleet.model import SweepCounts
from fleet.store import EventKind, Holder
from tests.store.fleets import HOUR, MINUTE, START

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.model import Sweep
    from fleet.store import Store

ME = Holder.this_process()
ELSEWHERE = Holder(machine="elsewhere", pid=1)


def begin(
    store: Store, now: datetime = START, holder: Holder = ME, slot: datetime | None = None
) -> Sweep:
    return store.sweeps.begin(
        trigger="test",
        selection="all",
        planned=3,
        now=now,
        ttl=MINUTE,
        holder=holder,
        schedule="sweep" if slot else None,
        planned_for=slot,
    )


def test_a_second_sweep_is_refused_and_told_who_sweeps(store: Store) -> None:
    begin(store, holder=ELSEWHERE)
    with pytest.raises(SweepRunning, match=r"2026-03-01 07:00:00 UTC \(process 1 on elsewhere\)"):
        begin(store)


def test_a_finished_sweep_makes_room_and_keeps_its_counts(store: Store) -> None:
    sweep = begin(store)
    counts = SweepCounts(ok=1, unreachable=2, backing_off=3)
    store.sweeps.finish(sweep.id, counts, START + MINUTE)
    assert store.sweeps.last() == replace(sweep, finished=START + MINUTE, counts=counts)
    assert begin(store).id > sweep.id


def test_an_expired_lease_is_taken_over_and_its_sweep_marked_as_cut_off(store: Store) -> None:
    first = begin(store, holder=ELSEWHERE)
    begin(store, now=START + 2 * MINUTE)
    with pytest.raises(SweepRunning):
        store.sweeps.renew_lease(first.id, now=START, ttl=MINUTE)
    assert [event.kind for event in store.events.load()] == [EventKind.SWEEP_INTERRUPTED]


def test_a_renewed_lease_lives_longer(store: Store) -> None:
    sweep = begin(store, holder=ELSEWHERE)
    store.sweeps.renew_lease(sweep.id, now=START + MINUTE, ttl=HOUR)
    with pytest.raises(SweepRunning):
        begin(store, now=START + 30 * MINUTE)


def test_a_holder_that_is_gone_from_this_machine_loses_its_lease_at_once(store: Store) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    first = begin(store, holder=replace(ME, pid=child.pid))
    assert begin(store).id > first.id


def test_a_process_that_took_the_holders_number_is_not_the_holder(store: Store) -> None:
    first = begin(store, holder=replace(ME, started="1"))
    assert ME.started == "" or begin(store).id > first.id


def test_a_holder_on_this_machine_before_its_restart_is_gone() -> None:
    assert not replace(ME, boot="before").is_surely_gone(ME) or ME.boot
    assert not replace(ME, namespace="another").is_surely_gone(ME)
    assert not ME.is_surely_gone(ME)


def test_a_cut_off_sweep_is_found_and_carried_on_with(store: Store) -> None:
    first = begin(store, holder=ELSEWHERE)
    later = START + 2 * MINUTE
    found = store.sweeps.interrupted("all", since=START - HOUR, now=later)
    assert found == replace(first, interrupted=True)
    assert store.sweeps.interrupted("site x", since=START - HOUR, now=later) is None
    assert store.sweeps.interrupted("all", since=later, now=later) is None
    assert store.sweeps.resume(first.id, now=later, ttl=MINUTE) == first
    assert store.sweeps.interrupted("all", since=START - HOUR, now=later) is None


def test_a_sweep_is_carried_on_with_once(store: Store) -> None:
    first = begin(store, holder=ELSEWHERE)
    later = START + 2 * MINUTE
    store.sweeps.interrupted("all", since=START, now=later)
    store.sweeps.resume(first.id, now=later, ttl=MINUTE)
    store.sweeps.finish(first.id, SweepCounts(), later)
    with pytest.raises(SweepRunning, match="continued that sweep"):
        store.sweeps.resume(first.id, now=later, ttl=MINUTE)


def test_a_sweep_that_is_stopped_in_order_can_be_carried_on_with(store: Store) -> None:
    sweep = begin(store)
    store.sweeps.finish(sweep.id, SweepCounts(ok=1), START, interrupted=True)
    found = store.sweeps.interrupted("all", since=START, now=START)
    assert found is not None
    assert (found.id, found.finished) == (sweep.id, None)


def test_of_many_that_begin_at_once_one_sweeps(store: Store) -> None:
    outcomes: list[bool] = []

    def attempt() -> None:
        try:
            begin(store, holder=ELSEWHERE)
        except SweepRunning:
            outcomes.append(False)
        else:
            outcomes.append(True)

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 5 + [True]


def test_a_holder_survives_being_written_down() -> None:
    assert Holder.parse(str(ME)) == ME
    assert Holder.parse(str(ELSEWHERE)) == ELSEWHERE


def test_a_sweep_that_ended_in_the_future_leaves_its_slot_to_the_one_of_now(store: Store) -> None:
    slot = START + HOUR
    before = begin(store, now=slot, slot=slot)
    store.sweeps.finish(before.id, SweepCounts(), slot + MINUTE)
    again = begin(store, now=slot, slot=slot)  # the clock was set back
    assert again.planned_for == slot
    assert again.id != before.id
    store.sweeps.finish(again.id, SweepCounts(), slot + MINUTE)
    with pytest.raises(SweepTaken):
        begin(store, now=slot + 2 * MINUTE, slot=slot)


def test_a_lease_of_a_clock_that_was_set_back_keeps_nobody_waiting(store: Store) -> None:
    begin(store, holder=ELSEWHERE, now=START)
    assert begin(store, now=START - HOUR - MINUTE).id
