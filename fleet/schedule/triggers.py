"""The nightly audit, and when APScheduler fires: at planned slots, and once a night."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

from fleet.schedule.planned import slot_after, slot_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from zoneinfo import ZoneInfo

log = logging.getLogger(__name__)


class NightlyAudit:
    """Runs the newest night's audit; the database gives each night to one runner alone.

    A night that was before the start is run if there was an audit before it, but none since. A
    fleet that was never audited has missed nothing. Where the clock was set back, the database
    knows which nights had their audit.
    """

    def __init__(
        self,
        audit: Callable[[datetime], Awaitable[None]],
        last: Callable[[], Awaitable[datetime | None]],
        when: tuple[str, ZoneInfo],
        clock: Callable[[], datetime],
    ) -> None:
        self.trigger = Nightly(*when)
        self._audit = audit
        self._last = last
        self._clock = clock
        self._begun = clock()
        self._newest: datetime | None = None

    async def run(self) -> None:
        """Run the newest night's audit, unless that was done; then one that came meanwhile."""
        while (night := self.trigger.newest(self._clock())) and night != self._newest:
            self._begun = min(self._begun, self._clock())
            is_due = night > self._begun or await self._was_missed(night)
            self._newest = night
            if is_due:
                await self._audit(night)

    async def _was_missed(self, night: datetime) -> bool:
        last = await self._last()
        if last is None or last >= night:
            return False
        log.warning(
            "The audit planned for %s was missed; it runs now.", f"{night:%Y-%m-%d %H:%M} UTC"
        )
        return True


_LEAST = timedelta(microseconds=1)
_LOOK_BACK = (2, 9, 40, 400)  # days
_LONGEST_CHANGE = timedelta(hours=4)  # that clocks were ever set forward by within a date
_MOST_LATE = 1_000  # firings that a clock which was set forward can leave out


class Every(BaseTrigger):
    """Fires `first` after it is planned, and after each pause."""

    def __init__(self, pause: timedelta, first: timedelta) -> None:
        self._pause, self._first = pause, first

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Return the time after the previous one; those that are long past are one."""
        if previous is None:
            return now + self._first
        return max(previous + self._pause, now - self._pause)


class EverySlot(BaseTrigger):
    """Fires at the absolute multiples of an interval."""

    def __init__(self, interval: timedelta) -> None:
        self._interval = interval

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Return the slot after the previous one; the first one that is not past."""
        following = slot_after(previous or now - _LEAST, self._interval)
        if now - following > _MOST_LATE * self._interval:
            return slot_of(now, self._interval)
        return following


class Nightly(BaseTrigger):
    """Fires by cron in a zone: at each wall clock time once, a time of day once a local date.

    `at` is a time of day (`02:30`) or five fields of cron. A time in the hour that is skipped in
    spring falls as long after the change as it would have fallen: 02:30 is then 03:30. Where that
    would be the next date, it falls as long before the change. Of a time in the hour that comes
    twice in autumn the first counts. A date that a zone leaves out has none. Raises ValueError for
    what is neither.
    """

    def __init__(self, at: str, zone: ZoneInfo) -> None:
        self._zone = zone
        hour, _, minute = at.strip().partition(":")
        fields = f"{minute} {hour} * * *" if minute else at
        *others, weekdays = fields.split()
        fields = " ".join([*others, ",".join(map(_weekday, weekdays.split(",")))])
        # Of a day without changes of the clock: APScheduler adds 24 hours of real time, and so
        # skips a date where a time between 00:00 and 01:00 follows a day of 23 hours.
        self._cron = CronTrigger.from_crontab(fields, timezone=UTC)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return the night after the previous one; the first one that is not past."""
        return self.after(previous or now - _LEAST)

    def after(self, moment: datetime) -> datetime | None:
        """Return the first night after a moment, in UTC; None if there is none."""
        return next((night for night in self._nights(moment) if night > moment), None)

    def newest(self, moment: datetime) -> datetime | None:
        """Return the last night at or before a moment, in UTC; None if there was none for a year.

        The year is a long one, for a cron of a single date.
        """
        for days in _LOOK_BACK:
            nights = self._nights(moment - timedelta(days=days))
            past = list(takewhile(lambda night: night <= moment, nights))
            if past:
                return past[-1]
        return None

    def _nights(self, since: datetime) -> Iterator[datetime]:
        """Yield the nights in order, some before `since` included."""
        wall = since.astimezone(self._zone).replace(tzinfo=UTC) - _LONGEST_CHANGE
        newest: datetime | None = None
        while (fire := self._cron.get_next_fire_time(None, wall)) is not None:
            night = self._moment_of(fire)
            if night is not None and (newest is None or night > newest):
                newest = night
                yield night
            wall = fire + _LEAST

    def _moment_of(self, wall: datetime) -> datetime | None:
        """Return the moment at which the zone's clocks show this time, or would have shown it."""
        for fold in (0, 1):  # of a skipped time: counted from before the change, then from after it
            night = wall.replace(tzinfo=self._zone, fold=fold).astimezone(UTC)
            if night.astimezone(self._zone).date() == wall.date():
                return night
        return None


_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _weekday(field: str) -> str:
    """Turn cron's numbers (0 and 7 are Sunday) into names: APScheduler's begin with Monday."""
    first, is_range, last = field.partition("-")
    if not (first.isdecimal() and (last.isdecimal() or not is_range)):
        return field
    numbers = range(int(first), int(last or first) + 1)
    if not 0 < len(numbers) <= 7 or numbers[-1] > 7:
        raise ValueError(f"{field} is not a day of the week")
    return ",".join(_WEEKDAYS[number] for number in numbers)
