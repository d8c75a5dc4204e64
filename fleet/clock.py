"""The time, the time zone of this machine, and spans of every day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import tzlocal

if TYPE_CHECKING:
    from datetime import date, tzinfo

_DAY = timedelta(days=1)


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def machine_zone() -> str:
    """Return the IANA name of this machine's time zone; UTC where it has none, or a wrong one."""
    try:
        name = tzlocal.get_localzone_name()
        ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        return "UTC"
    return "UTC" if name == "Etc/UTC" else name


@dataclass(frozen=True, kw_only=True, slots=True)
class DailySpan:
    """A span of every day by the wall clock of a zone; it may run over midnight."""

    begins: time
    ends: time
    zone: tzinfo

    def end(self, now: datetime) -> datetime | None:
        """Give the moment at which they are over, in UTC; None when they are not on now."""
        local = now.astimezone(self.zone)
        if not self._holds(local.time()):
            return None
        over_midnight = self.begins > self.ends and local.time() >= self.begins
        day = local.date() + _DAY if over_midnight else local.date()
        return max(moment_of(day, self.ends, self.zone), now)

    def _holds(self, clock: time) -> bool:
        if self.begins < self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends


def daily_span(span: str, zone: tzinfo) -> DailySpan | None:
    """Read `22:00-06:00`; None for an empty text."""
    if not span:
        return None
    begins, _, ends = span.partition("-")
    return DailySpan(begins=time.fromisoformat(begins), ends=time.fromisoformat(ends), zone=zone)


def moment_of(day: date, clock: time, zone: tzinfo) -> datetime:
    """Give the moment, in UTC, at which the clocks of a zone show this time on this day."""
    return datetime.combine(day, clock.replace(tzinfo=None), zone).astimezone(UTC)
