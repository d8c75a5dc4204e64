"""Comparing audits, and the findings that are kept for it."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.audit.counts import is_older, newest, version
from fleet.audit.differences import compare
from fleet.audit.findings import Findings, Flag, decode, encode
from fleet.errors import FleetError
from fleet.judge import RULES
from fleet.report.audit import AuditChange, FlaggedRecord

AT = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
texts = st.text(max_size=20)
moments = st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
records = st.builds(
    FlaggedRecord,
    **dict.fromkeys(("site", "phone", "mac", "host", "text", "check", "account"), texts),
    line=st.none() | st.integers(1, 99),
    rule=st.sampled_from(sorted(RULES)),
    code=st.none() | st.integers(300, 699),
    since=st.none() | moments,
    times=st.none() | st.integers(1, 999),
)
flags = st.builds(Flag, phone_id=st.integers(1, 12), record=records)
ids = st.frozensets(st.integers(1, 12))


@st.composite
def findings(draw: st.DrawFn) -> Findings:
    """Findings as an audit makes them: it flags what it could look at, each trouble once."""
    polled = draw(ids)
    readable = draw(ids) & polled
    rules = draw(st.frozensets(st.sampled_from(sorted(RULES))))
    found: dict[tuple[int, int | None, str], Flag] = {}
    for flag in draw(st.lists(flags, max_size=12)):
        looked_at = polled if flag.record.rule.startswith("phone-") else readable
        if flag.record.rule in rules and flag.phone_id in looked_at:
            found[flag.phone_id, flag.record.line, flag.record.rule] = flag
    return Findings(
        selection="all",
        at=AT,
        rules=rules,
        polled=polled,
        readable=readable,
        flags=tuple(found.values()),
    )


@given(findings(), st.lists(flags, max_size=3))
def test_what_is_kept_is_read_again(kept: Findings, unseen: list[Flag]) -> None:
    kept = replace(kept, unseen=tuple(unseen))

    assert decode(encode(kept)) == kept


@given(st.binary(max_size=60) | st.binary(max_size=60).map(zlib.compress))
def test_anything_else_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(FleetError, match=r"cannot be read"):
        decode(data)


def test_findings_of_a_newer_version_are_refused() -> None:
    with pytest.raises(FleetError, match="newer version"):
        decode(zlib.compress(b'{"version": 2}'))


def test_a_column_that_is_not_known_any_more_is_passed_over() -> None:
    flag = Flag(phone_id=1, record=FlaggedRecord(rule="line-failed", since=AT))
    data = encode(Findings(selection="all", at=AT, flags=(flag,)))
    text = zlib.decompress(data).decode().replace('"severity"', '"urgency"')

    assert decode(zlib.compress(text.encode())).flags == (flag,)


@given(findings())
def test_an_audit_compared_with_itself_has_nothing_new(found: Findings) -> None:
    compared = compare(found, found)

    assert {each.change for each in compared.changes.records} <= {AuditChange.STILL}
    assert compared.findings.unseen == ()


@given(findings(), findings())
def test_every_flag_is_told_once_and_nothing_is_forgotten(before: Findings, now: Findings) -> None:
    compared = compare(before, now)
    told = compared.changes

    held = (AuditChange.REGRESSION, AuditChange.NEW, AuditChange.STILL)
    assert len(told.of(*held)) == len(now.flags) == len(compared.findings.flags)
    assert told.count(AuditChange.UNSEEN) == len(compared.findings.unseen)


RULE_OFF = frozenset({"line-unknown", "phone-unreachable"})
RULE_ON = RULE_OFF | {"line-failed"}


@pytest.mark.parametrize(
    ("rule", "polled", "readable", "rules", "change"),
    [
        ("line-failed", {1}, {1}, RULE_ON, AuditChange.RESOLVED),
        ("line-failed", {1}, set(), RULE_ON, AuditChange.UNSEEN),
        ("line-failed", {1}, {1}, RULE_OFF, AuditChange.UNSEEN),
        ("line-failed", {2}, {2}, RULE_ON, AuditChange.RESOLVED),  # the phone was removed
        ("phone-unreachable", {1}, set(), RULE_ON, AuditChange.RESOLVED),
    ],
)
def test_what_is_not_flagged_any_more_is_resolved_if_the_audit_could_see_it(
    rule: str, polled: set[int], readable: set[int], rules: frozenset[str], change: AuditChange
) -> None:
    flag = Flag(phone_id=1, record=FlaggedRecord(rule=rule, line=1))
    before = Findings(
        selection="all",
        at=AT,
        rules=RULE_ON,
        polled=frozenset({1}),
        readable=frozenset({1}),
        flags=(flag,),
    )
    now = replace(
        before,
        rules=rules,
        polled=frozenset(polled),
        readable=frozenset(readable),
        flags=(),
    )

    compared = compare(before, now)

    assert [each.change for each in compared.changes.records] == [change]
    assert len(compared.findings.unseen) == (change is AuditChange.UNSEEN)


@pytest.mark.parametrize(
    ("polled", "readable", "rules", "change"),
    [
        ({1}, {1}, RULE_ON, AuditChange.REGRESSION),
        ({1}, set(), RULE_ON, AuditChange.NEW),
        (set(), set(), RULE_ON, AuditChange.NEW),
        ({1}, {1}, RULE_OFF, AuditChange.NEW),
    ],
)
def test_a_flag_is_a_regression_only_if_the_audit_before_could_see_it(
    polled: set[int], readable: set[int], rules: frozenset[str], change: AuditChange
) -> None:
    flag = Flag(phone_id=1, record=FlaggedRecord(rule="line-failed", line=1))
    before = Findings(
        selection="all",
        at=AT,
        rules=rules,
        polled=frozenset(polled),
        readable=frozenset(readable),
    )
    now = replace(
        before, rules=RULE_ON, polled=frozenset({1}), readable=frozenset({1}), flags=(flag,)
    )

    assert [each.change for each in compare(before, now).changes.records] == [change]


def test_nothing_is_compared_with_another_selection() -> None:
    before = Findings(selection="site berlin", at=AT)

    told = compare(before, Findings(selection="all", at=AT)).changes

    assert told.since is None
    assert told.note == "The previous audit selected other phones (site berlin); not compared."


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("3.9.2", "3.10.0"),
        ("3.3.1.4365", "3.3.1.8215"),
        ("4.2.0.2023-SIP", "4.2.0.2181-SIP"),
        ("3.2", "3.2.1"),
        ("2.6.0.66", "6.4.0"),
    ],
)
def test_firmware_is_compared_as_numbers(older: str, newer: str) -> None:
    assert is_older(older, newer)
    assert not is_older(newer, older)
    assert newest([("6753i", older), ("6753i", newer)]) == {"6753i": newer}


def test_firmware_without_numbers_is_never_older() -> None:
    assert version("unknown") is None
    assert not is_older("unknown", "3.2")
    assert not is_older("3.2", "3.2.0")
    assert newest([("6753i", "beta"), ("", "3.2")]) == {}
