"""Maintenance windows: times in which trouble is expected.

A window begins at a time of the wall clock and lasts so many seconds of real time, so one that
spans a night of a clock change is neither longer nor shorter. A beginning that the clock skips is
as long after the change as it was meant to be after it, that is an hour later by the clock; of one
that comes twice, the first counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.clock import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime, time, tzinfo

    from fleet.model import Incident

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A time in which trouble is expected; notices about what it covers are kept back.

    With `start` it begins at that time on each of `days` (0: Monday) that falls into [since,
    until), and lasts for `duration`. Without `start` it lasts once, from `since` to `until`.
    Empty choices cover everything; `phones` are names in lower case, `phone_ids` numbers.
    """

    name: str
    zone: tzinfo
    sites: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    phone_ids: frozenset[int] = frozenset()
    rules: frozenset[str] = frozenset()
    start: time | None = None
    duration: timedelta = timedelta(hours=1)
    days: frozenset[int] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    def covers(self, incident: Incident) -> bool:
        """Tell whether the incident is one that it expects, whenever that may be."""
        return (
            (not self.sites or incident.site in self.sites)
            and (not self.rules or incident.rule in self.rules)
            and (
                not self.phones
                or incident.phone.lower() in self.phones
                or incident.phone_id in self.phone_ids
            )
        )

    def ends(self, now: datetime) -> datetime | None:
        """Give the moment at which it is over, in UTC; None when it is not on now."""
        ends = [end for begin, end in self._spans(now) if begin <= now < end]
        return max(ends, default=None)

    def _spans(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Every span that may hold `now`."""
        if self.start is None:
            if self.since and self.until:
                yield self.since, self.until
            return
        today = now.astimezone(self.zone).date()
        for back in range(self.duration // _DAY + 2):
            day = today - back * _DAY
            begin = moment_of(day, self.start, self.zone)
            if self._begins_on(day, begin):
                yield begin, begin + self.duration

    def _begins_on(self, day: date, begin: datetime) -> bool:
        return (
            (not self.days or day.weekday() in self.days)
            and (self.since is None or self.since <= begin)
            and (self.until is None or begin < self.until)
        )
