"""Maintenance windows and quiet hours, on the nights when clocks change as well."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.alert.windows import Window
from fleet.clock import DailySpan, daily_span
from tests.alert.makers import incident

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = [BERLIN, NEW_YORK, ZoneInfo("Asia/Kolkata"), ZoneInfo("Australia/Lord_Howe")]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def minutes_on(window: Window, begin: datetime, hours: int) -> list[datetime]:
    """The minutes in which a window is on."""
    moments = (begin + n * MINUTE for n in range(hours * 60))
    return [moment for moment in moments if window.ends(moment)]


@pytest.mark.parametrize(
    ("zone", "start", "begins"),
    [
        # Berlin goes from 02:00 to 03:00 on 2026-03-29, and from 03:00 back to 02:00 on 2026-10-25.
        (BERLIN, "01:30", "2026-03-29T00:30"),
        (BERLIN, "02:30", "2026-03-29T01:30"),  # skipped: at 03:30 by the new clock
        (BERLIN, "03:30", "2026-03-29T01:30"),
        (BERLIN, "01:30", "2026-10-24T23:30"),
        (BERLIN, "02:30", "2026-10-25T00:30"),  # comes twice: the first
        (BERLIN, "03:30", "2026-10-25T02:30"),
        # New York goes from 02:00 to 03:00 on 2026-03-08, and from 02:00 back to 01:00 on 11-01.
        (NEW_YORK, "01:30", "2026-03-08T06:30"),
        (NEW_YORK, "02:30", "2026-03-08T07:30"),
        (NEW_YORK, "03:30", "2026-03-08T07:30"),
        (NEW_YORK, "00:30", "2026-11-01T04:30"),
        (NEW_YORK, "01:30", "2026-11-01T05:30"),
        (NEW_YORK, "02:30", "2026-11-01T07:30"),
    ],
)
def test_a_window_begins_by_the_wall_clock_and_lasts_real_hours(
    zone: ZoneInfo, start: str, begins: str
) -> None:
    day = utc(begins).astimezone(zone).weekday()
    window = Window(
        name="w",
        zone=zone,
        start=time.fromisoformat(start),
        duration=2 * HOUR,
        days=frozenset({day}),
    )

    on = minutes_on(window, utc(begins) - 12 * HOUR, 30)

    assert on[0] == utc(begins)
    assert on[-1] == utc(begins) + 2 * HOUR - MINUTE
    assert len(on) == 120


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    window = Window(name="w", zone=BERLIN, start=time(23), duration=3 * HOUR, days=frozenset({6}))
    sunday = utc("2026-11-22T22:00")

    assert window.ends(sunday) == utc("2026-11-23T01:00")
    assert window.ends(sunday + 3 * HOUR - MINUTE)
    assert not window.ends(sunday + 3 * HOUR)
    assert not window.ends(sunday + timedelta(days=1))


def test_a_window_of_many_days_is_on_to_its_end() -> None:
    window = Window(
        name="w", zone=UTC, start=time(6), duration=timedelta(days=2.5), days=frozenset({4})
    )
    assert window.ends(utc("2026-11-22T17:59")) == utc("2026-11-22T18:00")
    assert not window.ends(utc("2026-11-22T18:00"))


def test_a_window_without_start_lasts_once() -> None:
    window = Window(
        name="w", zone=UTC, since=utc("2026-11-23T22:00"), until=utc("2026-11-24T04:00")
    )
    assert not window.ends(utc("2026-11-23T21:59"))
    assert window.ends(utc("2026-11-23T22:00")) == utc("2026-11-24T04:00")
    assert not window.ends(utc("2026-11-24T04:00"))


def test_a_window_with_start_begins_between_since_and_until_only() -> None:
    window = Window(
        name="w", zone=UTC, start=time(2), since=utc("2026-11-23T03:00"),
        until=utc("2026-11-25T00:00"),
    )  # fmt: skip
    begun = {moment.date() for moment in minutes_on(window, utc("2026-11-22T00:00"), 120)}
    assert begun == {utc("2026-11-24T00:00").date()}


def test_a_window_covers_what_it_names() -> None:
    one = incident(1, site="berlin", phone="Reception", rule="phone-unreachable")
    assert Window(name="w", zone=UTC).covers(one)
    assert Window(name="w", zone=UTC, sites=frozenset({"berlin"})).covers(one)
    assert not Window(name="w", zone=UTC, sites=frozenset({"bonn"})).covers(one)
    assert Window(name="w", zone=UTC, phones=frozenset({"reception"})).covers(one)
    assert not Window(name="w", zone=UTC, phones=frozenset({"desk"})).covers(one)
    known = Window(name="w", zone=UTC, phones=frozenset({"10.0.0.1"}), phone_ids=frozenset({1}))
    assert known.covers(one)
    assert not Window(name="w", zone=UTC, rules=frozenset({"line-failed"})).covers(one)


@pytest.mark.parametrize(
    ("span", "now", "end"),
    [
        ("22:00-06:00", "2026-11-23T20:59", None),
        ("22:00-06:00", "2026-11-23T21:00", "2026-11-24T05:00"),
        ("22:00-06:00", "2026-11-24T04:59", "2026-11-24T05:00"),
        ("22:00-06:00", "2026-11-24T05:00", None),
        ("12:00-13:00", "2026-11-23T11:30", "2026-11-23T12:00"),
        ("12:00-13:00", "2026-11-23T12:00", None),
        ("22:00-06:00", "2026-03-28T23:00", "2026-03-29T04:00"),  # an hour shorter
        ("22:00-06:00", "2026-10-24T22:00", "2026-10-25T05:00"),  # an hour longer
        ("22:00-02:30", "2026-03-29T00:59", "2026-03-29T01:30"),  # its end is skipped
        ("22:00-02:30", "2026-03-29T01:00", None),  # 03:00 by the clock: they are over
        ("22:00-02:30", "2026-10-25T00:29", "2026-10-25T00:30"),
    ],
)
def test_quiet_hours_end_by_the_wall_clock(span: str, now: str, end: str | None) -> None:
    hours = daily_span(span, BERLIN)
    assert hours is not None
    assert hours.end(utc(now)) == (utc(end) if end else None)


def test_no_span_is_no_quiet_hours() -> None:
    assert daily_span("", BERLIN) is None


@settings(deadline=None)
@given(
    now=st.datetimes(
        min_value=datetime.fromisoformat("2026-01-01"),
        max_value=datetime.fromisoformat("2027-01-01"),
        timezones=st.just(UTC),
    ),
    begins=st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
    ends=st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
    zone=st.sampled_from(ZONES),
)
def test_quiet_hours_always_end_within_a_day_and_an_hour(
    now: datetime, begins: time, ends: time, zone: ZoneInfo
) -> None:
    end = DailySpan(begins=begins, ends=ends, zone=zone).end(now)
    if begins != ends and end is not None:
        assert now <= end <= now + 25 * HOUR
