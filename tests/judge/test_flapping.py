"""Flapping: many changes begin it, few end it, and what cannot be seen does neither."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fleet.model import Severity, Step, Watch
from tests.judge.watching import LINE_RULES, MINUTE, START, Watched, finding, readable, unreachable

FAILED = finding("line-failed", 1)
FLAPS = ("line-flapping", 1)
WATCH = Watch(open_after=dict.fromkeys(LINE_RULES, 100))


def flapping(watch: Watch = WATCH) -> Watched:
    """Bad and good in turns each ten minutes: five changes by minute 40, then bad."""
    phone = Watched(watch)
    for turn in range(5):
        phone.look(*([FAILED] if turn % 2 == 0 else []), after=10 * turn)
    return phone


def test_many_changes_begin_it_at_once_and_say_how_many() -> None:
    phone = flapping()

    (notice,) = phone.notices
    incident = notice.incident
    assert (incident.key, notice.kind.value, notice.at) == (FLAPS, "opened", START + 40 * MINUTE)
    assert incident.text == (
        "line 1: changed 5 times between good and bad within 60 minutes, now bad"
    )
    assert (incident.severity, incident.line) == (Severity.WARNING, 1)


def test_fewer_changes_do_not() -> None:
    phone = Watched(WATCH)
    for turn in range(4):
        phone.look(*([FAILED] if turn % 2 == 0 else []), after=10 * turn)

    assert phone.told == []
    assert len(phone.flaps[1].changes) == 4


def test_it_lasts_while_more_changes_are_left_than_end_it() -> None:
    phone = flapping()

    phone.look(FAILED, after=89)  # the changes of minutes 30 and 40 are left
    assert phone.told == [("line-flapping", "opened")]
    phone.look(FAILED, after=90)

    assert phone.told == [("line-flapping", "opened"), ("line-flapping", "resolved")]
    assert phone.notices[-1].incident.text == "line 1: no longer changes, now bad"


def test_once_over_and_steady_it_leaves_nothing_behind() -> None:
    phone = flapping()

    phone.look(FAILED, after=200)

    assert phone.flaps == {}
    assert FLAPS not in phone.standing
    assert phone.look(FAILED, after=201).flaps == ()


def test_a_line_that_cannot_be_seen_did_not_become_steady() -> None:
    phone = flapping()

    for minute in range(50, 200, 10):
        assert FLAPS in phone.standing
        phone.see(unreachable(START + minute * MINUTE))

    assert len(phone.flaps[1].changes) == 5


def test_trouble_that_only_changes_its_kind_is_no_change() -> None:
    phone = Watched(WATCH)
    for turn in range(20):
        phone.look(finding(LINE_RULES[turn % 4], 1), after=turn)

    assert len(phone.flaps[1].changes) == 1


def test_the_incidents_beneath_have_their_own_notices() -> None:
    phone = flapping(Watch(open_after={"line-failed": 1}))

    assert phone.told == [
        ("line-failed", "opened"),
        ("line-failed", "resolved"),
        ("line-failed", "opened"),
        ("line-failed", "resolved"),
        ("line-failed", "opened"),
        ("line-flapping", "opened"),
    ]


def test_a_phone_that_answers_and_does_not_in_turns_flaps_itself() -> None:
    phone = Watched(Watch(open_after={"phone-unreachable": 100}))
    for turn in range(5):
        at = START + turn * MINUTE
        phone.see(readable(at=at) if turn % 2 else unreachable(at))

    (notice,) = phone.notices
    assert (notice.incident.rule, notice.incident.line) == ("phone-flapping", None)
    assert notice.incident.text == (
        "the phone changed 5 times between answering and not answering within 60 minutes, "
        "and does not answer now"
    )


def test_a_push_counts_as_a_change_but_never_ends_it() -> None:
    phone = Watched(WATCH)
    for turn in range(3):
        phone.look(FAILED, after=10 * turn, pushed=True)
        phone.look(after=10 * turn + 5)
    assert FLAPS in phone.standing

    phone.look(FAILED, after=300, pushed=True)
    assert FLAPS in phone.standing
    phone.look(FAILED, after=301)

    assert FLAPS not in phone.standing


def test_a_look_out_of_order_is_no_change() -> None:
    phone = flapping()
    phone.look(after=50)

    assert phone.see(readable(FAILED, at=START + 45 * MINUTE)).flaps == ()


def test_switched_off_it_is_over_and_begins_no_more() -> None:
    phone = flapping()
    phone.watch = replace(WATCH, off=frozenset({"line-flapping"}))

    phone.look(after=41)
    for minute in range(42, 60):
        phone.look(*([FAILED] if minute % 2 else []), after=minute)

    assert phone.told == [("line-flapping", "opened"), ("line-flapping", "resolved")]
    assert phone.flaps == {}


def test_its_severity_follows_the_settings() -> None:
    phone = flapping(replace(WATCH, severity={"line-flapping": Severity.INFO}))
    assert phone.standing[FLAPS].severity is Severity.INFO

    phone.watch = WATCH
    phone.look(FAILED, after=41)

    assert phone.standing[FLAPS].severity is Severity.WARNING


def test_an_unchanged_one_writes_nothing() -> None:
    phone = flapping()
    pending = phone.look(FAILED, after=41)

    assert [each.rule for each in pending.incidents] == ["line-failed"]
    assert (pending.flaps, pending.notices) == ((), ())


@pytest.mark.parametrize("begin", [1, 3])
def test_an_end_that_is_not_below_the_beginning_cannot_make_it_come_and_go(begin: int) -> None:
    phone = Watched(replace(WATCH, flap_begin=begin, flap_end=9))

    for turn in range(begin):
        phone.look(*([FAILED] if turn % 2 == 0 else []), after=turn)
    bad = [FAILED] if begin % 2 else []
    steps = [phone.look(*bad, after=begin + extra) for extra in range(5)]

    assert phone.told == [("line-flapping", "opened")]
    assert all(step.notices == () for step in steps)


def test_the_number_of_changes_kept_is_bounded() -> None:
    phone = Watched(replace(WATCH, flap_window=timedelta(days=9).total_seconds()))
    for turn in range(300):
        phone.look(*([FAILED] if turn % 2 else []), after=turn)

    assert len(phone.flaps[1].changes) == 50
    assert phone.look(FAILED, after=300) != Step()
