"""Time zones as phones take them, held against the IANA database over years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import ConfigurationError
from fleet.phone.lint import lint
from fleet.phone.timezones import ClockRule, PhoneClock, phone_clock
from tests.phone.phone_clock import Clock

UNSUPPORTED = {"Antarctica/Troll", "Pacific/Chatham", "NZ-CHAT"}
ZONES = sorted(available_timezones() - UNSUPPORTED)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2037, 12, 31, tzinfo=UTC)


def _clock(zone: str, at: datetime = NOW) -> dict[str, str]:
    return {one.name: one.value for one in phone_clock(zone, at=at).parameters}


def _summer(start: str, end: str, *, minutes: int, saving: int = 60) -> dict[str, str]:
    """`start` and `end` are month, week, day, hour."""
    names = ("month", "week", "day", "hour")
    rule = {
        f"dst {side} {name}": value
        for side, text in (("start", start), ("end", end))
        for name, value in zip(names, text.split(), strict=True)
    }
    return {
        "time zone name": "Custom",
        "time zone minutes": str(minutes),
        "dst config": "3",
        "dst minutes": str(saving),
        "dst [start|end] relative date": "1",
        **rule,
    }


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Berlin", _summer("3 -1 1 2", "10 -1 1 3", minutes=-60)),
        ("Europe/London", _summer("3 -1 1 1", "10 -1 1 2", minutes=0)),
        ("Europe/Dublin", _summer("3 -1 1 1", "10 -1 1 2", minutes=0)),
        ("Atlantic/Azores", _summer("3 -1 1 0", "10 -1 1 1", minutes=60)),
        ("America/New_York", _summer("3 2 1 2", "11 1 1 2", minutes=300)),
        ("America/St_Johns", _summer("3 2 1 2", "11 1 1 2", minutes=210)),
        ("America/Havana", _summer("3 2 1 0", "11 1 1 1", minutes=300)),
        ("Australia/Sydney", _summer("10 1 1 2", "4 1 1 3", minutes=-600)),
        ("Australia/Lord_Howe", _summer("10 1 1 2", "4 1 1 2", minutes=-630, saving=30)),
        ("Pacific/Auckland", _summer("9 -1 1 2", "4 1 1 3", minutes=-720)),
    ],
)
def test_a_rule_of_weeks_is_said_as_one(zone: str, expected: dict[str, str]) -> None:
    assert _clock(zone) == expected
    assert phone_clock(zone, at=NOW).valid_until is None


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [
        ("UTC", "0"),
        ("Asia/Tehran", "-210"),
        ("Asia/Kathmandu", "-345"),
        ("America/Phoenix", "420"),
        ("America/Asuncion", "180"),
        ("Pacific/Kiritimati", "-840"),
    ],
)
def test_a_zone_that_keeps_its_clocks_is_told_so(zone: str, minutes: str) -> None:
    expected = {"time zone name": "Custom", "time zone minutes": minutes, "dst config": "0"}
    assert _clock(zone) == expected


@pytest.mark.parametrize(
    ("zone", "dates"),
    [
        # Sunday behind the first Saturday: no week of a month says that
        ("America/Santiago", ("9/6 0", "4/5 0")),
        # winter time is Ramadan
        ("Africa/Casablanca", ("3/22 2", "2/15 3")),
        ("Asia/Jerusalem", ("3/27 2", "10/25 2")),
    ],
)
def test_a_zone_without_a_rule_of_weeks_gets_the_next_dates(
    zone: str, dates: tuple[str, str]
) -> None:
    clock = phone_clock(zone, at=datetime(2026, 1, 2, tzinfo=UTC))
    values = {one.name: one.value for one in clock.parameters}
    assert values["dst [start|end] relative date"] == "0"
    assert clock.rule is ClockRule.DATES
    assert clock.valid_until is not None
    assert clock.valid_until > datetime(2026, 12, 20, tzinfo=UTC)
    assert dates == tuple(
        f"{values[f'dst {side} month']}/{values[f'dst {side} day']} {values[f'dst {side} hour']}"
        for side in ("start", "end")
    )


@pytest.mark.parametrize(
    ("zone", "reason"),
    [
        ("Antarctica/Troll", "by 120 minutes"),
        ("Pacific/Chatham", "at 03:45"),
        ("Europe/Atlantis", "is not a time zone"),
        ("../etc/passwd", "is not a time zone"),
        ("Europe", "is not a time zone"),
        ("", "is not a time zone"),
    ],
)
def test_a_zone_that_no_phone_can_follow_is_refused_with_the_reason(zone: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        phone_clock(zone, at=NOW)


def test_parameters_do_not_change_from_day_to_day() -> None:
    for zone in ("America/Santiago", "Asia/Jerusalem", "Europe/Berlin"):
        days = [datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=one) for one in range(365)]
        assert len({phone_clock(zone, at=day) for day in days}) == 1


@pytest.mark.parametrize("zone", ZONES)
def test_what_holds_for_good_is_the_iana_databases_from_2024_to_2037(zone: str) -> None:
    clock = phone_clock(zone, at=FIRST)
    if clock.valid_until is None:
        _same(clock, zone, FIRST, LAST)


@given(st.sampled_from(ZONES), st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None)))
def test_whenever_it_is_made_it_is_right_until_it_says_so(zone: str, now: datetime) -> None:
    at = now.replace(tzinfo=UTC)
    clock = phone_clock(zone, at=at)
    until = clock.valid_until or at + timedelta(days=800)
    assert until > at
    _same(clock, zone, at, until)


@given(st.sampled_from(ZONES))
def test_every_zones_parameters_are_good_for_a_phone(zone: str) -> None:
    assert not lint(phone_clock(zone, at=NOW).parameters, "6753i")


def _same(clock: PhoneClock, zone: str, start: datetime, end: datetime) -> None:
    """The phone's clock is the zone's: every ten days, and around each change of either."""
    phone, there = Clock(clock.parameters), ZoneInfo(zone)
    moments = [start + timedelta(days=10 * one) for one in range((end - start).days // 10 + 1)]
    if clock.rule is not ClockRule.NEVER:
        changes = (
            phone.change(year, side)
            for year in range(start.year, end.year + 1)
            for side in ("start", "end")
        )
        minute = timedelta(minutes=1)
        moments += [near for change in changes for near in (change - minute, change)]
    for moment in moments:
        if start <= moment < end:
            assert phone.offset(moment) == moment.astimezone(there).utcoffset(), moment
