"""When APScheduler fires: at planned slots, and once a night whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from fleet.schedule.slots import slot_after

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_LEAST = timedelta(microseconds=1)
_LOOK_BACK = timedelta(days=3)  # there is a night in each of them, however long


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
    """Fires once on every calendar day of a zone, at a wall clock time.

    A time in the hour that is skipped in spring falls as long after the change as it would have
    fallen: 02:30 is then 03:30. Of a time in the hour that comes twice in autumn the first counts.
    cron itself would fire at both.
    """

    def __init__(self, at: time, zone: ZoneInfo) -> None:
        self._zone = zone
        self._cron = CronTrigger(hour=at.hour, minute=at.minute, second=at.second, timezone=zone)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Give the night after the previous one; the first one that is not past."""
        return self.after(previous or now - _LEAST)

    def after(self, moment: datetime) -> datetime:
        """Give the first night after a moment, in UTC."""
        while True:
            start = (moment.astimezone(UTC) + _LEAST).astimezone(self._zone)
            fire: datetime = self._cron.get_next_fire_time(None, start)
            moment = fire.astimezone(UTC)
            if not _came_before(fire):
                return moment

    def newest(self, moment: datetime) -> datetime:
        """Give the last night at or before a moment, in UTC."""
        night = self.after(moment - _LOOK_BACK)
        while (following := self.after(night)) <= moment:
            night = following
        return night


def _came_before(fire: datetime) -> bool:
    """Tell whether the clocks have shown this time once already, before they were set back."""
    return fire.fold == 1 and fire.utcoffset() != fire.replace(fold=0).utcoffset()
