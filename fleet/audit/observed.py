"""Which time was observed: when a sweep had just looked, and the phone could be read.

Moments are seconds since the epoch; intervals are half open, in order, and do not touch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Sweep

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
