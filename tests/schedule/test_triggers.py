"""Once a night in every zone, whatever the clocks do; slots that no restart moves."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.schedule.triggers import EverySlot, Nightly

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
DAY = timedelta(days=1)
MOMENTS = st.floats(1.6e9, 1.9e9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def nights(zone: ZoneInfo, at: str, first: date, count: int) -> list[datetime]:
    """The nights that follow the midnight at which `first` begins."""
    trigger = Nightly(at, zone)
    moment = datetime.combine(first, time(), zone) - timedelta(seconds=1)
    found = []
    for _ in range(count):
        night = trigger.after(moment)
        assert night is not None
        moment = night
        found.append(moment)
    return found


@pytest.mark.parametrize(
    ("zone", "at", "change", "utc"),
    [
        (BERLIN, "02:30", date(2026, 3, 29), "01:30"),  # 02:30 is skipped: 03:30 summer time
        (BERLIN, "02:30", date(2026, 10, 25), "00:30"),  # 02:30 comes twice: the first
        (NEW_YORK, "02:30", date(2026, 3, 8), "07:30"),
        (NEW_YORK, "02:30", date(2026, 11, 1), "07:30"),
        (NEW_YORK, "01:30", date(2026, 11, 1), "05:30"),
    ],
)
def test_the_nights_of_a_change_have_one_audit_each(
    zone: ZoneInfo, at: str, change: date, utc: str
) -> None:
    found = nights(zone, at, change - DAY, 3)
    assert [each.astimezone(zone).date() for each in found] == [change - DAY, change, change + DAY]
    assert f"{found[1].astimezone(UTC):%H:%M}" == utc


@given(
    zone=st.sampled_from(ZONES),
    at=st.times(),
    first=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_every_calendar_day_has_exactly_one_night(zone: str, at: time, first: date) -> None:
    found = nights(ZoneInfo(zone), f"{at:%H:%M}", first, 5)
    days = [each.astimezone(ZoneInfo(zone)).date() for each in found]
    assert days == [first + n * DAY for n in range(5)]


@given(
    zone=st.sampled_from(ZONES),
    at=st.times(),
    moment=MOMENTS,
)
def test_the_newest_night_is_the_one_before_the_next(zone: str, at: time, moment: datetime) -> None:
    trigger = Nightly(f"{at:%H:%M}", ZoneInfo(zone))
    newest, following = trigger.newest(moment), trigger.after(moment)
    assert newest is not None
    assert following is not None
    assert newest <= moment < following == trigger.after(newest)


def changes(zone: ZoneInfo, first: date, count: int) -> list[date]:
    """The dates on whose local day, or beside it, the zone's clocks are set."""
    days = [first + n * DAY for n in range(count)]
    offsets = [datetime.combine(day, time(12), zone).utcoffset() for day in days]
    return [
        day for day, was, is_ in zip(days[1:], offsets, offsets[1:], strict=False) if was != is_
    ]


def rule_sets() -> dict[tuple[object, ...], str]:
    """A zone for each way in which clocks are set in these years, the first of its name."""
    found: dict[tuple[object, ...], str] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        key = tuple(
            (
                day,
                datetime.combine(day, time(), zone).utcoffset(),
                datetime.combine(day + DAY, time(), zone).utcoffset(),
            )
            for day in changes(zone, date(2023, 1, 1), 4 * 365)
        )
        if key:
            found.setdefault(key, name)
    return found


CHANGING = sorted(rule_sets().values())
QUARTERS = [f"{quarter // 4:02}:{quarter % 4 * 15:02}" for quarter in range(96)]


@pytest.mark.parametrize("name", CHANGING)
def test_around_every_change_each_date_has_one_audit_at_every_quarter_hour(name: str) -> None:
    zone = ZoneInfo(name)
    wrong = []
    for at, change in product(QUARTERS, changes(zone, date(2025, 1, 1), 365)):
        begin = change - 2 * DAY
        days = [each.astimezone(zone).date() for each in nights(zone, at, begin, 4)]
        if days != [begin + n * DAY for n in range(4)]:
            wrong.append((at, change, days))
    assert wrong == []


@pytest.mark.parametrize("name", CHANGING)
def test_a_whole_year_has_an_audit_a_date(name: str) -> None:
    zone = ZoneInfo(name)
    at = Random(name).choice(QUARTERS)
    days = [each.astimezone(zone).date() for each in nights(zone, at, date(2024, 1, 1), 366)]
    assert days == [date(2024, 1, 1) + n * DAY for n in range(366)]


def test_a_date_that_a_zone_leaves_out_has_no_audit() -> None:
    apia = ZoneInfo("Pacific/Apia")  # which went from 29 to 31 December 2011
    days = [each.astimezone(apia).date() for each in nights(apia, "02:30", date(2011, 12, 28), 4)]
    assert days == [date(2011, 12, 28), date(2011, 12, 29), date(2011, 12, 31), date(2012, 1, 1)]


def test_a_night_that_is_now_fires_now() -> None:
    now = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    trigger = Nightly("02:30", BERLIN)
    assert trigger.get_next_fire_time(None, now) == now
    assert trigger.get_next_fire_time(now, now) == now + timedelta(hours=25)


@pytest.mark.parametrize(
    ("fields", "days"),
    [
        ("30 2 * * mon-fri", [2, 3, 4, 5, 6, 9]),
        ("30 2 * * 1-5", [2, 3, 4, 5, 6, 9]),
        ("30 2 * * 0,6", [7, 8, 14, 15, 21, 22]),
        ("30 2 * * 7", [8, 15, 22, 29]),
        ("30 2 1,15 * *", [15]),
    ],
)
def test_five_fields_of_cron_choose_the_nights(fields: str, days: list[int]) -> None:
    found = nights(BERLIN, fields, date(2026, 3, 2), len(days))
    assert [each.astimezone(BERLIN).day for each in found] == days
    assert Nightly(fields, BERLIN).newest(found[-1]) == found[-1]


@pytest.mark.parametrize("fields", ["25:00", "2:61", "x", "", "* * *", "0 0 * * 8", "a b c d e"])
def test_what_is_no_time_is_refused(fields: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Nightly(fields, BERLIN)


def test_a_day_that_never_comes_has_no_night() -> None:
    trigger = Nightly("0 0 30 2 *", BERLIN)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert trigger.after(now) is None
    assert trigger.newest(now) is None


@given(
    seconds=st.floats(0.5, 90_000),
    now=MOMENTS,
)
def test_slots_are_multiples_of_the_interval(seconds: float, now: datetime) -> None:
    interval = timedelta(seconds=seconds)
    trigger = EverySlot(interval)
    first = trigger.get_next_fire_time(None, now)
    assert now <= first < now + interval
    assert trigger.get_next_fire_time(first, now) == first + interval
    assert (first - datetime(1970, 1, 1, tzinfo=UTC)) % interval == timedelta()
