"""What is wrong with fetches."""

from __future__ import annotations

from dataclasses import replace

from fleet.model import FetchOutcome
from fleet.provision.files.findings import UNEXPECTED, unexpected_fetches
from tests.store.fleets import MINUTE, START
from tests.store.test_fetching import MAC, fetch


def test_what_was_given_or_is_not_there_is_no_finding() -> None:
    fine = ("SERVED", "NOT_MODIFIED", "NOT_FOUND", "CUT_OFF")
    assert unexpected_fetches([fetch(1, outcome=FetchOutcome[name]) for name in fine]) == []


def test_every_other_outcome_is_one() -> None:
    refused = [outcome for outcome in FetchOutcome if outcome not in (
        FetchOutcome.SERVED, FetchOutcome.NOT_MODIFIED, FetchOutcome.NOT_FOUND,
        FetchOutcome.CUT_OFF,
    )]  # fmt: skip
    found = unexpected_fetches([fetch(1, outcome=outcome) for outcome in refused])
    assert {each.outcome for each in found} == set(refused)
    for each in found:
        assert each.finding.rule == UNEXPECTED
        assert each.finding.text.endswith(".")
        assert each.finding.check


def test_one_finding_for_a_phone_and_an_outcome_with_the_newest_first() -> None:
    wrong = fetch(1, outcome=FetchOutcome.WRONG_NETWORK)
    later = replace(wrong, at=START + MINUTE, address="10.9.0.9")
    other = replace(wrong, phone_id=2, at=START + 2 * MINUTE)
    first, second = unexpected_fetches([wrong, other, later])
    assert (first.phone_id, second.phone_id) == (2, 1)
    assert second.fetches == (later, wrong)
    assert second.finding.text.startswith("10.1.0.1 and 1 more asked for 00085D000001.cfg")
    assert second.finding.text.endswith("(2 times).")


def test_strangers_are_told_apart_by_mac_and_address() -> None:
    unknown = fetch(None, outcome=FetchOutcome.UNKNOWN_MAC)
    elsewhere = replace(unknown, address="10.1.0.2")
    another = replace(unknown, mac=MAC.replace("01", "02"))
    found = unexpected_fetches([unknown, elsewhere, another, unknown])
    assert sorted(len(each.fetches) for each in found) == [1, 1, 2]
    limited = [replace(each, outcome=FetchOutcome.RATE_LIMITED) for each in (unknown, another)]
    assert len(unexpected_fetches(limited)) == 1
