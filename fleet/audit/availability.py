"""The accounting of availability: which time was observed, by line, phone and day. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, TypeAlias

from fleet.judge import NO_REGISTER
from fleet.model import Reach
from fleet.outages import is_down, is_left_out, is_up
from fleet.report.audit import Availability, DayAvailability, LineAvailability, Spans
from fleet.store import LinePeriod, ReachPeriod

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from fleet.audit.auditor import Question
    from fleet.audit.counts import Looked
    from fleet.model import Phone, Sweep
    from fleet.store import Period

Interval: TypeAlias = tuple[float, float]
LOOKS_HOLD_FOR = 2  # intervals of polling: one sweep may be missed without a gap


class ObservedTime:
    """Adds up the parts of any time that fall into given intervals."""

    def __init__(self, intervals: Sequence[Interval]) -> None:
        self.intervals = tuple(intervals)
        self._starts = [since for since, _ in intervals]
        self._before = [0.0, *accumulate(until - since for since, until in intervals)]

    def within(self, since: float, until: float) -> float:
        """Give the seconds of [since, until) that fall into the intervals."""
        return self._up_to(until) - self._up_to(since) if since < until else 0.0

    def _up_to(self, moment: float) -> float:
        place = bisect_right(self._starts, moment) - 1
        if place < 0:
            return 0.0
        since, until = self.intervals[place]
        return self._before[place] + min(moment, until) - since


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """When sweeps had looked at phones within the time that a look holds for.

    `selections` is the time covered by the sweeps of all phones, and of a site's; `phones` that of
    sweeps of named phones, by phone.
    """

    selections: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    phones: Mapping[int, tuple[Interval, ...]] = field(default_factory=dict)

    def of(self, phone_id: int, site: str) -> tuple[Interval, ...]:
        """Give the time covered for one phone."""
        everyone = self.selections.get("all", ())
        more = self.selections.get(f"site {site}", ()) + self.phones.get(phone_id, ())
        return merged(everyone + more) if more else everyone


def coverage(sweeps: Iterable[Sweep], *, interval: float, since: float, now: float) -> Coverage:
    """Tell what the sweeps covered of [since, now): `LOOKS_HOLD_FOR` intervals from each one's end.

    Planned sweeps are of all phones. A sweep that was cut off, or polled nobody, covers nothing:
    which phones it left out nobody knows. So does one that looked again at new problems, or at
    what phones pushed: those are among the phones of one that covers.
    """
    selections: dict[str, list[Interval]] = defaultdict(list)
    phones: dict[int, list[Interval]] = defaultdict(list)
    for sweep in sweeps:
        if sweep.finished is None or sweep.interrupted or not sweep.counts.polled:
            continue
        end = sweep.finished.timestamp()
        covered = (max(end, since), min(end + LOOKS_HOLD_FOR * interval, now))
        if covered[0] < covered[1]:
            selections[sweep.selection if sweep.schedule is None else "all"].append(covered)
    for name in [name for name in selections if name.startswith("phones ")]:
        for number in name.split()[1:]:
            phones[int(number)] += selections[name]
    return Coverage(
        selections={name: merged(some) for name, some in selections.items()},
        phones={number: merged(some) for number, some in phones.items()},
    )


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Put intervals in order and join those that touch."""
    joined: list[Interval] = []
    for since, until in sorted(intervals):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    return tuple(joined)


def common(some: Sequence[Interval], others: Sequence[Interval]) -> tuple[Interval, ...]:
    """Give the time that is in both."""
    found: list[Interval] = []
    at, beside = 0, 0
    while at < len(some) and beside < len(others):
        since = max(some[at][0], others[beside][0])
        until = min(some[at][1], others[beside][1])
        if since < until:
            found.append((since, until))
        if some[at][1] < others[beside][1]:
            at += 1
        else:
            beside += 1
    return tuple(found)


def seconds(moment: datetime | None, otherwise: float) -> float:
    """Give a moment in seconds since the epoch; `otherwise` for None."""
    return otherwise if moment is None else moment.timestamp()


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


class Books:
    """Accounts for the lines of an audit's phones."""

    def __init__(
        self, question: Question, sweeps: Iterable[Sweep], phones: Iterable[Looked]
    ) -> None:
        self._now = question.at.timestamp()
        self._month = question.month
        self._phones = {each.status.stored.id: each.status.stored.phone for each in phones}
        self._covered = coverage(
            sweeps, interval=question.interval, since=self._now - self._month, now=self._now
        )
        self._accountants: dict[str, Accountant] = {}
        self._found: dict[int, list[LineAvailability]] = {}

    def enter(self, past: PhonePast) -> None:
        """Account for the lines of one phone."""
        phone = self._phones.get(past.phone_id)
        if phone is None:  # added since the statuses were read
            return
        accountant = self._accountants.get(phone.site)
        if accountant is None:
            accountant = Accountant(now=self._now, month=self._month)
            self._accountants[phone.site] = accountant
        covered = self._covered.of(past.phone_id, phone.site)
        self._found[past.phone_id] = [
            LineAvailability(
                site=phone.site,
                phone=phone.label,
                mac=phone.mac,
                host=phone.host,
                line=number,
                spans=spans,
            )
            for number, spans in accountant.account(past, covered, _muted(phone))
        ]

    def lines(self) -> tuple[LineAvailability, ...]:
        """Give what came of it, in the order of the phones."""
        return tuple(line for phone_id in self._phones for line in self._found.get(phone_id, ()))

    def days(self) -> dict[str, tuple[DayAvailability, ...]]:
        """Give the days of each site."""
        return {site: each.days() for site, each in sorted(self._accountants.items())}


def _muted(phone: Phone) -> list[int]:
    return [want.line for want in phone.accounts if want.registrar.strip() == NO_REGISTER]


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
