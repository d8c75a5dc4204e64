"""The progress of a roll-out in sentences: what changed since the last call."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fleet.model import ProofState, RolloutState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fleet.model import Proof, Rollout
    from fleet.store import Store


_NEWS = {
    ProofState.FAILED: "failed",
    ProofState.NOT_REACHED: "was not reached",
    ProofState.ABSENT: "is set apart",
}


class ProgressMessages:
    """Words the changes of a roll-out. `labels` are the phones' names, by their number."""

    def __init__(self, labels: Mapping[int, str]) -> None:
        self._labels = labels
        self._stage = -1
        self._state = RolloutState.RUNNING
        self._told: set[tuple[int, ProofState]] = set()

    def news(self, rollout: Rollout, proofs: Mapping[int, Proof]) -> Iterator[str]:
        """Yield a sentence for each change since the last call."""
        if rollout.stage != self._stage:
            self._stage = rollout.stage
            yield _stage(rollout, proofs.values())
        for proof in proofs.values():
            if (proof.phone_id, proof.state) not in self._told and proof.state in _NEWS:
                self._told.add((proof.phone_id, proof.state))
                label = self._labels.get(proof.phone_id, "?")
                yield f"{label} {_NEWS[proof.state]}. {proof.detail}"
        if rollout.state is not self._state:
            self._state = rollout.state
            if rollout.state is not RolloutState.RUNNING:
                yield sentence(rollout, proofs.values())


def sentence(rollout: Rollout, proofs: Iterable[Proof]) -> str:
    """Return the state of a roll-out in one line; of a stopped one, who has the new files."""
    proofs = list(proofs)
    states = Counter(proof.state for proof in proofs)
    counts = ", ".join(f"{states[state]} {state}" for state in ProofState if states[state])
    why = f" {rollout.why}" if rollout.why else ""
    now = f"{_subject(rollout)} {rollout.state}: {counts or 'no phones'}.{why}"
    if rollout.state is RolloutState.DONE and (later := states[ProofState.ABSENT]):
        takes = "1 absent phone gets" if later == 1 else f"{later} absent phones get"
        return f"{now} {takes} the new files at the next restart; fleet watches for that."
    if rollout.state is not RolloutState.STOPPED:
        return now
    undo = _TO_UNDO_FIRMWARE if rollout.firmware else _TO_UNDO
    return " ".join((now, *_exposure(rollout, proofs), undo))


def _subject(rollout: Rollout) -> str:
    if not rollout.firmware:
        return f"Revision {rollout.revision}"
    return f"Firmware {', '.join(f'{file.name} ({file.version})' for file in rollout.firmware)}"


_TO_UNDO_FIRMWARE = "To take it back, put the old files into the firmware folder."
_TO_UNDO = "fleet provision rollout rollback restores the old files."


def _exposure(rollout: Rollout, proofs: Iterable[Proof]) -> Iterator[str]:
    """Say who has the new files of a stopped roll-out, who will get them, and who will not."""
    open_ones = [proof for proof in proofs if proof.state is not ProofState.SKIPPED]
    has = sum(proof.fetched_at is not None for proof in open_ones)
    kept = sum(
        (rollout.hold or bool(rollout.firmware))
        and proof.told_at is None
        and proof.state in (ProofState.WAITING, ProofState.ABSENT)
        for proof in open_ones
    )
    takes = len(open_ones) - has - kept
    if has:
        yield f"{_phones(has, 'has', 'have')} the new files."
    if takes:
        yield f"{_phones(takes, 'takes', 'take')} the new files at the next restart."
    if kept:
        yield f"{_phones(kept, 'keeps', 'keep')} the old files until another roll-out starts."


def _phones(count: int, singular: str, plural: str) -> str:
    return f"1 phone {singular}" if count == 1 else f"{count} phones {plural}"


def stopped_rollout(store: Store) -> tuple[Rollout, str] | None:
    """Return the last roll-out with a sentence about it if it was stopped, else None."""
    last = store.rollouts.get()
    if last is None or last.state is not RolloutState.STOPPED:
        return None
    return last, sentence(last, store.rollouts.proofs(last.id))


def _stage(rollout: Rollout, proofs: Iterable[Proof]) -> str:
    count = sum(
        proof.stage == rollout.stage and proof.state is not ProofState.SKIPPED for proof in proofs
    )
    phones = "1 phone" if count == 1 else f"{count} phones"
    return f"{_subject(rollout)}, stage {rollout.stages[rollout.stage]}: {phones}."
