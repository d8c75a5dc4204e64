"""IANA time zones in the phones' own form: minutes to the west, and two rules for the summer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from fleet.errors import ConfigurationError
from fleet.phone.config_file import Parameter
from fleet.phone.week_rule import week_of_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_YEARS = 14
"""For how many years a rule has to hold to be given to a phone as a rule."""

_YEAR = timedelta(days=365)
_MOST_SAVED = 60
DST_OFF, DST_CUSTOM = 0, 3
"""`dst config` beside `time zone name: Custom`, of a range from 0 to 3 (facts/provisioning 1.3).

Assumed: 3 makes a phone follow the custom dates. No vendor's text says so; other provisioners send
it."""


class ClockRule(StrEnum):
    """How a phone is told when its clock changes."""

    NEVER = "never"  # the zone does not change its clocks for the next years
    WEEKDAY = "weekday"  # a weekday of a month, which holds for the next years
    DATES = "dates"  # the next two dates, which hold for about a year; see `valid_until`


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneClock:
    """A zone's parameters. From `valid_until` on (UTC) they may be wrong: make them anew then."""

    rule: ClockRule
    parameters: tuple[Parameter, ...]
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """A moment at which the offset to UTC (minutes, east positive) changes."""

    at: datetime
    before: int
    after: int

    @property
    def wall(self) -> datetime:
        """What clocks on the wall show at that moment, before they are changed."""
        return (self.at + timedelta(minutes=self.before)).replace(tzinfo=None)

    @property
    def offsets(self) -> tuple[int, int]:
        """The standard and the summer offset, whichever way it goes."""
        return min(self.before, self.after), max(self.before, self.after)


def phone_clock(zone: str, *, at: datetime) -> PhoneClock:
    """What a phone of this zone has to be told, so that its clock is right at that moment.

    `at` knows its own zone. All moments of one UTC year give the same parameters, so that files do
    not change from day to day; only when `valid_until` has come they do. Assumed, for no source
    says: a phone takes the hours as clocks on the wall show them before the change. Weeks counted
    from a month's beginning are used for Sundays alone, where the vendor's "full week" is clear.
    Raises ConfigurationError for an unknown zone, and for one that no phone can follow.
    """
    if zone not in _zones():
        raise ConfigurationError(f"{zone!r} is not a time zone: write one such as Europe/Berlin.")
    clock = _clock(zone, datetime(at.astimezone(UTC).year, 1, 1, tzinfo=UTC))
    while clock.valid_until is not None and clock.valid_until <= at:
        clock = _clock(zone, clock.valid_until)
    return clock


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=1024)
def _clock(zone: str, since: datetime) -> PhoneClock:
    """The parameters that are right from a moment on."""
    changes = list(_changes(ZoneInfo(zone), since, since + _YEARS * _YEAR))
    offset = _offset(ZoneInfo(zone), since)
    if not changes or changes[0].at > since + _YEAR:
        until = changes[0].at if changes else None
        return PhoneClock(rule=ClockRule.NEVER, parameters=_fixed(offset), valid_until=until)
    _refuse_what_no_phone_can(zone, changes[:2])
    if found := _by_weekday(changes):
        return PhoneClock(rule=ClockRule.WEEKDAY, parameters=found)
    return _by_dates(changes, since)


def _offset(zone: ZoneInfo, at: datetime) -> int:
    found = at.astimezone(zone).utcoffset() or timedelta()
    return round(found / timedelta(minutes=1))


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[_Change]:
    """Every change behind `start`; one day holds one change at most."""
    day, known = start, _offset(zone, start)
    while day < end:
        following = day + timedelta(days=1)
        if (after := _offset(zone, following)) != known:
            yield _Change(_moment(zone, day, following), known, after)
            known = after
        day = following


def _moment(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """When, to the minute, the offset of `low` ends."""
    before = _offset(zone, low)
    while high - low > timedelta(minutes=1):
        middle = low + timedelta(minutes=(high - low) // timedelta(minutes=2))
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def _refuse_what_no_phone_can(zone: str, changes: Sequence[_Change]) -> None:
    for change in changes:
        standard, summer = change.offsets
        reason = ""
        if summer - standard > _MOST_SAVED:
            reason = f"by {summer - standard} minutes, and a phone takes {_MOST_SAVED} at most"
        elif change.wall.minute:
            reason = f"at {change.wall:%H:%M}, and a phone takes whole hours only"
        if reason:
            raise ConfigurationError(
                f"{zone} changes its clocks {reason}: set `time zone minutes` and the dst "
                "parameters of these phones by hand, or choose another zone."
            )


def _by_weekday(changes: Sequence[_Change]) -> tuple[Parameter, ...]:
    """The parameters of a rule that describes all changes; empty if none does."""
    if len({change.offsets for change in changes}) > 1:
        return ()
    starts = [change.wall for change in changes if change.after > change.before]
    ends = [change.wall for change in changes if change.after < change.before]
    if min(len(starts), len(ends)) < _YEARS - 1:
        return ()
    start, end = week_of_all(starts), week_of_all(ends)
    if start is None or end is None:
        return ()
    weeks = (("start", start.week), ("end", end.week))
    return (
        *_saving(*changes[0].offsets, relative=True),
        *_dates(("start", starts[0].month), ("end", ends[0].month), what="month"),
        *_dates(*weeks, what="week"),
        *_dates(("start", start.day), ("end", end.day), what="day"),
        *_dates(("start", starts[0].hour), ("end", ends[0].hour), what="hour"),
    )


def _by_dates(changes: Sequence[_Change], since: datetime) -> PhoneClock:
    """The next change and the one that takes it back, as dates without a weekday."""
    first = changes[0]
    other, until = _taken_back(changes, since)
    start, end = (first.wall, other) if first.after > first.before else (other, first.wall)
    return PhoneClock(
        rule=ClockRule.DATES,
        parameters=(
            *_saving(*first.offsets, relative=False),
            *_dates(("start", start.month), ("end", end.month), what="month"),
            *_dates(("start", start.day), ("end", end.day), what="day"),
            *_dates(("start", start.hour), ("end", end.hour), what="hour"),
        ),
        valid_until=until,
    )


def _taken_back(changes: Sequence[_Change], since: datetime) -> tuple[datetime, datetime]:
    """When the first change is taken back (on the wall), and until when both dates are right (UTC).

    A change that is not taken back within a year gets a counterpart shortly before `since`, which
    does nothing until a year has passed.
    """
    first, *others = changes
    back = others[0] if others else None
    if back and back.after == first.before and back.at < since + _YEAR:
        later = [change.at for change in others[1:2]]
        return back.wall, min([first.at + timedelta(days=364), *later])
    other = (since - timedelta(days=2)).replace(hour=0, minute=0, tzinfo=None)
    later = [change.at for change in others[:1]]
    return other, min([since + timedelta(days=362), *later])


def _fixed(offset: int) -> tuple[Parameter, ...]:
    return (
        Parameter(name="time zone name", value="Custom"),
        Parameter(name="time zone minutes", value=str(-offset)),
        Parameter(name="dst config", value=str(DST_OFF)),
    )


def _saving(standard: int, summer: int, *, relative: bool) -> tuple[Parameter, ...]:
    return (
        *_fixed(standard)[:2],
        Parameter(name="dst config", value=str(DST_CUSTOM)),
        Parameter(name="dst minutes", value=str(summer - standard)),
        Parameter(name="dst [start|end] relative date", value=str(int(relative))),
    )


def _dates(*sides: tuple[str, int], what: str) -> Iterator[Parameter]:
    for side, number in sides:
        yield Parameter(name=f"dst {side} {what}", value=str(number))
