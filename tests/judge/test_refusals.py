"""Refused requests for a phone's files, as one rule reports them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fleet.judge import REFUSALS, UNEXPECTED_FETCH, Context, FileState, judge
from fleet.model import Fetch, FetchOutcome, Finding, Line, Phone, Reach, Registration
from tests.store.fleets import MINUTE, START
from tests.store.test_fetching import fetch

NOW = START + 10 * MINUTE
FINE = {
    FetchOutcome.SERVED,
    FetchOutcome.NOT_MODIFIED,
    FetchOutcome.NOT_FOUND,
    FetchOutcome.NOT_APPROVED,
    FetchOutcome.CUT_OFF,
}
LINE = Line(number=1, registration=Registration.REGISTERED)


def found(*refused: Fetch, reach: Reach = Reach.OK) -> list[Finding]:
    context = Context(
        phone=Phone(host="10.0.0.1"), reach=reach, lines=(LINE,), files=FileState(refused=refused)
    )
    return [each for each in judge(context, NOW) if each.rule == UNEXPECTED_FETCH]


def test_a_file_that_was_served_or_is_not_there_is_no_finding() -> None:
    assert found(*(fetch(1, outcome=outcome) for outcome in FINE)) == []


@pytest.mark.parametrize("outcome", sorted(set(FetchOutcome) - FINE))
def test_every_other_outcome_is_one_that_says_what_to_check(outcome: FetchOutcome) -> None:
    (finding,) = found(fetch(1, outcome=outcome), reach=Reach.UNREACHABLE)
    assert finding.severity is REFUSALS[outcome].severity
    assert finding.text.endswith(".")
    assert finding.check


def test_one_finding_for_each_outcome_with_the_newest_request_first() -> None:
    wrong = fetch(1, outcome=FetchOutcome.WRONG_NETWORK)
    later = replace(wrong, at=START + MINUTE, address="10.9.0.9")
    agent = replace(wrong, at=START + 2 * MINUTE, outcome=FetchOutcome.WRONG_AGENT)
    first, second = found(wrong, agent, later)
    assert first.check == REFUSALS[FetchOutcome.WRONG_AGENT].check
    assert second.text.startswith("10.1.0.1 and 1 more asked for 00085D000001.cfg")
    assert second.text.endswith("(2 times).")


def test_a_refused_request_is_reported_for_a_day() -> None:
    day = timedelta(days=1)
    refused = fetch(1, outcome=FetchOutcome.WRONG_AGENT)
    assert found(replace(refused, at=NOW - day + MINUTE))
    assert found(replace(refused, at=NOW - day)) == []
