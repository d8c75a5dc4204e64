"""How a roll-out goes on: from what is written of it, and what was seen, to the next step (pure).

    waiting -- told of it --> told -- fetched the expected bytes --> fetched -- seen --> proven

and from told or fetched to failed, once the deadline has passed; a canary that is refused by its
registrar fails at once. A phone that could be asked in no way is not reached, and asked again. One
that was in trouble before is set apart as absent where it would fail; one that was out of reach
begins so, and waits for its turn once it is seen again. Where the changes may lead a phone away, it
is told a second time once its lines are registered, and proven by that fetch.

All that a step needs is in the database: whoever is killed between two steps is followed by one
who takes the same next step. A phone is written down as told before it is told. Where nothing is
written of how that ended, nobody knows whether it was told, and it is told once more, for each
runner that was cut off at that very moment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from fleet.model import ProofState, RolloutState
from fleet.provision.rollout.proof import Observation, counts_from, proven

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from fleet.model import Proof, Rollout

ASKING = "being asked"
ASKING_AGAIN = "being asked again, for whoever asked it before was cut off"
_NONE: Mapping[int, Collection[int]] = MappingProxyType({})
FINAL = frozenset({ProofState.PROVEN, ProofState.FAILED, ProofState.SKIPPED, ProofState.ABSENT})
OBSERVED = frozenset(
    {ProofState.TOLD, ProofState.FETCHED, ProofState.NOT_REACHED, ProofState.ABSENT}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How fast phones are told.

    At most `at_once` are told and have not fetched; one that has not after `patience` is not
    waited for with that any more. A poll counts from `settle` after the fetch, or from a push after
    it. A phone of which nobody knows whether it was told is told again after `grace`.
    """

    at_once: int = 50
    patience: timedelta = timedelta(minutes=5)
    settle: timedelta = timedelta(seconds=30)
    grace: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What is to be written, and who is to be told once it is."""

    rollout: Rollout
    changed: tuple[Proof, ...] = ()
    tell: tuple[int, ...] = ()


def advance(
    rollout: Rollout,
    proofs: Mapping[int, Proof],
    observations: Mapping[int, Observation],
    *,
    now: datetime,
    pace: Pace,
    under_way: Collection[int] = (),
    asked_lately: Collection[int] = (),
    resting: Collection[int] = (),
    companions: Mapping[int, Collection[int]] = _NONE,
) -> Step:
    """The next step. `under_way` are phones that are being told by us at this moment.

    `asked_lately` are those whom it is too early to ask again where no way was accepted, `resting`
    those whom nobody may ask now.

    A roll-out that is paused goes on proving phones that were told, and tells nobody.
    `companions` are those who are told with a phone or not at all, however many that are.
    """
    known = dict(proofs)
    for proof in proofs.values():
        observation = observations.get(proof.phone_id)
        if proof.state is ProofState.ABSENT and observation is not None:
            known[proof.phone_id] = _seen_again(proof, observation, rollout)
        elif proof.state in OBSERVED:
            observation = observation or Observation()
            known[proof.phone_id] = _judged(proof, observation, rollout, now, pace, under_way)
    rollout = _moved_on(rollout, known.values(), now)
    tell: tuple[int, ...] = ()
    is_time = rollout.not_before is None or now >= rollout.not_before
    if rollout.state is RolloutState.RUNNING and is_time:
        spared = {*under_way, *asked_lately, *resting}
        awake = [proof for proof in known.values() if proof.phone_id not in resting]
        chosen = tuple(_to_tell(rollout, awake, now, pace, under_way))
        chosen += tuple(_to_ask_again(rollout, known.values(), now, spared))
        tell = tuple(_with_companions(chosen, known, companions))
        tell = tuple(each for each in tell if each not in resting)
        known |= {phone_id: _told(known[phone_id], now) for phone_id in tell}
    changed = tuple(proof for number, proof in known.items() if proof is not proofs[number])
    return Step(rollout=rollout, changed=changed, tell=tell)


def _judged(
    proof: Proof,
    observation: Observation,
    rollout: Rollout,
    now: datetime,
    pace: Pace,
    under_way: Collection[int],
) -> Proof:
    """What a phone that was told has come to."""
    told = proof.told_at or now
    if (
        observation.fetched_at
        and observation.fetched_at >= told
        and observation.fetched_at != proof.fetched_at
    ):
        proof = replace(proof, state=ProofState.FETCHED, fetched_at=observation.fetched_at)
    deadline = told + timedelta(seconds=rollout.deadline)
    if proof.state is ProofState.FETCHED and proof.fetched_at:
        if seen := proven(observation, proof.fetched_at, pace.settle):
            if proof.fetches > 1:  # what it took may lead it away when it restarts next
                return replace(
                    proof, state=ProofState.WAITING, fetches=proof.fetches - 1, detail=_SECOND
                )
            at, by = seen
            return replace(proof, state=ProofState.PROVEN, proven_at=at, by=by, detail="")
        if _is_refused(proof, observation, pace):
            return replace(proof, state=ProofState.FAILED, detail=_not_registered(observation))
        if _counts(observation, deadline) or now >= deadline + timedelta(seconds=rollout.deadline):
            return _failed(proof, _not_registered(observation))
        return proof
    if (
        proof.state is ProofState.NOT_REACHED
        or now < deadline
        or proof.phone_id in under_way
        or _may_be_told_again(proof)
    ):
        return proof
    return _failed(proof, _not_fetched(proof))


def _failed(proof: Proof, detail: str) -> Proof:
    """A phone whose time is over; what was in trouble before the roll-out is set apart."""
    if not proof.trouble:
        return replace(proof, state=ProofState.FAILED, detail=detail)
    before = f"It was in trouble before the roll-out ({proof.trouble})."
    return replace(proof, state=ProofState.ABSENT, detail=f"{before} {detail}")


def _is_refused(proof: Proof, observation: Observation, pace: Pace) -> bool:
    """Whether the registrar refuses a canary that was well before: time will not change that."""
    if proof.stage or proof.trouble or proof.fetched_at is None or not observation.refused:
        return False
    return _counts(observation, counts_from(observation, proof.fetched_at, pace.settle))


def _seen_again(proof: Proof, observation: Observation, rollout: Rollout) -> Proof:
    """An absent phone that has fetched by itself, or answers polls and so waits for its turn."""
    fetched_at = observation.fetched_at
    if fetched_at is not None and fetched_at >= rollout.began:
        return replace(
            proof,
            state=ProofState.FETCHED,
            told_at=proof.told_at or fetched_at,
            fetched_at=fetched_at,
        )
    if proof.told_at is not None or observation.polled_at is None or not observation.is_reached:
        return proof
    if observation.polled_at < rollout.began:
        return proof
    return replace(proof, state=ProofState.WAITING, detail="", trouble=observation.wrong)


def _counts(observation: Observation, since: datetime) -> bool:
    """Whether there was a poll late enough to tell."""
    return observation.polled_at is not None and observation.polled_at >= since


def _may_be_told_again(proof: Proof) -> bool:
    """Nothing is written of how telling it ended."""
    return proof.state is ProofState.TOLD and proof.how in (ASKING, ASKING_AGAIN)


def _not_registered(observation: Observation) -> str:
    wrong = observation.wrong or "it was not polled since then"
    return f"It fetched its configuration, but then: {wrong}."


_SECOND = "Its lines are registered; it has to restart and fetch once more, for it may leave fleet."


def _not_fetched(proof: Proof) -> str:
    if proof.fetched_at is not None:
        return (
            "It took its new configuration, but did not come back to fetch a second time: it may "
            "have left fleet."
        )
    how = f" ({proof.how})" if proof.how else ""
    return f"It did not fetch its new configuration in time{how}."


def _moved_on(rollout: Rollout, proofs: Collection[Proof], now: datetime) -> Rollout:
    """The roll-out in the stage that is due, stopped, or done."""
    while rollout.state is RolloutState.RUNNING:
        here = [proof for proof in proofs if proof.stage == rollout.stage]
        failed = [proof for proof in here if proof.state is ProofState.FAILED]
        if len(failed) > rollout.most_failures:
            return replace(
                rollout, state=RolloutState.STOPPED, ended=now, why=_why(rollout, failed)
            )
        is_last = rollout.stage + 1 >= len(rollout.stages)
        if any(_is_waited_out(proof, rollout, now, is_last=is_last) for proof in here):
            return rollout
        if why := _no_canary(rollout, here):
            return replace(rollout, state=RolloutState.STOPPED, ended=now, why=why)
        if rollout.stage + 1 >= len(rollout.stages):
            return replace(rollout, state=RolloutState.DONE, ended=now, why="")
        rollout = replace(rollout, stage=rollout.stage + 1, stage_began=now)
    return rollout


def _is_waited_out(proof: Proof, rollout: Rollout, now: datetime, *, is_last: bool) -> bool:
    """Whether a stage waits for a phone. One that is not reached holds up canaries and the end."""
    if proof.state is not ProofState.NOT_REACHED:
        return proof.state not in FINAL
    until = (proof.told_at or now) + timedelta(seconds=rollout.deadline)
    return now < until and (is_last or rollout.stage == 0)


def _no_canary(rollout: Rollout, here: Collection[Proof]) -> str:
    """Why the first stage proves nothing: its phones are all set apart."""
    states = {proof.state for proof in here}
    is_all_absent = len(rollout.stages) == 1 and ProofState.NOT_REACHED not in states
    if rollout.stage or is_all_absent:
        return ""
    if len(here) <= rollout.most_failures or states - {ProofState.NOT_REACHED, ProofState.ABSENT}:
        return ""
    first = next(iter(here))
    return f"No phone of stage {rollout.stages[0]} could be proven. The first: {first.detail}"


def _why(rollout: Rollout, failed: Collection[Proof]) -> str:
    first = next(iter(failed))
    phones = "1 phone" if len(failed) == 1 else f"{len(failed)} phones"
    stage = rollout.stages[rollout.stage]
    return (
        f"{phones} of stage {stage} failed (allowed: {rollout.most_failures}). The first: "
        f"{first.detail}"
    )


def _to_tell(
    rollout: Rollout,
    proofs: Collection[Proof],
    now: datetime,
    pace: Pace,
    under_way: Collection[int],
) -> Iterator[int]:
    """Those of the stage who are to be told now: first the ones of whom nobody knows."""
    here = sorted(
        (proof for proof in proofs if proof.stage == rollout.stage),
        key=lambda proof: proof.phone_id,
    )
    for proof in here:
        told = proof.told_at or now
        if (
            _may_be_told_again(proof)
            and proof.phone_id not in under_way
            and now >= told + pace.grace
        ):
            yield proof.phone_id
    room = pace.at_once - sum(_is_waited_for(proof, now, pace) for proof in here)
    waiting = (proof.phone_id for proof in here if proof.state is ProofState.WAITING)
    for _, phone_id in zip(range(room), waiting, strict=False):
        yield phone_id


def _to_ask_again(
    rollout: Rollout, proofs: Collection[Proof], now: datetime, spared: Collection[int]
) -> Iterator[int]:
    """Those whom no way reached, in this stage or one before, until their time is over."""
    for proof in proofs:
        if proof.state is ProofState.NOT_REACHED and proof.phone_id not in spared:
            until = (proof.told_at or now) + timedelta(seconds=rollout.deadline)
            if now < until:
                yield proof.phone_id


def _with_companions(
    chosen: Collection[int],
    proofs: Mapping[int, Proof],
    companions: Mapping[int, Collection[int]],
) -> Iterable[int]:
    others = (other for phone_id in chosen for other in companions.get(phone_id, ()))
    waiting = (
        other for other in others if other in proofs and proofs[other].state is ProofState.WAITING
    )
    return dict.fromkeys((*chosen, *waiting))


def untold(proof: Proof) -> Proof:
    """A phone that was written down as told, and surely was not: it is to be told yet."""
    if proof.state is not ProofState.TOLD:
        return proof
    return replace(proof, state=ProofState.WAITING, told_at=None, how="")


def refused(proof: Proof, detail: str) -> Proof:
    """A phone that is not told, for what it would be told does not hold."""
    return replace(proof, state=ProofState.FAILED, how="not asked", detail=detail)


def _is_waited_for(proof: Proof, now: datetime, pace: Pace) -> bool:
    told = proof.state is ProofState.TOLD and proof.told_at is not None
    return told and proof.told_at is not None and now < proof.told_at + pace.patience


def not_reached(proof: Proof, how: str) -> Proof:
    """A phone that was asked in every way, and none was accepted."""
    return replace(
        proof, state=ProofState.NOT_REACHED, how=how, detail=f"It could not be asked: {how}."
    )


def _told(proof: Proof, now: datetime) -> Proof:
    if proof.state is ProofState.NOT_REACHED:  # its time began with the first try
        return replace(proof, state=ProofState.TOLD, how=ASKING, detail="")
    again = proof.state is ProofState.TOLD
    how = ASKING_AGAIN if again else ASKING
    return replace(proof, state=ProofState.TOLD, told_at=now, how=how)
