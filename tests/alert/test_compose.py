"""What alerts say: what, where, since when, how sure, what to check; and templates of one's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.alert import Composer, Policy, Situation, Zones, plan
from fleet.alert.presentation import plain
from fleet.errors import SettingsError
from fleet.model import Alert, Cause, CauseKind, NoticeKind, Severity
from tests.alert.makers import DAY, HOUR, MINUTE, START, incident, notice, resolved
from tests.alert.world import ALL

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.model import Incident

OURS = Composer()
ZONES = Zones(of_sites={"berlin": ZoneInfo("Europe/Berlin")})
POLICY = Policy(routes=(ALL,), repeat_after=None)
NOW = START + MINUTE


def composed(
    situation: Situation, composer: Composer | None = None, policy: Policy = POLICY
) -> Alert:
    [telling] = plan(situation, policy).tellings
    return (composer or OURS).compose(telling, ZONES, situation.now)


def digest(*incidents: Incident, composer: Composer | None = None) -> Alert:
    notices = tuple(notice(one) for one in incidents)
    return composed(Situation(now=NOW, notices=notices), composer)


def of_cause(kind: CauseKind, name: str, count: int = 12, **fields: object) -> Alert:
    """The alert of a cause with so many members."""
    incidents = {n: incident(n) for n in range(1, count + 1)}
    cause = Cause(
        id=7, kind=kind, name=name, began=START, failing=count, looked_at=14,
        members=frozenset(incidents), **fields,  # type: ignore[arg-type]
    )  # fmt: skip
    return composed(
        Situation(
            now=NOW, standing=incidents, causes=(cause,), members=dict.fromkeys(incidents, cause)
        )
    )


def test_one_problem_is_told_whole() -> None:
    alert = digest(incident(1))
    assert alert.subject == "[fleet] phone1 (berlin), line 1: 401 Unauthorized"
    assert alert.text == (
        "1 line with a problem:\n\n"
        "- phone1 (berlin), line 1: 401: wrong SIP password or auth name (1001@pbx.example)\n"
        "  line-failed, critical, since 2026-11-23 07:59 CET; seen 2 times in a row by polling\n\n"
        "What to check:\n"
        "- Compare auth name and SIP password with the registrar's.\n"
        "- A phone may show 401 for up to 30 minutes after the PBX was repaired, because it waits "
        "that long before it tries again.\n\n"
        f"X-Fleet-Alert: {alert.key}\n"
    )


def test_what_only_the_phone_says_is_said_to_be_so() -> None:
    assert (
        "reported by the phone; not confirmed by a poll yet"
        in digest(incident(1, confirmed=False)).text
    )


def test_a_digest_names_twenty_and_counts_the_rest() -> None:
    alert = digest(*(incident(n) for n in range(1, 26)))
    assert alert.subject == "[fleet] 25 lines: 25 × 401 Unauthorized"
    assert alert.text.count("line-failed, critical") == 20
    assert "… and 5 more: fleet incidents list" in alert.text


def test_a_line_that_two_rules_flag_is_one_line() -> None:
    other = incident(2, phone_id=1, phone="phone1", rule="account-mismatch", code=None)
    assert digest(incident(1), other).subject.startswith("[fleet] 1 line: ")


def test_the_end_of_lines_and_phones_is_told_as_that_of_problems() -> None:
    phone = resolved(incident(2, line=None, rule="phone-unreachable"), NOW)
    line = resolved(incident(1), NOW)
    over = tuple(notice(one, NoticeKind.RESOLVED) for one in (line, phone))
    alert = composed(Situation(now=NOW, notices=over, told={1: START, 2: START}))
    assert alert.text.startswith("2 problems recovered:\n")


def test_an_alert_links_to_the_dashboard_where_that_is_set() -> None:
    linked = Composer(None, "https://fleet.example.com")
    one, two = incident(1, phone_id=7), incident(2, phone_id=8)
    assert "\nDashboard: https://fleet.example.com/phones/7\n" in digest(one, composer=linked).text
    assert "\nDashboard: https://fleet.example.com/\n" in digest(one, two, composer=linked).text
    assert 'href="https://fleet.example.com/"' in digest(one, two, composer=linked).html
    assert "Dashboard" not in digest(one).text


def test_lines_and_phones_are_counted_together_as_problems() -> None:
    unreachable = incident(2, line=None, code=None, rule="phone-unreachable")
    alert = digest(incident(1), unreachable)
    assert alert.subject == "[fleet] 2 problems: 401 Unauthorized, phone-unreachable"
    assert "- phone2 (berlin): " in alert.text


def test_only_a_failed_registration_is_counted_by_its_code() -> None:
    failed, mismatch, backup = incident(1), incident(2), incident(3)
    mismatch = replace(mismatch, rule="account-mismatch", text="user is 1, should be 2")
    backup = replace(backup, rule="line-on-backup", code=None)
    alert = digest(failed, mismatch, backup)
    assert alert.subject == ("[fleet] 3 lines: 401 Unauthorized, account-mismatch, line-on-backup")


@pytest.mark.parametrize(
    ("kind", "name", "subject"),
    [
        (CauseKind.REGISTRAR, "pbx1", "[fleet] 12 lines: registrar pbx1 (401 Unauthorized)"),
        (CauseKind.SITE, "berlin", "[fleet] 12 lines: site berlin (401 Unauthorized)"),
        (CauseKind.NETWORK, "10.1.0.0/24", "[fleet] 12 lines: network 10.1.0.0/24 (401 Un"),
        (CauseKind.CREDENTIALS, "settings", "[fleet] 12 lines: web UI login of the settings (4"),
        (CauseKind.OWN_NETWORK, "", "[fleet] 12 lines: our own network (401 Unauthorized)"),
    ],
)
def test_a_cause_is_named_with_count_share_codes_and_the_first_ten(
    kind: CauseKind, name: str, subject: str
) -> None:
    alert = of_cause(kind, name, codes=((401, 11), (503, 1)))
    assert alert.subject.startswith(subject)
    assert "12 of 14" in alert.text
    assert "(86%)" in alert.text
    assert "SIP codes: 401 Unauthorized: 11, 503 Service Unavailable: 1." in alert.text
    assert alert.text.count("line-failed, critical") == 10
    assert "All of them: fleet incidents list --cause 7" in alert.text
    assert "30 minutes" in alert.text


def test_the_end_of_a_cause_says_how_long_and_who_still_fails_or_cannot_be_seen() -> None:
    incidents = [resolved(incident(1), NOW), incident(2), incident(3)]
    cause = Cause(
        id=7, kind=CauseKind.REGISTRAR, name="pbx1", began=START, failing=1, looked_at=2,
        ended=START + 65 * MINUTE,
    )  # fmt: skip
    alert = composed(
        Situation(
            now=START + 65 * MINUTE, causes=(cause,), told_causes={7: START},
            of_ended={7: tuple(incidents)}, unread=frozenset({3}),
        )
    )  # fmt: skip
    assert alert.subject == "[fleet] recovered: registrar pbx1, after 1 h 5 min"
    assert "2 of them still fail, 1 of which could not be checked" in alert.text


def test_a_reminder_names_causes_and_incidents() -> None:
    cause = Cause(
        id=7, kind=CauseKind.SITE, name="berlin", began=START, failing=3, looked_at=3,
        members=frozenset({2}),
    )  # fmt: skip
    alert = composed(
        Situation(
            now=START + DAY, standing={1: incident(1), 2: incident(2)}, causes=(cause,),
            members={2: cause}, told={1: START}, told_causes={7: START},
        ),
        policy=replace(POLICY, repeat_after=DAY),
    )  # fmt: skip
    assert alert.subject == "[fleet] still open: site berlin; 1 line"
    assert "- site berlin, since 2026-11-23 08:00 CET: 3 of 3 phones looked at" in alert.text


@pytest.mark.parametrize(
    ("reasons", "sentence"),
    [
        ([(), ()], "2 of these delayed since 2026-11-23 07:00 UTC."),
        (
            [("quiet hours",), ("quiet hours",)],
            "2 of these delayed since 2026-11-23 07:00 UTC (quiet hours).",
        ),
        (
            [("no receiver", "silence 3"), ("no receiver",)],
            "2 of these delayed since 2026-11-23 07:00 UTC (no receiver, silence 3: 1).",
        ),
    ],
)
def test_what_was_delayed_is_counted_with_the_recorded_reasons(
    reasons: list[tuple[str, ...]], sentence: str
) -> None:
    notices = tuple(
        replace(notice(incident(number)), delayed_by=some) for number, some in enumerate(reasons, 1)
    )
    alert = composed(Situation(now=START + HOUR, notices=notices))
    assert sentence in " ".join(alert.text.split())


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_what_a_phone_says_is_never_markup(text: str, phone: str, site: str) -> None:
    evil = incident(1, text=f"<b>{text}</b>\nX-Evil: 1", phone=f"<i>{phone}", site=f"<u>{site}")
    alert = digest(evil)
    assert "\n" not in alert.subject
    assert alert.subject.isprintable()
    assert not {"<b>", "<i>", "<u>"} & set(alert.html.replace("<b>1 line</b>", "").split())
    assert "&lt;b&gt;" in alert.html
    assert "\nX-Evil" not in alert.text


def test_the_same_gives_the_same() -> None:
    assert digest(incident(1), incident(2)) == digest(incident(2), incident(1))


def test_a_template_of_ones_own_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "problem.txt").write_text("Oje: {{ count }}\n{{ items[0].where }}\n")
    alert = digest(incident(1), composer=Composer(tmp_path))
    assert (alert.subject, alert.text) == ("Oje: 1 line", "phone1 (berlin), line 1\n")
    assert "<table" in alert.html


def test_ones_own_part_is_used_by_our_templates(tmp_path: Path) -> None:
    (tmp_path / "parts.txt").write_text(
        "{% macro listed(i, m, c) %}all{% endmacro %}{% macro checked(c) %}{% endmacro %}"
        "{% macro ending(l, k) %}, bye{% endmacro %}"
    )
    assert digest(incident(1), composer=Composer(tmp_path)).text.endswith("\n\nall, bye\n")


def test_an_alert_is_not_lost_to_a_template_that_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "problem.txt").write_text("{{ itmes[0] }}")
    (tmp_path / "problem.html").write_text("{{ ''.__class__.__mro__ }}")
    alert = digest(incident(1), composer=Composer(tmp_path))
    assert alert == digest(incident(1))
    assert "'itmes' is undefined" in caplog.text
    assert "unsafe" in caplog.text


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("problem.txt", "{% if %}", "problem.txt cannot be used: "),
        (
            "problems.txt",
            "",
            "problems.txt is not a template of fleet; the templates are cause.html",
        ),
    ],
)
def test_a_wrong_template_stops_the_start(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SettingsError) as raised:
        Composer(tmp_path)
    assert said in str(raised.value)


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no folder"):
        Composer(tmp_path / "none")


def test_a_plain_text_has_one_line_and_an_end() -> None:
    assert plain("a\x1b[31m\n\tb\u202e") == "a [31m b"
    assert plain("x" * 400, 10) == "x" * 9 + "…"


def test_severity_of_a_digest_is_the_worst() -> None:
    assert digest(incident(1, severity=Severity.INFO)).severity is Severity.INFO
    both = digest(incident(1, severity=Severity.INFO), incident(2))
    assert both.severity is Severity.CRITICAL
