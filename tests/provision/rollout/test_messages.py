"""What is said of a roll-out while it runs: each new thing once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.model import ProofState, RolloutState
from fleet.provision.rollout.messages import ProgressMessages
from tests.provision.rollout.test_state_machine import ROLLOUT, TOLD, waiting


def test_a_stage_a_failure_and_the_end_are_each_told_once() -> None:
    messages = ProgressMessages({1: "lobby", 2: "office"})
    failed = replace(TOLD, state=ProofState.FAILED, detail="It did not fetch.")
    rollout = replace(ROLLOUT, most_failures=1)
    done = replace(rollout, stage=1, state=RolloutState.DONE)

    first = list(messages.news(rollout, {1: TOLD, 2: waiting(2, stage=1)}))
    second = list(messages.news(rollout, {1: failed, 2: waiting(2, stage=1)}))
    nothing = list(messages.news(rollout, {1: failed, 2: waiting(2, stage=1)}))
    proven = replace(TOLD, phone_id=2, stage=1, state=ProofState.PROVEN)
    last = list(messages.news(done, {1: failed, 2: proven}))
    after = list(messages.news(done, {1: failed, 2: proven}))

    assert first == ["Revision 7, stage canaries: 1 phone."]
    assert second == ["lobby failed. It did not fetch."]
    assert nothing == []
    assert last == [
        "Revision 7, stage Berlin: 1 phone.",
        "Revision 7 done: 1 proven, 1 failed.",
    ]
    assert after == []


@pytest.mark.parametrize("state", [state for state in RolloutState if state != "running"])
def test_whatever_ends_or_pauses_it_is_told(state: RolloutState) -> None:
    messages = ProgressMessages({1: "lobby"})
    list(messages.news(ROLLOUT, {1: TOLD}))

    [said] = messages.news(replace(ROLLOUT, state=state), {1: TOLD})

    assert said.startswith(f"Revision 7 {state}: 1 told.")
