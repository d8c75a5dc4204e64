"""The progress of a roll-out in sentences: what changed since the last call."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fleet.model import ProofState, RolloutState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fleet.model import Proof, Rollout
    from fleet.store import Store


class ProgressMessages:
    """Words the changes of a roll-out. `labels` are the phones' names, by their number."""

    def __init__(self, labels: Mapping[int, str]) -> None:
        self._labels = labels
        self._stage = -1
        self._state = RolloutState.RUNNING
        self._failed: set[int] = set()

    def news(self, rollout: Rollout, proofs: Mapping[int, Proof]) -> Iterator[str]:
        """Yield a sentence for each change since the last call."""
        if rollout.stage != self._stage:
            self._stage = rollout.stage
            yield _stage(rollout, proofs.values())
        for proof in proofs.values():
            if proof.state is ProofState.FAILED and proof.phone_id not in self._failed:
                self._failed.add(proof.phone_id)
                yield f"{self._labels.get(proof.phone_id, '?')} failed. {proof.detail}"
        if rollout.state is not self._state:
            self._state = rollout.state
            if rollout.state is not RolloutState.RUNNING:
                yield sentence(rollout, proofs.values())


def sentence(rollout: Rollout, proofs: Iterable[Proof]) -> str:
    """Return the state of a roll-out in one line."""
    states = Counter(proof.state for proof in proofs)
    counts = ", ".join(f"{states[state]} {state}" for state in ProofState if states[state])
    why = f" {rollout.why}" if rollout.why else ""
    now = f"Revision {rollout.revision} {rollout.state}: {counts or 'no phones'}.{why}"
    behind = states[ProofState.WAITING] + states[ProofState.TOLD]
    if rollout.state is not RolloutState.STOPPED:
        return now
    waiting = states[ProofState.WAITING]
    if rollout.hold:
        behind -= waiting
    exposed = (
        f" {behind} more {'phone takes' if behind == 1 else 'phones take'} the new files at the "
        "next restart."
        if behind
        else ""
    )
    if rollout.hold and waiting:
        exposed += (
            " 1 phone that was not asked keeps the old files until another roll-out starts."
            if waiting == 1
            else f" {waiting} phones that were not asked keep the old files until another roll-out "
            "starts."
        )
    return f"{now}{exposed} fleet provision rollout rollback restores the old files."


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
    return f"Revision {rollout.revision}, stage {rollout.stages[rollout.stage]}: {phones}."
