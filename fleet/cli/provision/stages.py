"""A roll-out on the terminal: its stages as a table, and sentences while it goes on."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fleet.cli.common import counted
from fleet.cli.tables import local, table
from fleet.model import ProofState, RolloutState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

    from fleet.model import Proof, Rollout

FINAL = (ProofState.PROVEN, ProofState.FAILED, ProofState.SKIPPED)
MOST_SHOWN = 20
_STATES = tuple(ProofState)


class Telling:
    """Says what changes of a roll-out, a sentence each; call it with every step."""

    def __init__(self, screen: Console, labels: Mapping[int, str]) -> None:
        self._screen = screen
        self._labels = labels
        self._stage = -1
        self._failed: set[int] = set()

    def __call__(self, rollout: Rollout, proofs: Mapping[int, Proof]) -> None:
        """Say what is new."""
        if rollout.stage != self._stage:
            self._stage = rollout.stage
            some = sum(proof.stage == rollout.stage for proof in proofs.values())
            name = rollout.stages[rollout.stage]
            self._screen.print(
                f"Revision {rollout.revision}, stage {name}: {counted(some, 'phone')}."
            )
        for proof in proofs.values():
            if proof.state is ProofState.FAILED and proof.phone_id not in self._failed:
                self._failed.add(proof.phone_id)
                label = self._labels.get(proof.phone_id, "?")
                self._screen.print(f"{label} failed. {proof.detail}")
        if rollout.state is not RolloutState.RUNNING:
            self._screen.print(sentence(rollout, proofs.values()))


def sentence(rollout: Rollout, proofs: Iterable[Proof]) -> str:
    """How far a roll-out is, in a line."""
    states = Counter(proof.state for proof in proofs)
    said = ", ".join(f"{states[state]} {state}" for state in _STATES if states[state])
    why = f" {rollout.why}" if rollout.why else ""
    return f"Revision {rollout.revision} {rollout.state}: {said or 'no phones'}.{why}"


def show_rollout(
    screen: Console,
    rollout: Rollout,
    proofs: Sequence[Proof],
    labels: Mapping[int, str],
    *,
    is_run: bool,
    every: bool,
) -> None:
    """Show stages, then the phones that failed, or all."""
    shown = [state for state in _STATES if any(proof.state is state for proof in proofs)]
    rows = [
        _row(rollout, number, shown, [proof for proof in proofs if proof.stage == number])
        for number in range(len(rollout.stages))
    ]
    screen.print(table(("", "stage", "phones", *shown), rows))
    some = [proof for proof in proofs if every or proof.state is ProofState.FAILED]
    if some:
        screen.print()
        screen.print(
            table(
                ("phone", "state", "asked", "what came of it"),
                [_phone(proof, labels) for proof in (some if every else some[:MOST_SHOWN])],
            )
        )
    if not every and len(some) > MOST_SHOWN:
        screen.print(f"… and {len(some) - MOST_SHOWN} more: --all shows them.")
    screen.print()
    screen.print(sentence(rollout, proofs))
    if rollout.state is RolloutState.RUNNING and not is_run:
        screen.print("Nobody runs it: fleet provision rollout resume goes on.")


def _row(
    rollout: Rollout, number: int, shown: Sequence[ProofState], proofs: Sequence[Proof]
) -> list[str]:
    states = Counter(proof.state for proof in proofs)
    here = number == rollout.stage and rollout.state is not RolloutState.DONE
    counts = [str(states[state] or "") for state in shown]
    return [">" if here else "", rollout.stages[number], str(len(proofs)), *counts]


def _phone(proof: Proof, labels: Mapping[int, str]) -> tuple[str, str, str, str]:
    label = labels.get(proof.phone_id, "removed since")
    return label, proof.state, local(proof.told_at), proof.detail or proof.how
