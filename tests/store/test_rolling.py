"""Roll-outs, their proofs and the journal, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet.errors import RolloutRunning
from fleet.model import (
    JournalEntry,
    NewFile,
    Phone,
    Proof,
    ProofState,
    Rollout,
    RolloutState,
    RunBy,
)
from fleet.store import Holder, RolloutStart, Store
from tests.store.fleets import HOUR, MINUTE, START, add
from tests.store.test_together import together

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

ME = Holder.this_process()
ELSEWHERE = Holder(machine="elsewhere", pid=1)


def filled(store: Store, phones: int = 3) -> list[int]:
    ids = add(store, *(Phone(host=f"10.0.0.{number}") for number in range(phones)))
    file = NewFile(name="aastra.cfg", body=b"# nothing\n")
    store.revisions.apply([file], by="me", comment="", now=START, expected=0)
    return ids


def begun(store: Store, ids: Sequence[int]) -> Rollout:
    proofs = tuple(
        Proof(phone_id=phone_id, stage=stage, state=ProofState.WAITING)
        for stage, phone_id in enumerate(ids)
    )
    stages = tuple(f"stage {number}" for number in range(len(ids)))
    start = RolloutStart(revision=1, stages=stages, proofs=proofs, deadline=60.5, most_failures=2)
    return store.rollouts.begin(start, START)


def save(store: Store, rollout: Rollout, *changed: Proof, holder: Holder = ME) -> Rollout:
    return store.rollouts.save(rollout, changed, now=START, ttl=MINUTE, holder=holder)


def test_a_rollout_and_its_proofs_come_back_as_they_were_written(store: Store) -> None:
    ids = filled(store)
    rollout = begun(store, ids)
    assert rollout == Rollout(
        id=rollout.id,
        revision=1,
        state=RolloutState.RUNNING,
        began=START,
        stage_began=START,
        stages=("stage 0", "stage 1", "stage 2"),
        deadline=60.5,
        most_failures=2,
    )
    assert store.rollouts.get() == rollout
    assert [(proof.phone_id, proof.stage) for proof in store.rollouts.proofs(rollout.id)] == [
        (phone_id, stage) for stage, phone_id in enumerate(ids)
    ]


def test_no_rollout_begins_while_another_is_not_over(store: Store) -> None:
    ids = filled(store)
    first = begun(store, ids)
    with pytest.raises(
        RolloutRunning, match="of revision 1 is not finished, and no process runs it"
    ):
        begun(store, ids)
    assert store.rollouts.control(
        first.id, RolloutState.STOPPED, among=[RolloutState.RUNNING], why="enough", now=START
    )
    assert begun(store, ids).id > first.id


def test_one_process_runs_rollouts_until_it_leaves_or_its_time_is_up(store: Store) -> None:
    store.rollouts.take(now=START, ttl=MINUTE, holder=ELSEWHERE)
    assert store.rollouts.runner(START) == ELSEWHERE
    with pytest.raises(RolloutRunning, match="process 1 on elsewhere"):
        store.rollouts.take(now=START, ttl=MINUTE)
    store.rollouts.take(now=START + HOUR, ttl=MINUTE)
    store.rollouts.leave()
    assert store.rollouts.runner(START + HOUR) is None


GONE = Holder(machine="elsewhere", pid=2)


@pytest.mark.parametrize(
    ("run_by", "holder", "at", "is_taken"),
    [
        (RunBy.FOREGROUND, None, START, False),
        (RunBy.DAEMON, None, START, True),
        (RunBy.FOREGROUND, GONE, START, False),
        (RunBy.DAEMON, GONE, START, False),
        (RunBy.FOREGROUND, GONE, START + HOUR, True),
        (RunBy.DAEMON, GONE, START + HOUR, True),
    ],
    ids=[
        "ended in peace",
        "left to the daemon",
        "run in the foreground",
        "run by another daemon",
        "its command crashed",
        "its daemon crashed",
    ],
)
def test_a_daemon_takes_what_was_left_to_it_or_whose_runner_crashed(
    store: Store, run_by: RunBy, holder: Holder | None, at: datetime, is_taken: bool
) -> None:
    begun(store, filled(store))
    rollout = store.rollouts.get()
    assert rollout
    store.rollouts.steer(rollout.id, run_by=run_by)
    if holder is not None:
        store.rollouts.take(
            now=START, ttl=MINUTE, holder=holder, rollout_id=rollout.id, run_by=run_by
        )
    found = store.rollouts.to_take_over(at)
    assert (found is not None) is is_taken


@pytest.mark.parametrize(
    "state", [RolloutState.PAUSED, RolloutState.STOPPED, RolloutState.ROLLED_BACK]
)
def test_a_daemon_takes_none_that_does_not_run(store: Store, state: RolloutState) -> None:
    rollout = begun(store, filled(store))
    store.rollouts.steer(rollout.id, run_by=RunBy.DAEMON)
    store.rollouts.take(now=START, ttl=MINUTE, holder=GONE)
    running = RolloutState.RUNNING
    later = START + HOUR
    assert store.rollouts.control(rollout.id, state, among=[running], why="", now=later)
    assert store.rollouts.to_take_over(later) is None


def test_a_crash_of_before_says_nothing_of_what_is_resumed_by_a_person(store: Store) -> None:
    rollout = begun(store, filled(store))
    store.rollouts.take(now=START, ttl=MINUTE, holder=GONE)
    running, paused = RolloutState.RUNNING, RolloutState.PAUSED
    later = START + HOUR
    assert store.rollouts.control(rollout.id, paused, among=[running], why="", now=START)
    assert store.rollouts.control(rollout.id, running, among=[paused], why="", now=later)
    assert store.rollouts.to_take_over(later) is None


def test_how_fast_and_by_whom_is_said_anew_and_the_rest_stays(store: Store) -> None:
    rollout = begun(store, filled(store))
    store.rollouts.steer(rollout.id, at_once=3)
    store.rollouts.steer(rollout.id, run_by=RunBy.DAEMON)
    store.rollouts.steer(rollout.id)
    assert store.rollouts.get() == replace(rollout, at_once=3, run_by=RunBy.DAEMON)


def test_a_step_is_written_by_the_one_runner_alone(store: Store) -> None:
    ids = filled(store)
    rollout = begun(store, ids)
    store.rollouts.take(now=START, ttl=MINUTE)
    told = Proof(phone_id=ids[0], stage=0, state=ProofState.TOLD, told_at=START, how="asked")
    stepped = save(store, replace(rollout, stage=1), told)
    assert (stepped.stage, store.rollouts.get()) == (1, stepped)
    assert store.rollouts.proofs(rollout.id, states=[ProofState.TOLD]) == [told]
    with pytest.raises(RolloutRunning):
        save(store, replace(rollout, stage=2), replace(told, how="lost"), holder=ELSEWHERE)
    assert store.rollouts.proofs(rollout.id)[0] == told


def test_a_pause_outlasts_the_steps_of_the_runner(store: Store) -> None:
    ids = filled(store)
    rollout = begun(store, ids)
    store.rollouts.take(now=START, ttl=MINUTE)
    running, paused = RolloutState.RUNNING, RolloutState.PAUSED
    assert store.rollouts.control(rollout.id, paused, among=[running], why="lunch", now=START)
    assert not store.rollouts.control(rollout.id, paused, among=[running], why="", now=START)
    proof = Proof(phone_id=ids[0], stage=0, state=ProofState.PROVEN, proven_at=START)
    stepped = save(store, replace(rollout, stage=1), proof)
    assert (stepped.state, stepped.stage, stepped.why) == (paused, 0, "lunch")
    assert store.rollouts.proofs(rollout.id)[0] == proof


def test_a_phone_that_was_removed_meanwhile_costs_nothing(store: Store) -> None:
    ids = filled(store)
    rollout = begun(store, ids)
    store.rollouts.take(now=START, ttl=MINUTE)
    store.inventory.remove(ids[:1], START)
    told = Proof(phone_id=ids[0], stage=0, state=ProofState.TOLD, told_at=START)
    save(store, rollout, told)
    store.journal.add([JournalEntry(at=START, by="me", what="Told it.", phone_id=ids[0])])
    assert [proof.phone_id for proof in store.rollouts.proofs(rollout.id)] == ids[1:]
    assert store.journal.load(since=START)[0].phone_id is None


def test_of_many_who_do_the_same_at_once_one_may(store: Store) -> None:
    one, other = filled(store, 2)
    entry = JournalEntry(at=START, by="me", what="Asked it.", phone_id=one)
    told: list[bool] = []
    together(*[lambda: told.append(store.journal.add_once(entry, START - MINUTE))] * 8)
    assert sorted(told) == [False] * 7 + [True]
    assert store.journal.load(phone_id=one) == [entry]
    later = replace(entry, at=START + HOUR)
    assert store.journal.add_once(replace(entry, phone_id=other), START - MINUTE)
    assert store.journal.add_once(replace(entry, what="Asked another."), START - MINUTE)
    assert store.journal.add_once(later, later.at - MINUTE)


def test_the_journal_is_read_by_phone_and_time(store: Store) -> None:
    one, other, _ = filled(store)
    early = JournalEntry(at=START, by="me", what="Asked.", phone_id=one)
    late = JournalEntry(at=START + HOUR, by="me", what="Asked again.", phone_id=one)
    store.journal.add([early, late, JournalEntry(at=START, by="me", what="x", phone_id=other)])
    assert store.journal.load(phone_id=one) == [late, early]
    assert store.journal.load(phone_id=one, since=START + MINUTE) == [late]
