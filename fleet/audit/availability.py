"""The accounting of availability: pure, phone by phone; a longer history takes no more memory.

Time counts as observed while the phone could be read and a sweep had looked at it (`observed`).
Time that was not observed counts neither as up nor as down.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.audit.days import DAY, Days
from fleet.audit.observed import ObservedTime, common, merged, seconds
from fleet.model import Reach
from fleet.outages import is_down, is_left_out, is_up
from fleet.report.audit import Availability, Spans
from fleet.store import LinePeriod, ReachPeriod

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from fleet.audit.observed import Interval
    from fleet.report.audit import DayAvailability
    from fleet.store import Period

WEEK = 7 * DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class PhonePast:
    """The periods of one phone, in order: of its reach, and of each of its lines."""

    phone_id: int
    reaches: list[ReachPeriod] = field(default_factory=list)
    lines: dict[int, list[LinePeriod]] = field(default_factory=lambda: defaultdict(list))


def by_phone(periods: Iterable[Period]) -> Iterator[PhonePast]:
    """Put together what belongs to one phone; the periods come ordered by phone."""
    past: PhonePast | None = None
    for period in periods:
        if past is None or past.phone_id != period.phone_id:
            if past:
                yield past
            past = PhonePast(phone_id=period.phone_id)
        if isinstance(period, LinePeriod):
            past.lines[period.line.number].append(period)
        else:
            past.reaches.append(period)
    if past:
        yield past


class Accountant:
    """Accounts for lines until `now`, over a day, a week and `month` seconds."""

    def __init__(self, *, now: float, month: int) -> None:
        self.now = now
        self._lengths = (DAY, WEEK, month)
        self._days = Days(now=now, count=month // DAY)
        self._alike: dict[Spans, Spans] = {}  # most lines of a fleet have done the same

    def account(
        self, past: PhonePast, covered: tuple[Interval, ...], muted: Collection[int]
    ) -> Iterator[tuple[int, Spans]]:
        """Give each line's number and availability; lines that were left out all along have none.

        `covered` is the time in which sweeps had looked at the phone. `muted` lines do not register
        by design, says the inventory.
        """
        observed = ObservedTime(common(_readable(past.reaches, self.now), covered))
        whole: Spans | None = None
        for number in sorted(past.lines.keys() - set(muted)):
            periods = past.lines[number]
            if self._is_up_throughout(periods):
                whole = whole or self._spans(periods, observed)
                self._days.add(periods, observed)
                yield number, whole
            elif not all(is_left_out(period.line) for period in periods):
                self._days.add(periods, observed)
                yield number, self._spans(periods, observed)

    def days(self) -> tuple[DayAvailability, ...]:
        """Give all lines accounted for so far together, day by day, the last first."""
        return self._days.availability()

    def _is_up_throughout(self, periods: Sequence[LinePeriod]) -> bool:
        if len(periods) != 1:
            return False
        since, until, line = periods[0].since.timestamp(), periods[0].until, periods[0].line
        starts_before = since <= self.now - max(self._lengths)
        return starts_before and until is None and is_up(line) and not line.backup

    def _spans(self, periods: Sequence[LinePeriod], observed: ObservedTime) -> Spans:
        day, week, month = (self._over(length, periods, observed) for length in self._lengths)
        spans = Spans(day=day, week=week, month=month)
        return self._alike.setdefault(spans, spans)

    def _over(
        self, length: int, periods: Sequence[LinePeriod], observed: ObservedTime
    ) -> Availability:
        start, tally = self.now - length, _Tally()
        for period in periods:
            since, until = period.since.timestamp(), seconds(period.until, self.now)
            seen = observed.within(max(since, start), min(until, self.now))
            tally.add(period, seen, is_within=start <= since < self.now)
        return tally.availability(length)


class _Tally:
    """Adds up the periods of one line over one window."""

    def __init__(self) -> None:
        self.observed = self.up = self.on_backup = self.longest = 0.0
        self.flaps = self.outages = 0
        self._down = 0.0  # observed seconds of the outage that the last period belongs to
        self._last: LinePeriod | None = None

    def add(self, period: LinePeriod, seen: float, *, is_within: bool) -> None:
        """Add the line's next period, of which `seen` seconds were observed within the window."""
        line, last = period.line, self._last
        follows = last is not None and last.until == period.since
        self._last = period
        if not (is_down(line) and follows):
            self._end_outage()
        if is_left_out(line):
            return
        self.observed += seen
        if is_up(line):
            self.up += seen
            self.on_backup += seen * bool(line.backup)
            return
        self._down += seen
        if follows and last and is_up(last.line) and is_within:
            self.flaps += 1

    def _end_outage(self) -> None:
        self.outages += self._down > 0
        self.longest = max(self.longest, self._down)
        self._down = 0.0

    def availability(self, length: int) -> Availability:
        """Give what came of it, in whole seconds."""
        self._end_outage()
        return Availability(
            seconds=length,
            observed=round(self.observed),
            up=round(self.up),
            on_backup=round(self.on_backup),
            flaps=self.flaps,
            outages=self.outages,
            longest=round(self.longest),
        )


def _readable(reaches: Iterable[ReachPeriod], now: float) -> tuple[Interval, ...]:
    return merged(
        (period.since.timestamp(), seconds(period.until, now))
        for period in reaches
        if period.reach is Reach.OK
    )
