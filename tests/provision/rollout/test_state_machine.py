"""Roll-outs go stage by stage, stop at the limit, and go on from whatever was written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import Proof, ProofState, Rollout, RolloutState
from fleet.provision.rollout import Observation
from fleet.provision.rollout.state_machine import (
    ASKING,
    ASKING_AGAIN,
    FINAL,
    Pace,
    Step,
    advance,
    not_reached,
    refused,
    untold,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

START = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PACE = Pace(at_once=3, patience=20 * SECOND, settle=5 * SECOND, grace=10 * SECOND)
ROLLOUT = Rollout(
    id=1,
    revision=7,
    state=RolloutState.RUNNING,
    began=START,
    stages=("canaries", "Berlin", "the rest"),
    deadline=100,
)
NOBODY: Mapping[int, tuple[int, ...]] = {}
TOLD = Proof(phone_id=1, stage=0, state=ProofState.TOLD, told_at=START, how="SIP NOTIFY")
FETCHED = replace(TOLD, state=ProofState.FETCHED, fetched_at=START + 10 * SECOND)


def waiting(phone_id: int, stage: int = 0) -> Proof:
    return Proof(phone_id=phone_id, stage=stage, state=ProofState.WAITING)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def step(
    *proofs: Proof,
    at: float = 0,
    observations: Mapping[int, Observation] | None = None,
    rollout: Rollout = ROLLOUT,
    under_way: tuple[int, ...] = (),
    asked_lately: tuple[int, ...] = (),
    resting: tuple[int, ...] = (),
    companions: Mapping[int, tuple[int, ...]] = NOBODY,
) -> Step:
    return advance(
        rollout,
        {proof.phone_id: proof for proof in proofs},
        observations or {},
        now=after(at),
        pace=PACE,
        under_way=under_way,
        asked_lately=asked_lately,
        resting=resting,
        companions=companions,
    )


def test_a_phone_is_written_down_as_told_before_it_is_told():
    taken = step(waiting(1), waiting(2, stage=1))
    assert taken.tell == (1,)
    assert taken.changed == (replace(TOLD, how=ASKING),)


def test_no_more_are_told_than_may_be_at_once():
    assert step(*(waiting(number) for number in range(9))).tell == (0, 1, 2)
    told = [replace(TOLD, phone_id=number) for number in (1, 2)]
    assert step(*told, waiting(3), waiting(4), at=1).tell == (3,)


def test_companions_are_told_with_a_phone_however_many_they_are():
    four = [waiting(number) for number in range(1, 5)]
    assert step(*four, companions={1: (4, 9)}).tell == (1, 2, 3, 4)
    told = [replace(TOLD, phone_id=number) for number in (5, 6)]
    taken = step(*told, *four, companions={1: (2, 5)}, at=1)
    assert taken.tell == (1, 2), "who was told is not told again"


def test_who_surely_was_not_told_waits_again_at_once():
    asking = replace(TOLD, how=ASKING_AGAIN)
    assert untold(asking) == waiting(1)
    assert untold(FETCHED) is FETCHED
    assert step(untold(asking), at=500).tell == (1,)


def test_a_phone_that_is_refused_what_it_needs_counts_as_failed():
    taken = step(refused(TOLD, "No."), waiting(2, stage=1), at=1)
    assert taken.rollout.state is RolloutState.STOPPED
    assert taken.rollout.why.endswith("The first: No.")


def test_one_that_keeps_silent_is_not_waited_for_for_ever():
    told = [replace(TOLD, phone_id=number) for number in (1, 2, 3)]
    assert step(*told, waiting(4), at=19).tell == ()
    assert step(*told, waiting(4), at=20).tell == (4,)


def test_a_fetch_of_before_it_was_told_proves_nothing():
    assert step(TOLD, at=1, observations={1: Observation(fetched_at=after(-1))}).changed == ()


def test_a_fetch_of_the_expected_bytes_is_half_the_proof():
    assert step(TOLD, at=11, observations={1: Observation(fetched_at=after(10))}).changed == (
        FETCHED,
    )


@pytest.mark.parametrize(
    ("polled", "registered", "state"),
    [
        (9, True, ProofState.FETCHED),
        (14, True, ProofState.FETCHED),
        (15, True, ProofState.PROVEN),
        (15, False, ProofState.FETCHED),
    ],
)
def test_a_poll_counts_from_a_while_after_the_fetch(
    polled: float, registered: bool, state: ProofState
):
    observation = Observation(fetched_at=after(10), polled_at=after(polled), registered=registered)
    taken = step(FETCHED, waiting(2), at=20, observations={1: observation})
    found = {proof.phone_id: proof for proof in taken.changed}.get(1, FETCHED)
    assert found.state is state


def test_who_fetches_again_has_to_be_polled_after_that():
    observation = Observation(fetched_at=after(30), polled_at=after(20), registered=True)
    (proof,) = step(FETCHED, at=31, observations={1: observation}).changed
    assert (proof.state, proof.fetched_at) == (ProofState.FETCHED, after(30))


def test_who_does_not_fetch_in_time_has_failed_and_the_rollout_stops_and_says_why():
    taken = step(TOLD, waiting(2, stage=1), at=100)
    assert taken.changed[0].state is ProofState.FAILED
    assert taken.rollout.state is RolloutState.STOPPED
    assert taken.rollout.why == (
        "1 phone of stage canaries failed (allowed: 0). The first: It did not fetch its new "
        "configuration in time (SIP NOTIFY)."
    )
    assert taken.tell == ()


def test_one_last_poll_after_the_deadline_decides():
    wrong = Observation(fetched_at=after(10), polled_at=after(99), wrong="line 1: 401 Unauthorized")
    assert step(FETCHED, at=101, observations={1: wrong}).changed == ()
    late = replace(wrong, polled_at=after(100))
    (proof,) = step(FETCHED, at=101, observations={1: late}).changed
    assert proof.state is ProofState.FAILED
    assert proof.detail == "It fetched its configuration, but then: line 1: 401 Unauthorized."


def test_who_cannot_be_polled_has_failed_at_twice_the_deadline():
    observation = Observation(fetched_at=after(10))
    assert step(FETCHED, at=199, observations={1: observation}).changed == ()
    assert (
        step(FETCHED, at=200, observations={1: observation}).changed[0].state is ProofState.FAILED
    )


def test_failures_up_to_the_limit_let_the_next_stage_begin():
    lenient = replace(ROLLOUT, most_failures=1)
    failed = replace(TOLD, state=ProofState.FAILED)
    taken = step(failed, waiting(2, stage=1), rollout=lenient, at=50)
    assert (taken.rollout.stage, taken.rollout.stage_began) == (1, after(50))
    assert taken.tell == (2,)


def test_the_last_stage_ends_it():
    proven = replace(FETCHED, state=ProofState.PROVEN)
    taken = step(proven, replace(proven, phone_id=2, stage=2), at=50)
    assert (taken.rollout.state, taken.rollout.ended) == (RolloutState.DONE, after(50))


def test_the_last_of_two_stages_is_the_last() -> None:
    two = replace(ROLLOUT, stages=("canaries", "the rest"), stage=1)
    proven = replace(FETCHED, state=ProofState.PROVEN)
    taken = step(proven, replace(proven, phone_id=2, stage=1), rollout=two, at=50)
    assert (taken.rollout.state, taken.rollout.stage) == (RolloutState.DONE, 1)


def test_who_was_being_told_when_we_died_is_told_once_more_for_each_time():
    asking = replace(TOLD, how=ASKING)
    assert step(asking, at=9).tell == ()
    assert step(asking, at=10, under_way=(1,)).tell == ()
    again = step(asking, at=10)
    assert again.tell == (1,)
    (proof,) = again.changed
    assert (proof.how, proof.told_at) == (ASKING_AGAIN, after(10))
    assert step(proof, at=19).tell == ()
    answered = replace(proof, how="SIP NOTIFY")
    assert step(answered, at=40).tell == ()
    assert step(answered, at=110).changed[0].state is ProofState.FAILED
    assert step(proof, at=20).tell == (1,), "nobody knows this time either"


def test_a_paused_rollout_goes_on_proving_and_tells_nobody():
    observation = Observation(fetched_at=after(10), polled_at=after(15), registered=True)
    paused = replace(ROLLOUT, state=RolloutState.PAUSED)
    taken = step(FETCHED, waiting(2), at=20, observations={1: observation}, rollout=paused)
    assert [proof.state for proof in taken.changed] == [ProofState.PROVEN]
    assert taken.tell == ()


@dataclass
class World:
    """Phones that are told, do or do not what they are told, and runners that die."""

    fates: dict[int, str]
    told: dict[int, list[datetime]] = field(default_factory=dict)

    def observation(self, phone_id: int, now: datetime) -> Observation:
        times = self.told.get(phone_id)
        if not times or self.fates[phone_id] == "deaf":
            return Observation(polled_at=now)
        fetched = times[-1] + 2 * SECOND
        if now < fetched:
            return Observation(polled_at=now)
        good = self.fates[phone_id] == "good"
        return Observation(fetched_at=fetched, polled_at=now, registered=good, wrong="401")


@given(
    fates=st.lists(st.sampled_from(["good", "good", "good", "deaf", "wrong"]), max_size=12),
    stages=st.lists(st.integers(0, 2), min_size=12, max_size=12),
    most_failures=st.integers(0, 3),
    deaths=st.lists(st.sampled_from(["", "", "before telling", "after telling"]), max_size=40),
)
def test_stages_come_in_order_and_nobody_is_told_without_need_whenever_the_runner_dies(
    fates: list[str], stages: list[int], most_failures: int, deaths: list[str]
):
    world = World(dict(enumerate(fates)))
    rollout = replace(ROLLOUT, most_failures=most_failures)
    proofs = {n: waiting(n, stage=stages[n]) for n in world.fates}
    under_way: set[int] = set()
    cut_off: Counter[int] = Counter()
    now = START
    for tick in range(400):
        observations = {n: world.observation(n, now) for n in proofs}
        taken = advance(rollout, proofs, observations, now=now, pace=PACE, under_way=under_way)
        assert taken.rollout.stage >= rollout.stage
        for number in taken.tell:
            assert proofs[number].stage == taken.rollout.stage
        rollout = taken.rollout
        proofs |= {proof.phone_id: proof for proof in taken.changed}
        before = [proof for proof in proofs.values() if proof.stage < rollout.stage]
        assert all(proof.state in FINAL for proof in before)
        death = deaths[tick] if tick < len(deaths) else ""
        under_way = set(taken.tell)
        if death != "before telling":
            for number in taken.tell:
                world.told.setdefault(number, []).append(now)
        if death:
            cut_off.update(under_way)
            under_way = set()
        elif under_way:
            proofs |= {n: replace(proofs[n], how="SIP NOTIFY") for n in under_way}
            under_way = set()
        if rollout.state is not RolloutState.RUNNING:
            break
        now += 2 * SECOND
    else:
        pytest.fail("it did not come to an end")
    for number, times in world.told.items():
        assert len(times) <= 1 + cut_off[number]
    failed = {n: p for n, p in proofs.items() if p.state is ProofState.FAILED}
    here = [p for p in failed.values() if p.stage == rollout.stage]
    if rollout.state is RolloutState.DONE:
        assert all(proof.state in FINAL for proof in proofs.values())
        assert all(
            proofs[n].state is ProofState.PROVEN
            for n, fate in world.fates.items()
            if fate == "good" and n not in failed
        )
    else:
        assert len(here) > most_failures
        later = [p for p in proofs.values() if p.stage > rollout.stage]
        assert all(proof.state is ProofState.WAITING for proof in later)
    assert all(world.fates[n] != "good" or n in cut_off for n in failed)


REFUSED = Observation(
    fetched_at=FETCHED.fetched_at,
    polled_at=after(20),
    is_reached=True,
    refused=True,
    wrong="line 1 is failed (401)",
)


def test_a_canary_that_is_refused_fails_at_once_and_others_at_their_deadline() -> None:
    canary = step(FETCHED, waiting(2, 1), at=20, observations={1: REFUSED})
    assert canary.rollout.state is RolloutState.STOPPED
    assert "line 1 is failed (401)" in canary.rollout.why
    later = replace(FETCHED, stage=1)
    assert step(later, at=20, observations={1: REFUSED}).changed == ()


def test_what_was_seen_before_the_phone_settled_refuses_nothing() -> None:
    early = replace(REFUSED, polled_at=after(12))
    assert step(FETCHED, waiting(2, 1), at=20, observations={1: early}).changed == ()


def test_one_in_trouble_before_is_set_apart_and_does_not_count() -> None:
    troubled = replace(FETCHED, trouble="line 1 is failed (403)")
    observed = {1: replace(REFUSED, polled_at=after(100))}
    taken = step(troubled, waiting(2), at=101, observations=observed)
    (apart,) = (proof for proof in taken.changed if proof.phone_id == 1)
    assert apart.state is ProofState.ABSENT
    assert "in trouble before the roll-out (line 1 is failed (403))" in apart.detail
    assert taken.rollout.state is RolloutState.RUNNING


ABSENT = Proof(phone_id=1, stage=2, state=ProofState.ABSENT, trouble="no answer")


def test_an_absent_phone_is_not_waited_for() -> None:
    proven = replace(FETCHED, phone_id=2, state=ProofState.PROVEN)
    assert step(ABSENT, proven).rollout.state is RolloutState.DONE


def test_an_absent_phone_waits_for_its_turn_once_a_poll_reads_it() -> None:
    back = Observation(polled_at=after(30), is_reached=True)
    taken = step(ABSENT, waiting(2), at=31, observations={1: back})
    assert next(p for p in taken.changed if p.phone_id == 1) == waiting(1, 2)
    before = replace(back, polled_at=after(-30))
    silent = replace(back, is_reached=False)
    for observed in (before, silent):
        assert step(ABSENT, at=31, observations={1: observed}).changed == ()


def test_an_absent_phone_that_fetched_by_itself_is_not_told() -> None:
    booted = Observation(fetched_at=after(30), polled_at=after(31), is_reached=True)
    taken = step(ABSENT, waiting(2), at=31, observations={1: booted})
    (one,) = (proof for proof in taken.changed if proof.phone_id == 1)
    assert (one.state, one.fetched_at) == (ProofState.FETCHED, after(30))
    assert 1 not in taken.tell


def test_one_that_no_way_reached_is_asked_again_until_its_time_is_over() -> None:
    missed = not_reached(TOLD, "nobody answers")
    assert step(missed, at=30, asked_lately=(1,)).tell == ()
    again = step(missed, at=30)
    assert again.tell == (1,)
    assert again.changed == (replace(TOLD, how=ASKING),), "its time began with the first try"
    assert step(missed, at=100).tell == ()


def test_one_that_was_not_reached_and_fetched_all_the_same_goes_on() -> None:
    missed = not_reached(TOLD, "nobody answers")
    booted = Observation(fetched_at=after(50))
    (one,) = step(missed, at=60, asked_lately=(1,), observations={1: booted}).changed
    assert one.state is ProofState.FETCHED


def test_only_canaries_and_the_end_wait_for_one_that_was_not_reached() -> None:
    missed = not_reached(replace(TOLD, stage=1), "nobody answers")
    here = replace(ROLLOUT, stage=1)
    assert step(missed, waiting(2, 2), at=9, asked_lately=(1,), rollout=here).rollout.stage == 2
    last = replace(ROLLOUT, stage=2)
    late = replace(missed, stage=2)
    assert step(late, at=9, asked_lately=(1,), rollout=last).rollout.state is RolloutState.RUNNING
    assert step(late, at=100, rollout=last).rollout.state is RolloutState.DONE


def test_canaries_of_whom_none_could_be_asked_stop_it_unless_so_many_may_fail() -> None:
    missed = not_reached(TOLD, "nobody answers")
    stopped = step(missed, waiting(2, 1), at=100).rollout
    assert (stopped.state, stopped.stage) == (RolloutState.STOPPED, 0)
    assert "No phone of stage canaries could be proven" in stopped.why
    allowed = replace(ROLLOUT, most_failures=1)
    assert step(missed, waiting(2, 1), at=100, rollout=allowed).rollout.stage == 1


def test_nobody_is_asked_before_the_time_that_was_set() -> None:
    later = replace(ROLLOUT, not_before=after(60))
    assert step(waiting(1), at=59, rollout=later).tell == ()
    assert step(waiting(1), at=60, rollout=later).tell == (1,)


def test_who_rests_is_not_asked_and_its_stage_waits() -> None:
    taken = step(waiting(1), waiting(2), waiting(3, 1), resting=(1,))
    assert taken.tell == (2,)
    assert taken.rollout.stage == 0
    assert step(waiting(1), resting=(1,), companions={2: (1,)}).tell == ()
    assert step(replace(TOLD, how=ASKING), at=500, resting=(1,)).tell == ()
