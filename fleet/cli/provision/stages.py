"""A roll-out on the terminal: its stages as a table, and sentences while it goes on."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fleet.cli.tables import local, table
from fleet.model import ProofState, RolloutState
from fleet.provision.rollout.messages import ProgressMessages, sentence
from fleet.provision.rollout.state_machine import FINAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import Console

    from fleet.app import App
    from fleet.cli.progress import Show
    from fleet.model import Proof, Rollout

MOST_SHOWN = 20
_STATES = tuple(ProofState)
_SHOWN = (ProofState.FAILED, ProofState.NOT_REACHED, ProofState.ABSENT)


def labels_of(app: App) -> dict[int, str]:
    """What people call the phones."""
    from fleet.store import Secrets

    return {each.id: each.phone.label for each in app.store.phones.load(secrets=Secrets.NONE)}


class Telling:
    """Says what changes of a roll-out, a sentence each; call it with every step."""

    def __init__(self, say: Callable[[str], None], labels: Mapping[int, str]) -> None:
        self._say = say
        self._messages = ProgressMessages(labels)

    def __call__(self, rollout: Rollout, proofs: Mapping[int, Proof]) -> None:
        """Say what is new."""
        for news in self._messages.news(rollout, proofs):
            self._say(news)


def show_rollout(
    screen: Console,
    rollout: Rollout,
    proofs: Sequence[Proof],
    labels: Mapping[int, str],
    *,
    every: bool,
) -> None:
    """Show stages, then the phones that failed or were set apart, or all."""
    shown = [state for state in _STATES if any(proof.state is state for proof in proofs)]
    rows = [
        _row(rollout, number, shown, [proof for proof in proofs if proof.stage == number])
        for number in range(len(rollout.stages))
    ]
    screen.print(table(("", "stage", "phones", *shown), rows, folds=("stage",)))
    some = [proof for proof in proofs if every or proof.state in _SHOWN]
    if some:
        screen.print()
        screen.print(
            table(
                ("phone", "state", "asked", "result"),
                [_phone(proof, labels) for proof in (some if every else some[:MOST_SHOWN])],
                folds=("phone", "result"),
            )
        )
    if not every and len(some) > MOST_SHOWN:
        screen.print(f"… and {len(some) - MOST_SHOWN} more: use --all to see them.")
    screen.print()
    screen.print(sentence(rollout, proofs))


def show_progress(show: Show, rollout: Rollout, proofs: Mapping[int, Proof]) -> None:
    """Show how many phones are through."""
    over = sum(proof.state in FINAL for proof in proofs.values())
    show(over, len(proofs), lambda: f"stage {rollout.stages[rollout.stage]}")


def _row(
    rollout: Rollout, number: int, shown: Sequence[ProofState], proofs: Sequence[Proof]
) -> list[str]:
    states = Counter(proof.state for proof in proofs)
    here = number == rollout.stage and rollout.state is not RolloutState.DONE
    counts = [str(states[state] or "") for state in shown]
    return [">" if here else "", rollout.stages[number], str(len(proofs)), *counts]


def _phone(proof: Proof, labels: Mapping[int, str]) -> tuple[str, str, str, str]:
    label = labels.get(proof.phone_id, "removed phone")
    by = f" by {proof.by}" if proof.by else ""
    return label, f"{proof.state}{by}", local(proof.told_at), proof.detail or proof.how
