"""Incidents: what opens them, what resolves them, and what leaves them alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.judge import RULES, RuleSetting, watch_for
from fleet.model import IncidentState, Severity, Step, Watch
from tests.judge.watching import MINUTE, START, Watched, finding, readable, unreachable

FAILED = finding("line-failed", 1, text="401", code=401)
OPENED, RESOLVED = ("line-failed", "opened"), ("line-failed", "resolved")


def opened() -> Watched:
    phone = Watched()
    phone.look(FAILED)
    phone.look(FAILED, after=1)
    return phone


def test_a_finding_seen_once_is_pending_and_nobody_is_told() -> None:
    phone = Watched()

    step = phone.look(FAILED)

    (incident,) = step.incidents
    assert (incident.state, incident.sightings, incident.opened) == (
        IncidentState.PENDING,
        1,
        None,
    )
    assert (incident.site, incident.phone, incident.code, incident.registrar) == (
        "here",
        "desk",
        401,
        "pbx",
    )
    assert step.notices == ()


def test_a_finding_seen_often_enough_opens_with_a_notice() -> None:
    phone = opened()

    (notice,) = phone.notices
    assert notice.incident == phone.standing["line-failed", 1]
    assert (notice.kind.value, notice.at) == ("opened", START + MINUTE)
    assert (notice.incident.first_seen, notice.incident.opened) == (START, START + MINUTE)


def test_a_rule_opens_when_its_settings_say() -> None:
    at_once = Watched(Watch(open_after={"line-failed": 1}))
    late = Watched(Watch(open_after={"line-failed": 4}))

    for minute in range(3):
        late.look(FAILED, after=minute)
    at_once.look(FAILED)

    assert at_once.told == [OPENED]
    assert late.told == []
    assert late.standing["line-failed", 1].sightings == 3


def test_an_open_incident_that_stays_as_it_is_writes_nothing() -> None:
    assert opened().look(FAILED, after=2) == Step()


@pytest.mark.parametrize(
    "changed",
    [
        replace(FAILED, text="403"),
        replace(FAILED, code=403),
        replace(FAILED, registrar="other"),
        replace(FAILED, severity=Severity.INFO),
        replace(FAILED, check="look there"),
    ],
)
def test_an_open_incident_follows_what_is_found(changed: object) -> None:
    assert isinstance(changed, type(FAILED))
    phone = opened()

    step = phone.look(changed, after=2)

    (incident,) = step.incidents
    assert (
        incident.text,
        incident.code,
        incident.registrar,
        incident.severity,
        incident.check,
    ) == (
        changed.text,
        changed.code,
        changed.registrar,
        changed.severity,
        changed.check,
    )
    assert incident.opened == START + MINUTE
    assert step.notices == ()


def test_a_look_that_misses_it_resolves_an_open_incident_with_a_notice() -> None:
    phone = opened()

    step = phone.look(after=5)

    assert phone.told == [OPENED, RESOLVED]
    assert step.incidents[0].resolved == START + 5 * MINUTE
    assert step.notices[0].incident == step.incidents[0]
    assert phone.standing == {}


def test_what_never_opened_is_forgotten_without_a_word() -> None:
    phone = Watched()
    phone.look(FAILED)

    step = phone.look(after=1)

    assert (step.incidents[0].state, step.incidents[0].opened) == (IncidentState.RESOLVED, None)
    assert phone.told == []


def test_a_phone_that_stops_answering_has_not_recovered_its_lines() -> None:
    phone = opened()
    phone.look(FAILED, finding("line-missing", 2), after=2)

    for minute in range(3, 8):
        phone.see(unreachable(START + minute * MINUTE))

    assert phone.told == [OPENED, ("phone-unreachable", "opened")]
    assert phone.standing["line-missing", 2].sightings == 1


def test_two_findings_of_a_rule_on_a_line_are_one() -> None:
    phone = Watched()

    phone.look(FAILED, replace(FAILED, text="again"))

    assert [each.text for each in phone.standing.values()] == ["401"]


def test_trouble_that_changes_its_kind_goes_on_counting() -> None:
    phone = Watched()
    other = finding("line-unregistered", 1)

    phone.look(FAILED)
    phone.look(other, after=1)
    phone.look(FAILED, after=2)

    assert phone.told == [
        ("line-unregistered", "opened"),
        ("line-unregistered", "resolved"),
        OPENED,
    ]


def test_trouble_of_another_line_or_sort_is_not_counted() -> None:
    phone = Watched()

    phone.look(FAILED)
    phone.look(finding("line-failed", 2), finding("line-missing", 1), after=1)

    assert phone.told == []


def test_a_push_opens_at_once_and_a_poll_confirms_it_without_a_word() -> None:
    phone = Watched()

    phone.look(FAILED, pushed=True)
    assert not phone.standing["line-failed", 1].confirmed
    phone.look(FAILED, after=1)

    assert phone.standing["line-failed", 1].confirmed
    assert phone.standing["line-failed", 1].sightings == 0
    assert phone.told == [OPENED]


def test_a_push_opens_what_a_poll_saw_once() -> None:
    phone = Watched()

    phone.look(FAILED)
    phone.look(FAILED, after=1, pushed=True)

    assert phone.told == [OPENED]
    assert phone.standing["line-failed", 1].confirmed
    assert phone.standing["line-failed", 1].sightings == 1


def test_what_was_pushed_and_is_another_trouble_of_the_line_goes_on() -> None:
    phone = Watched()

    phone.look(FAILED, pushed=True)
    phone.look(replace(FAILED, rule="line-unregistered"), after=1)

    other = ("line-unregistered", "opened")
    assert sorted(phone.told) == sorted([OPENED, RESOLVED, other])


def test_a_poll_that_misses_what_was_pushed_resolves_it() -> None:
    phone = Watched()

    phone.look(FAILED, pushed=True)
    phone.look(after=1)

    assert phone.told == [OPENED, RESOLVED]


def test_a_push_resolves_nothing_whatever_it_says() -> None:
    phone = opened()
    well = replace(readable(at=START + 2 * MINUTE), pushed=True)

    assert phone.see(well) == Step()


def test_a_push_does_not_rewrite_what_polls_confirmed() -> None:
    phone = opened()

    assert phone.look(replace(FAILED, text="the phone said 403"), after=2, pushed=True) == Step()


@pytest.mark.parametrize("found", [(), (FAILED,), (replace(FAILED, text="old"),)])
def test_a_look_from_before_it_leaves_an_incident_alone(found: tuple[object, ...]) -> None:
    phone = opened()
    early = readable(*found, at=START - MINUTE)  # type: ignore[arg-type]

    assert phone.see(early) == Step()


def test_a_rule_opens_after_as_many_looks_as_its_row_says() -> None:
    assert watch_for({}).open_after == {
        "line-failed": 2,
        "line-unregistered": 2,
        "line-on-backup": 3,
        "line-unknown": 2,
        "line-missing": 2,
        "account-mismatch": 2,
        "phone-unreachable": 3,
        "phone-refused": 2,
        "phone-unreadable": 3,
        "config-stale": 2,
        "firmware-drift": 2,
        "unexpected-fetch": 1,
        "line-flapping": 1,
        "phone-flapping": 1,
    }
    assert list(RULES) == list(watch_for({}).open_after)


def test_the_settings_go_before_a_rules_own() -> None:
    watch = watch_for(
        {
            "line-failed": RuleSetting(open_after=5),
            "line-flapping": RuleSetting(enabled=False, severity=Severity.INFO),
        }
    )

    assert watch.open_after == {**watch_for({}).open_after, "line-failed": 5}
    assert watch.off == {"line-flapping"}
    assert watch.severity == {"line-flapping": Severity.INFO}
