"""Once a night in every zone, whatever the clocks do; slots that no restart moves."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.schedule.triggers import EverySlot, Nightly

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
DAY = timedelta(days=1)
MOMENTS = st.floats(1.6e9, 1.9e9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def nights(zone: ZoneInfo, at: time, first: date, count: int) -> list[datetime]:
    """The nights that follow the midnight at which `first` begins."""
    trigger = Nightly(at, zone)
    moment = datetime.combine(first, time(), zone) - timedelta(seconds=1)
    found = []
    for _ in range(count):
        moment = trigger.after(moment)
        found.append(moment)
    return found


@pytest.mark.parametrize(
    ("zone", "at", "change", "utc"),
    [
        (BERLIN, time(2, 30), date(2026, 3, 29), "01:30"),  # 02:30 is skipped: 03:30 summer time
        (BERLIN, time(2, 30), date(2026, 10, 25), "00:30"),  # 02:30 comes twice: the first
        (NEW_YORK, time(2, 30), date(2026, 3, 8), "07:30"),
        (NEW_YORK, time(2, 30), date(2026, 11, 1), "07:30"),
        (NEW_YORK, time(1, 30), date(2026, 11, 1), "05:30"),
    ],
)
def test_the_nights_of_a_change_have_one_audit_each(
    zone: ZoneInfo, at: time, change: date, utc: str
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
    at = at.replace(microsecond=0)
    found = nights(ZoneInfo(zone), at, first, 5)
    days = [each.astimezone(ZoneInfo(zone)).date() for each in found]
    assert days == [first + n * DAY for n in range(5)]


@given(
    zone=st.sampled_from(ZONES),
    at=st.times(),
    moment=MOMENTS,
)
def test_the_newest_night_is_the_one_before_the_next(zone: str, at: time, moment: datetime) -> None:
    trigger = Nightly(at.replace(microsecond=0), ZoneInfo(zone))
    newest = trigger.newest(moment)
    assert newest <= moment < trigger.after(newest) == trigger.after(moment)


def test_a_night_that_is_now_fires_now() -> None:
    now = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    trigger = Nightly(time(2, 30), BERLIN)
    assert trigger.get_next_fire_time(None, now) == now
    assert trigger.get_next_fire_time(now, now) == now + timedelta(hours=25)


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
