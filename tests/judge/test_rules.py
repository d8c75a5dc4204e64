"""The rules: what is held, what is clear, and what could not be looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from fleet import judge as judging
from fleet.judge import (
    REASONS,
    RULES,
    SIP_CODES,
    About,
    Context,
    FileState,
    RuleSetting,
    rules_about,
    sip_code,
)
from fleet.model import (
    Account,
    Fetch,
    FetchOutcome,
    Finding,
    IntendedAccount,
    Line,
    Phone,
    Reach,
    Reason,
    Registration,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

APPLIED = datetime(2026, 3, 1, 7, tzinfo=UTC)
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
STALE = FileState(
    revision=4,
    applied_at=APPLIED,
    stale_after=timedelta(hours=1),
    firmware="3.3.1.4365",
    refused=(Fetch(at=NOW, file="a.cfg", address="10.0.0.9", outcome=FetchOutcome.WRONG_AGENT),),
)
OF_FILES = rules_about(About.FILES)
OF_OBSERVATIONS = {name for name, rule in RULES.items() if rule.check}


def account(user: str = "1001", registrar: str = "pbx.example", port: int | None = 5060) -> Account:
    return Account(raw=f"{user}@{registrar}:{port}", user=user, registrar=registrar, port=port)


def line(
    state: Registration = Registration.REGISTERED,
    *,
    number: int = 1,
    code: int | None = None,
    backup: bool | None = False,
    shown: Account | None = None,
    status_text: str = "",
) -> Line:
    return Line(
        number=number,
        registration=state,
        account=shown or account(),
        code=code,
        backup=backup,
        status_text=status_text,
    )


def look(*lines: Line, want: tuple[IntendedAccount, ...] = ()) -> Context:
    return Context(phone=Phone(host="10.0.0.1", accounts=want), reach=Reach.OK, lines=lines)


def failed_look(reason: Reason, detail: str = "") -> Context:
    return Context(phone=Phone(host="10.0.0.1"), reach=reason.reach, reason=reason, detail=detail)


def judge(seen: Context, rules: Mapping[str, RuleSetting] | None = None) -> tuple[Finding, ...]:
    return judging.judge(seen, NOW, rules=rules)


def verdicts(
    seen: Context, rules: Mapping[str, RuleSetting] | None = None
) -> dict[str, tuple[Finding, ...]]:
    return judging.verdicts(seen, NOW, rules=rules)


def held(seen: Context) -> set[tuple[str, int | None]]:
    return {(finding.rule, finding.line) for finding in judge(seen)}


FAILED = line(Registration.FAILED, code=401)


def test_a_registered_line_is_clear() -> None:
    assert judge(look(line())) == ()


def test_a_refused_line_is_flagged_with_its_code_and_what_to_check() -> None:
    (finding,) = judge(look(FAILED))
    assert (finding.rule, finding.line, finding.severity) == (
        "line-failed",
        1,
        Severity.CRITICAL,
    )
    assert finding.text == (
        "line 1: 401 Unauthorized: wrong SIP password or auth name (1001@pbx.example:5060)"
    )
    assert "30 minutes" in finding.check


@pytest.mark.parametrize(
    ("state", "rule"),
    [
        (Registration.FAILED, "line-failed"),
        (Registration.UNREGISTERED, "line-unregistered"),
        (Registration.UNKNOWN, "line-unknown"),
    ],
)
def test_each_bad_state_has_its_rule(state: Registration, rule: str) -> None:
    assert held(look(line(state))) == {(rule, 1)}


def test_an_unconfigured_line_is_clear() -> None:
    assert judge(look(Line(number=3, registration=Registration.UNCONFIGURED))) == ()


def test_a_registered_line_on_the_backup_is_flagged() -> None:
    assert held(look(line(backup=True))) == {("line-on-backup", 1)}


@pytest.mark.parametrize(
    ("state", "code", "rule", "text"),
    [
        (
            Registration.FAILED,
            403,
            "line-failed",
            "line 1: 403 Forbidden from the backup registrar: the registrar does not allow this "
            "user or phone (1001@pbx.example:5060)",
        ),
        (
            Registration.UNREGISTERED,
            None,
            "line-unregistered",
            "line 1: not registered with the backup registrar, without an error code "
            "(1001@pbx.example:5060)",
        ),
        (
            Registration.UNKNOWN,
            None,
            "line-unknown",
            "line 1: the phone shows no status (1001@pbx.example:5060)",
        ),
    ],
)
def test_a_line_that_is_registered_nowhere_is_not_on_the_backup(
    state: Registration, code: int | None, rule: str, text: str
) -> None:
    (finding,) = judge(look(line(state, code=code, backup=True)))
    assert (finding.rule, finding.text) == (rule, text)


def test_backup_not_known_is_not_backup() -> None:
    assert judge(look(line(backup=None))) == ()


@pytest.mark.parametrize(
    "state", [Registration.FAILED, Registration.UNREGISTERED, Registration.UNKNOWN]
)
def test_a_line_whose_page_shows_registrar_0000_is_muted(state: Registration) -> None:
    assert judge(look(line(state, shown=account(registrar="0.0.0.0")))) == ()


@pytest.mark.parametrize(
    "state", [Registration.FAILED, Registration.UNREGISTERED, Registration.UNKNOWN]
)
def test_a_line_whose_inventory_says_registrar_0000_is_muted(state: Registration) -> None:
    want = IntendedAccount(line=1, registrar="0.0.0.0")
    seen = look(Line(number=1, registration=state), want=(want,))
    assert not held(seen) & {("line-failed", 1), ("line-unregistered", 1), ("line-unknown", 1)}


def test_a_muted_line_may_be_missing() -> None:
    assert judge(look(want=(IntendedAccount(line=2, registrar="0.0.0.0"),))) == ()


def test_muting_concerns_its_own_line_alone() -> None:
    want = IntendedAccount(line=2, registrar="0.0.0.0")
    seen = look(
        line(Registration.UNREGISTERED), line(Registration.UNREGISTERED, number=2), want=(want,)
    )
    assert ("line-unregistered", 1) in held(seen)
    assert ("line-unregistered", 2) not in held(seen)


def test_an_intended_line_that_the_table_lacks_is_missing() -> None:
    want = IntendedAccount(line=2, user="1002")
    assert held(look(line(), want=(want,))) == {("line-missing", 2)}


def test_an_intended_line_that_is_unconfigured_is_missing_and_no_mismatch() -> None:
    want = IntendedAccount(line=1, user="1001")
    seen = look(Line(number=1, registration=Registration.UNCONFIGURED), want=(want,))
    assert held(seen) == {("line-missing", 1)}


@pytest.mark.parametrize(
    ("want", "text"),
    [
        (IntendedAccount(line=1, user="2002"), "line 1: user is 1001, should be 2002"),
        (
            IntendedAccount(line=1, registrar="other.example"),
            "line 1: registrar is pbx.example, should be other.example",
        ),
        (
            IntendedAccount(line=1, registrar="pbx.example", registrar_port=5080),
            "line 1: port is 5060, should be 5080",
        ),
    ],
)
def test_a_different_account_is_a_mismatch(want: IntendedAccount, text: str) -> None:
    (finding,) = judge(look(line(), want=(want,)))
    assert (finding.rule, finding.line, finding.text) == ("account-mismatch", 1, text)


@pytest.mark.parametrize(
    "want",
    [
        IntendedAccount(line=1),
        IntendedAccount(line=1, user="1001", registrar="PBX.Example."),
        IntendedAccount(line=1, registrar="pbx.example", registrar_port=0),
        IntendedAccount(line=1, registrar="pbx.example", registrar_port=5060),
    ],
)
def test_what_means_the_same_is_no_mismatch(want: IntendedAccount) -> None:
    assert judge(look(line(), want=(want,))) == ()


@pytest.mark.parametrize("port", [None, 0, 5060])
def test_no_port_and_0_and_5060_are_one(port: int | None) -> None:
    want = IntendedAccount(line=1, registrar="pbx.example", registrar_port=5060)
    assert judge(look(line(shown=account(port=port)), want=(want,))) == ()


def test_two_spellings_of_an_ipv6_registrar_are_one() -> None:
    want = IntendedAccount(line=1, registrar="[2001:DB8:0::1]")
    assert judge(look(line(shown=account(registrar="2001:db8::1")), want=(want,))) == ()


BACKED_UP = IntendedAccount(
    line=1, registrar="pbx.example", backup_registrar="backup.example", backup_registrar_port=5070
)


def test_the_backup_registrar_is_no_mismatch_while_on_backup() -> None:
    seen = line(shown=account(registrar="backup.example", port=5070), backup=True)
    assert held(look(seen, want=(BACKED_UP,))) == {("line-on-backup", 1)}


@pytest.mark.parametrize("backup", [False, None])
def test_the_backup_registrar_is_a_mismatch_when_not_on_backup(backup: bool | None) -> None:
    seen = line(shown=account(registrar="backup.example", port=5070), backup=backup)
    assert ("account-mismatch", 1) in held(look(seen, want=(BACKED_UP,)))


def test_another_port_of_the_backup_registrar_is_a_mismatch() -> None:
    seen = line(shown=account(registrar="backup.example", port=5060), backup=True)
    (mismatch,) = [f for f in judge(look(seen, want=(BACKED_UP,))) if f.rule == "account-mismatch"]
    assert mismatch.text == "line 1: port is 5060, should be 5070"


def test_what_the_page_does_not_show_is_no_mismatch() -> None:
    want = IntendedAccount(line=1, user="1001", registrar="pbx.example", registrar_port=5070)
    assert judge(look(line(shown=Account(raw="?")), want=(want,))) == ()


def test_a_failed_line_without_an_account_is_a_mismatch() -> None:
    want = IntendedAccount(line=1, user="1001")
    seen = look(Line(number=1, registration=Registration.FAILED, code=401), want=(want,))
    assert held(seen) == {("line-failed", 1), ("account-mismatch", 1)}


@pytest.mark.parametrize("reason", list(Reason))
def test_a_failed_poll_holds_its_phone_rule_and_nothing_about_lines(reason: Reason) -> None:
    want = (IntendedAccount(line=1, user="1001"),)
    seen = Context(phone=Phone(host="h", accounts=want), reach=reason.reach, reason=reason)
    (finding,) = judge(seen)
    assert (finding.rule, finding.line) == (f"phone-{reason.reach}", None)
    assert finding.text == REASONS[reason].meaning


def test_the_polls_own_sentence_is_told() -> None:
    (finding,) = judge(failed_look(Reason.NO_ANSWER, "10.0.0.1 did not answer within 5 s."))
    assert finding.text == "10.0.0.1 did not answer within 5 s."


def test_rules_that_could_not_look_are_absent_not_clear() -> None:
    looked = {
        reason: set(verdicts(failed_look(reason))) - {"config-stale", "firmware-drift"}
        for reason in (Reason.NO_ANSWER, Reason.FORBIDDEN, Reason.NO_TABLE)
    }
    assert looked == {
        Reason.NO_ANSWER: {"phone-unreachable", "unexpected-fetch"},
        Reason.FORBIDDEN: {"phone-unreachable", "phone-refused", "unexpected-fetch"},
        Reason.NO_TABLE: {
            "phone-unreachable",
            "phone-refused",
            "phone-unreadable",
            "unexpected-fetch",
        },
    }
    assert set(verdicts(look(line()))) == OF_OBSERVATIONS


def test_a_disabled_rule_is_absent() -> None:
    off = {"line-failed": RuleSetting(enabled=False)}
    assert judge(look(FAILED), rules=off) == ()
    assert "line-failed" not in verdicts(look(FAILED), rules=off)


def test_an_operators_severity_replaces_the_rules_own() -> None:
    mild = {"line-failed": RuleSetting(severity=Severity.INFO)}
    assert [finding.severity for finding in judge(look(FAILED), rules=mild)] == [Severity.INFO]


def test_findings_are_ordered_by_line() -> None:
    seen = look(line(backup=True), line(Registration.FAILED, number=2, code=403))
    assert [finding.line for finding in judge(seen)] == [1, 2]


def test_every_reason_has_its_meaning_and_check() -> None:
    assert set(REASONS) == set(Reason)
    assert all(advice.meaning and advice.check for advice in REASONS.values())


def test_every_rule_tells_what_and_what_to_check() -> None:
    want = (IntendedAccount(line=1, user="x"), IntendedAccount(line=9, user="y"))
    looks = [
        look(line(Registration.FAILED, code=401), line(number=2, backup=True), want=want),
        look(line(Registration.UNREGISTERED)),
        look(line(Registration.UNKNOWN, status_text="Registrita")),
        replace(look(line()), firmware="3.2", files=STALE),
        *(failed_look(reason) for reason in (Reason.SILENT, Reason.FORBIDDEN, Reason.TOO_LARGE)),
    ]
    findings = [finding for seen in looks for finding in judge(seen)]
    assert {finding.rule for finding in findings} == OF_OBSERVATIONS
    assert all(finding.text and finding.check for finding in findings)


def test_an_unknown_status_is_told_verbatim() -> None:
    (finding,) = judge(look(line(Registration.UNKNOWN, status_text="Registrita")))
    assert "'Registrita'" in finding.text


@pytest.mark.parametrize("code", [401, 403, 404, 408, 423, 480, 486, 500, 503, 504, 603])
def test_every_code_one_meets_is_in_the_table(code: int) -> None:
    assert sip_code(code) is SIP_CODES[code]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (399, "Redirection"),
        (499, "Request Failure"),
        (599, "Server Failure"),
        (699, "Global Failure"),
    ],
)
def test_an_unknown_code_is_taken_by_its_class(code: int, name: str) -> None:
    assert sip_code(code).name == name


def test_a_table_without_any_line_is_never_all_well() -> None:
    look = Context(phone=Phone(host="10.0.0.1"), reach=Reach.OK)

    assert [finding.rule for finding in judge(look)] == ["line-missing"]


@pytest.mark.parametrize(
    ("files", "firmware", "held"),
    [
        (FileState(), "3.2", set()),
        (replace(STALE, is_current=True, refused=()), "3.3.1.4365-SIP", set()),
        (replace(STALE, is_waiting=True, refused=()), "3.3.1.4365-SIP", set()),
        (replace(STALE, applied_at=NOW, refused=()), "3.3.1.4365-SIP", set()),
        (replace(STALE, stale_after=NOW - APPLIED, refused=()), "", {"config-stale"}),
        (FileState(firmware="3.3"), "3.2", {"firmware-drift"}),
        (STALE, "3.2", OF_FILES),
    ],
)
def test_files_are_judged_as_far_as_anything_is_known(
    files: FileState, firmware: str, held: set[str]
) -> None:
    seen = replace(look(line()), files=files, firmware=firmware)
    assert {finding.rule for finding in judge(seen)} == held


def test_a_stale_phone_is_told_since_when_whether_it_can_be_polled_or_not() -> None:
    (unreachable, stale) = judge(
        replace(
            failed_look(Reason.NO_ANSWER),
            files=replace(
                STALE, firmware="", refused=(), fetched_at=datetime(2026, 2, 1, tzinfo=UTC)
            ),
        )
    )
    assert unreachable.rule == "phone-unreachable"
    assert stale.text == (
        "its configuration is out of date: revision 4 was applied at 2026-03-01 07:00 UTC, and the "
        "phone last fetched at 2026-02-01 00:00 UTC"
    )
