"""How a roll-out goes on: from what is written of it, and what was seen, to the next step (pure).

    waiting -- told of it --> told -- fetched the expected bytes --> fetched -- seen --> proven

and from told or fetched to failed, once the deadline has passed.

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
from fleet.provision.rollout.proof import Observation, proven

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from fleet.model import Proof, Rollout

ASKING = "being asked"
ASKING_AGAIN = "being asked again, for whoever asked it before was cut off"
_NONE: Mapping[int, Collection[int]] = MappingProxyType({})
FINAL = frozenset({ProofState.PROVEN, ProofState.FAILED, ProofState.SKIPPED})


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
    companions: Mapping[int, Collection[int]] = _NONE,
) -> Step:
    """The next step. `under_way` are phones that are being told by us at this moment.

    A roll-out that is paused goes on proving phones that were told, and tells nobody.
    `companions` are those who are told with a phone or not at all, however many that are.
    """
    known = dict(proofs)
    for proof in proofs.values():
        if proof.state in (ProofState.TOLD, ProofState.FETCHED):
            observation = observations.get(proof.phone_id, Observation())
            known[proof.phone_id] = _judged(proof, observation, rollout, now, pace, under_way)
    rollout = _moved_on(rollout, known.values(), now)
    tell: tuple[int, ...] = ()
    if rollout.state is RolloutState.RUNNING:
        chosen = tuple(_to_tell(rollout, known.values(), now, pace, under_way))
        tell = tuple(_with_companions(chosen, known, companions))
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
            at, by = seen
            return replace(proof, state=ProofState.PROVEN, proven_at=at, by=by, detail="")
        if _counts(observation, deadline) or now >= deadline + timedelta(seconds=rollout.deadline):
            return replace(proof, state=ProofState.FAILED, detail=_not_registered(observation))
        return proof
    if now < deadline or proof.phone_id in under_way or _may_be_told_again(proof):
        return proof
    return replace(proof, state=ProofState.FAILED, detail=_not_fetched(proof))


def _counts(observation: Observation, since: datetime) -> bool:
    """Whether there was a poll late enough to tell."""
    return observation.polled_at is not None and observation.polled_at >= since


def _may_be_told_again(proof: Proof) -> bool:
    """Nothing is written of how telling it ended."""
    return proof.state is ProofState.TOLD and proof.how in (ASKING, ASKING_AGAIN)


def _not_registered(observation: Observation) -> str:
    wrong = observation.wrong or "it was not polled since then"
    return f"It fetched its configuration, but then: {wrong}."


def _not_fetched(proof: Proof) -> str:
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
        if any(proof.state not in FINAL for proof in here):
            return rollout
        if rollout.stage + 1 >= len(rollout.stages):
            return replace(rollout, state=RolloutState.DONE, ended=now, why="")
        rollout = replace(rollout, stage=rollout.stage + 1, stage_began=now)
    return rollout


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


def _told(proof: Proof, now: datetime) -> Proof:
    again = proof.state is ProofState.TOLD
    how = ASKING_AGAIN if again else ASKING
    return replace(proof, state=ProofState.TOLD, told_at=now, how=how)
