"""All lines together, day by day back from the audit."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from fleet.audit.observed import ObservedTime, seconds
from fleet.outages import is_left_out, is_up
from fleet.report.audit import DayAvailability

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet.audit.observed import Interval
    from fleet.store import LinePeriod

DAY = 86_400


class Days:
    """Adds up the seconds observed, and up, of `count` days of 24 hours that end with `now`.

    Most lines were there, and up, nearly all the time: they are counted by the time in which they
    were observed, and only what is missing of it is taken away day by day.
    """

    def __init__(self, *, now: float, count: int) -> None:
        self._now, self._start = now, now - count * DAY
        self._observed = [0.0] * count  # the last day first
        self._up = [0.0] * count
        self._throughout: Counter[tuple[Interval, ...]] = Counter()

    def add(self, periods: Sequence[LinePeriod], observed: ObservedTime) -> None:
        """Add the periods of one line, in order, of which some time was observed."""
        counted = self._is_throughout(periods)
        self._throughout[observed.intervals] += counted
        for period in periods:
            more_observed = (not is_left_out(period.line)) - counted
            more_up = is_up(period.line) - counted
            if not (more_observed or more_up):
                continue
            for ago, seen in self._by_day(period, observed):
                self._observed[ago] += more_observed * seen
                self._up[ago] += more_up * seen

    def _is_throughout(self, periods: Sequence[LinePeriod]) -> bool:
        if periods[0].since.timestamp() > self._start or periods[-1].until is not None:
            return False
        return all(before.until == after.since for before, after in pairwise(periods))

    def _by_day(self, period: LinePeriod, observed: ObservedTime) -> Iterator[tuple[int, float]]:
        since = max(period.since.timestamp(), self._start)
        until = min(seconds(period.until, self._now), self._now)
        if since >= until:
            return
        first, last = int((self._now - until) // DAY), int((self._now - since) // DAY)
        for ago in range(first, min(last, len(self._up) - 1) + 1):
            end = self._now - ago * DAY
            yield ago, observed.within(max(since, end - DAY), min(until, end))

    def availability(self) -> tuple[DayAvailability, ...]:
        """Give the days, the last first."""
        whole = [0.0] * len(self._up)
        for intervals, lines in self._throughout.items():
            observed = ObservedTime(intervals)
            for ago in range(len(whole)):
                end = self._now - ago * DAY
                whole[ago] += lines * observed.within(end - DAY, end)
        sums = zip(whole, self._observed, self._up, strict=True)
        return tuple(
            DayAvailability(ago=ago, observed=round(all_day + seen), up=round(all_day + up))
            for ago, (all_day, seen, up) in enumerate(sums)
        )
