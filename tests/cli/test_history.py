"""`fleet history`: what it answers, and the bars that it draws."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.cli.answers import answer, phone_answer, span
from fleet.cli.timeline import MARKS, NOTHING, UNREAD, Scale, axis, legend, line_bar, reach_bar
from fleet.model import Account, Line, Reach, Reason, Registration
from fleet.outages import stories
from fleet.store import LinePeriod, ReachPeriod
from tests.cli.steps import LINE, REFUSED, Simulate, done, imported, spec

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=7)
HERE = Account(raw="1001@pbx.example", user="1001", registrar="pbx.example")
SPARE = Account(raw="1001@spare.example", user="1001", registrar="spare.example")
UP = Line(number=3, registration=Registration.REGISTERED, account=HERE, backup=False)
BACKUP = Line(number=3, registration=Registration.REGISTERED, account=SPARE, backup=True)
FAILED = Line(number=3, registration=Registration.FAILED, account=HERE, code=401)
GONE = Line(number=3, registration=Registration.UNREGISTERED, account=HERE)
ODD = Line(number=3, registration=Registration.UNKNOWN, account=HERE, status_text="Registering")
EMPTY = Line(number=3, registration=Registration.UNCONFIGURED)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def lasting(*steps: tuple[float, Line]) -> list[LinePeriod]:
    """Periods that begin so many minutes ago, each lasting up to the next; the last one lasts."""
    ends = [*(ago(start) for start, _ in steps[1:]), None]
    return [
        LinePeriod(phone_id=1, line=line, since=ago(start), until=end)
        for (start, line), end in zip(steps, ends, strict=True)
    ]


def said(*steps: tuple[float, Line], is_muted: bool = False) -> str:
    [story] = stories(lasting(*steps), SINCE)
    local = answer(story, SINCE, NOW, is_muted=is_muted)
    for minutes, _ in steps:
        local = local.replace(
            ago(minutes).astimezone().strftime("%Y-%m-%d %H:%M %Z"), f"-{minutes}m"
        )
    return local


LONG = 90_000  # minutes: before the seven days


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        (
            [(LONG, UP), (300, FAILED), (277, UP), (200, GONE), (199, UP), (60, FAILED), (37, UP)],
            "lost its registration -60m for 23 min (401), was on pbx.example; 3 flaps",
        ),
        (
            [(LONG, BACKUP), (130, GONE)],
            "lost its registration -130m and has been without it for 2 h 10 min (unregistered), "
            "was on spare.example (backup); 1 flap",
        ),
        (
            [(LONG, UP), (50, FAILED), (40, GONE), (20, UP)],
            "lost its registration -50m for 30 min (401), was on pbx.example; 1 flap",
        ),
        ([(LONG, FAILED)], f"not registered since -{LONG}m, 62 d 12 h (401); no flaps"),
        (
            [(90, ODD), (30, UP)],
            "was not registered until -30m, for 1 h (Registering); no flaps",
        ),
        ([(LONG, UP)], "registered all the time on pbx.example; no flaps"),
        ([(90, UP)], "registered since -90m on pbx.example; no flaps"),
        (
            [(LONG, UP), (40, BACKUP)],
            "registered all the time, on spare.example (backup) since -40m; no flaps",
        ),
        ([(LONG, UP), (40, EMPTY)], "has no account; no flaps"),
    ],
)
def test_a_line_is_answered_for_in_a_sentence(
    steps: list[tuple[float, Line]], sentence: str
) -> None:
    assert said(*steps) == f"line 3: {sentence} in 7 days"


def test_a_line_that_shall_not_register_has_lost_nothing() -> None:
    assert said((LONG, UP), (40, GONE), is_muted=True) == (
        "line 3: does not register by design (0.0.0.0); 1 flap in 7 days"
    )


def test_a_line_that_is_not_shown_any_more_is_said_to_be_gone() -> None:
    [story] = stories(lasting((LONG, UP), (40, UP))[:1], SINCE)

    assert "no longer in the phone's table since" in answer(story, SINCE, NOW)


def reach(since: float, until: float | None, reason: Reason | None = None) -> ReachPeriod:
    found = reason.reach if reason else Reach.OK
    ended = None if until is None else ago(until)
    return ReachPeriod(phone_id=1, reach=found, reason=reason, since=ago(since), until=ended)


def test_a_phone_that_was_not_read_is_said_so() -> None:
    gap = [reach(LONG, 300), reach(300, 240, Reason.SILENT), reach(240, None)]

    assert phone_answer(gap, SINCE, NOW) == "phone: not read for 1 h of the 7 days (silent)"
    assert phone_answer([reach(LONG, None)], SINCE, NOW) == ""
    assert "its lines may have changed" in phone_answer([reach(9, None, Reason.SILENT)], SINCE, NOW)


def test_a_bar_shows_the_worst_of_each_letters_time() -> None:
    scale = Scale(since=ago(100), until=NOW, width=10)
    periods = lasting((LONG, UP), (95, FAILED), (94, UP), (60, BACKUP), (50, ODD), (41, EMPTY))

    assert line_bar(periods, [reach(LONG, None)], scale) == "X===b?...."


def test_while_the_phone_was_not_read_nothing_is_claimed_of_its_lines() -> None:
    scale = Scale(since=ago(100), until=NOW, width=10)
    reaches = [reach(LONG, 60), reach(60, 30, Reason.SILENT), reach(30, None)]

    assert line_bar(lasting((80, UP)), reaches, scale) == "  ==~~~==="
    assert reach_bar(reaches, scale) == "====~~~==="


def test_the_legend_names_the_letters_that_are_there() -> None:
    assert legend(["==X", " ~"]) == "X failed  = registered  ~ phone not read"


def test_the_axis_dates_the_midnights_where_there_is_room() -> None:
    wide = axis(Scale(since=SINCE, until=NOW, width=70), UTC)
    narrow = axis(Scale(since=SINCE - timedelta(days=60), until=NOW, width=70), UTC)

    assert (wide.count("|"), wide.count("|11-")) == (7, 6)
    assert len(narrow) <= 70
    assert narrow.count("|") - narrow.count("-") in (0, 1)


@pytest.mark.parametrize(
    ("length", "words"),
    [(timedelta(days=7), "7 days"), (timedelta(hours=36), "1 d 12 h"), (timedelta(days=1), "1 d")],
)
def test_a_length_of_time_in_words(length: timedelta, words: str) -> None:
    assert span(NOW - length, NOW) == words


states = st.sampled_from([UP, BACKUP, FAILED, GONE, ODD, EMPTY])
steps = st.lists(
    st.tuples(st.integers(0, 9999), states), max_size=9, unique_by=lambda step: step[0]
)


@given(steps, st.integers(1, 200), st.integers(1, 9000))
def test_a_bar_is_as_wide_as_asked_and_has_no_hole(
    some: tuple[tuple[int, Line], ...], width: int, minutes: int
) -> None:
    scale = Scale(since=ago(minutes), until=NOW, width=width)
    ordered = sorted(some, reverse=True, key=lambda step: step[0])
    periods = lasting(*ordered) if ordered else []

    bar = line_bar([each for each in periods if each.until is None or each.until > scale.since],
                   [reach(LONG, None)], scale)  # fmt: skip

    assert len(bar) == width
    assert set(bar) <= {*MARKS, NOTHING} - {UNREAD}
    assert NOTHING not in bar.lstrip(NOTHING)


def test_history_answers_in_the_terminal(fleet: Fleet, simulated: Simulate) -> None:
    phones = simulated([spec(1, LINE, REFUSED)])
    imported(fleet, phones)
    done(fleet, "poll")

    out = done(fleet, "history", "phone1")

    assert max(map(len, out.splitlines()[:6])) <= 80
    assert "line 1: registered since" in out
    assert "line 2: not registered since" in out
    assert "(401); no flaps in 7 days" in out
    assert "X failed  = registered" in out
    assert "failed 401" in done(fleet, "history", "phone1", "--format", "table", "--line", "2")


def test_history_as_json_has_answers_outages_and_periods(fleet: Fleet, simulated: Simulate) -> None:
    phones = simulated([spec(1)])
    imported(fleet, phones)
    done(fleet, "poll")
    phones.set(0, lines=(replace(REFUSED, number=1),))
    done(fleet, "poll")

    told = json.loads(done(fleet, "history", "phone1", "--json"))

    [line] = told["lines"]
    [outage] = line["outages"]
    assert (line["line"], line["flaps"]) == (1, 1)
    assert (outage["code"], outage["registrar"], outage["was_registered"]) == (
        401,
        "pbx.example",
        True,
    )
    assert outage["until"] is None
    assert [(each["line"], each["state"]) for each in told["periods"]] == [
        (None, None),
        (1, "registered"),
        (1, "failed"),
    ]
