"""Canaries, shares and sites."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import UsageError
from fleet.model import Proof, ProofState
from fleet.provision.rollout.stages import Candidate, StageOrder, kept_together, stages_of

PHONES = [
    *(Candidate(phone_id=number, site="Berlin") for number in range(1, 7)),
    *(Candidate(phone_id=number, site="Ulm") for number in range(7, 11)),
]


def staged(order: StageOrder, phones: list[Candidate] = PHONES) -> dict[str, list[int]]:
    names, proofs = stages_of(phones, order)
    return {
        name: sorted(p.phone_id for p in proofs if p.stage == number)
        for number, name in enumerate(names)
    }


def test_canaries_come_from_every_site_then_a_share_then_the_rest():
    found = staged(StageOrder(canary_count=2, steps=("50%",)))
    assert found == {"canaries": [1, 7], "50%": [2, 3, 8], "the rest": [4, 5, 6, 9, 10]}


def test_named_canaries_and_every_site_by_itself():
    found = staged(StageOrder(canaries=(3,), steps=("sites",)))
    assert found == {"canaries": [3], "Berlin": [1, 2, 4, 5, 6], "Ulm": [7, 8, 9, 10]}


def test_what_is_current_is_told_nothing():
    current = [Candidate(phone_id=1, is_current=True), Candidate(phone_id=2)]
    names, proofs = stages_of(current, StageOrder())
    assert names == ("canaries",)
    assert {p.phone_id: p.state for p in proofs} == {
        1: ProofState.SKIPPED,
        2: ProofState.WAITING,
    }


@pytest.mark.parametrize("step", ["Paris", "0%", "101%", "half"])
def test_a_step_that_is_none_is_refused(step: str):
    with pytest.raises(UsageError, match="Berlin, Ulm"):
        stages_of(PHONES, StageOrder(steps=(step,)))


@given(
    sites=st.lists(st.sampled_from(["", "Berlin", "Ulm"]), max_size=30),
    canaries=st.integers(0, 5),
    shares=st.lists(st.integers(1, 100), max_size=4),
)
def test_every_phone_is_in_one_stage_and_no_stage_is_empty(
    sites: list[str], canaries: int, shares: list[int]
):
    phones = [Candidate(phone_id=number, site=site) for number, site in enumerate(sites)]
    order = StageOrder(canary_count=canaries, steps=tuple(f"{share}%" for share in shares))
    names, proofs = stages_of(phones, order)
    assert sorted(p.phone_id for p in proofs) == list(range(len(sites)))
    filled = Counter(p.stage for p in proofs)
    assert not sites or set(filled) == set(range(len(names)))


def test_phones_that_hang_together_come_with_the_first_of_them_and_empty_stages_go() -> None:
    proofs = [
        Proof(phone_id=phone_id, stage=stage, state=ProofState.WAITING)
        for phone_id, stage in ((1, 0), (2, 1), (3, 2), (4, 3))
    ]
    groups = [frozenset({1, 2}), frozenset({3}), frozenset({4, 9})]
    stages, moved = kept_together(("canaries", "25%", "Berlin", "the rest"), proofs, groups)
    assert stages == ("canaries", "Berlin", "the rest")
    assert {proof.phone_id: proof.stage for proof in moved} == {1: 0, 2: 0, 3: 1, 4: 2}


def test_canaries_are_well_share_no_account_and_differ_in_site_and_model() -> None:
    phones = [
        Candidate(phone_id=1, site="Berlin", model="6753i", trouble="line 1 is failed (401)"),
        Candidate(phone_id=2, site="Berlin", model="6753i", shares=True),
        Candidate(phone_id=3, site="Berlin", model="6753i"),
        Candidate(phone_id=4, site="Berlin", model="6757i"),
        Candidate(phone_id=5, site="Ulm", model="6753i"),
        Candidate(phone_id=6, site="Ulm", model="6757i"),
    ]
    assert staged(StageOrder(canary_count=2, steps=()), phones)["canaries"] == [3, 6]
    assert staged(StageOrder(canary_count=5, steps=()), phones)["canaries"] == [2, 3, 4, 5, 6]


def test_absent_phones_are_in_no_stage_that_waits_unless_they_are_named() -> None:
    phones = [
        Candidate(phone_id=1, is_absent=True, trouble="no answer"),
        Candidate(phone_id=2),
        Candidate(phone_id=3),
    ]
    _, proofs = stages_of(phones, StageOrder(steps=()))
    assert {(p.phone_id, p.stage, p.state) for p in proofs} == {
        (2, 0, ProofState.WAITING),
        (3, 1, ProofState.WAITING),
        (1, 1, ProofState.ABSENT),
    }
    _, named = stages_of(phones, StageOrder(canaries=(1,), steps=()))
    assert {p.state for p in named} == {ProofState.WAITING}
