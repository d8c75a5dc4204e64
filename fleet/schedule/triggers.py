"""When APScheduler fires: at planned slots, and once a night whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from fleet.schedule.slots import slot_after

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_LEAST = timedelta(microseconds=1)
_LOOK_BACK = (2, 9, 40, 400)  # days


def every(pause: timedelta, first: datetime) -> BaseTrigger:
    """Fire at `first`, and after each pause."""
    return IntervalTrigger(seconds=pause.total_seconds(), start_date=first, timezone=UTC)


class EverySlot(BaseTrigger):
    """Fires at the absolute multiples of an interval."""

    def __init__(self, interval: timedelta) -> None:
        self._interval = interval

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Give the slot after the previous one; the first one that is not past."""
        return slot_after(previous or now - _LEAST, self._interval)


class Nightly(BaseTrigger):
    """Fires by cron in a zone, and at each wall clock time once, whatever the clocks do.

    `at` is a time of day (`02:30`) or five fields of cron. A time in the hour that is skipped in
    spring falls as long after the change as it would have fallen: 02:30 is then 03:30. Of a time in
    the hour that comes twice in autumn the first counts; cron itself would fire at both. Raises
    ValueError for what is neither.
    """

    def __init__(self, at: str, zone: ZoneInfo) -> None:
        self._zone = zone
        hour, _, minute = at.strip().partition(":")
        fields = f"{minute} {hour} * * *" if minute else at
        *others, weekdays = fields.split()
        fields = " ".join([*others, ",".join(map(_weekday, weekdays.split(",")))])
        self._cron = CronTrigger.from_crontab(fields, timezone=zone)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Give the night after the previous one; the first one that is not past."""
        return self.after(previous or now - _LEAST)

    def after(self, moment: datetime) -> datetime | None:
        """Give the first night after a moment, in UTC; None if there is none."""
        while True:
            start = (moment.astimezone(UTC) + _LEAST).astimezone(self._zone)
            fire: datetime | None = self._cron.get_next_fire_time(None, start)
            if fire is None:
                return None
            moment = fire.astimezone(UTC)
            if not _came_before(fire):
                return moment

    def newest(self, moment: datetime) -> datetime | None:
        """Give the last night at or before a moment, in UTC; None if there was none for a year."""
        for days in _LOOK_BACK:
            night = self.after(moment - timedelta(days=days))
            if night is not None and night <= moment:
                return self._last(night, moment)
        return None

    def _last(self, night: datetime, moment: datetime) -> datetime:
        while (following := self.after(night)) is not None and following <= moment:
            night = following
        return night


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


def _came_before(fire: datetime) -> bool:
    """Tell whether the clocks have shown this time once already, before they were set back."""
    return fire.fold == 1 and fire.utcoffset() != fire.replace(fold=0).utcoffset()
