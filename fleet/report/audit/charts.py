"""The audit's charts as numbers: where bars begin and how long they are, in per cent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.report.wording import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.report.audit.availability import DayAvailability
    from fleet.report.audit.records import CountRecord

COLOURS = {
    "registered": "#2f8f5b",
    "on backup": "#e0a92e",
    "failed": "#c0392b",
    "unregistered": "#e67e22",
    "unknown": "#8e5bb5",
    "not shown": "#b5651d",
    "unconfigured": "#c9ced6",
    "not seen": "#7f8894",
}
_FLOORS = (0.99, 0.95, 0.9, 0.75, 0.5, 0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One bar, or one part of one. `size` None: there is nothing to show there."""

    name: str
    start: float
    size: float | None
    colour: str = ""


def stacked(counts: Sequence[CountRecord]) -> tuple[Bar, ...]:
    """Lay the lines of each state one after the other, over a width of 100."""
    total = sum(each.lines or 0 for each in counts)
    bars, start = [], 0.0
    for each in counts:
        size = 100 * (each.lines or 0) / total if total else 0.0
        colour = COLOURS.get(each.name, "#888888")
        bars.append(Bar(name=each.name, start=round(start, 2), size=round(size, 2), colour=colour))
        start += size
    return tuple(bars)


@dataclass(frozen=True, kw_only=True, slots=True)
class DayChart:
    """The share up of each day, the oldest first, drawn from `floor` (a share) upwards.

    `worst` is the day with the smallest share, None where no day was observed.
    """

    floor: float
    bars: tuple[Bar, ...]
    worst: DayAvailability | None


def by_day(days: Sequence[DayAvailability]) -> DayChart:
    """Draw days from the highest floor that all of them stand on, so that small losses show."""
    worst = min(
        (day for day in days if day.share_up is not None),
        key=lambda day: (day.share_up, day.ago),
        default=None,
    )
    lowest = (worst.share_up if worst else None) or 0.0
    floor = next((each for each in _FLOORS if lowest >= each), 0.0)
    width = 100 / max(len(days), 1)
    bars = tuple(
        Bar(
            name=f"{named(day)}: {percent(day.share_up) or 'not observed'}",
            start=round(place * width, 2),
            size=None
            if day.share_up is None
            else round(2 + 98 * (day.share_up - floor) / (1 - floor), 2),
        )
        for place, day in enumerate(reversed(days))
    )
    return DayChart(floor=floor, bars=bars, worst=worst)


def named(day: DayAvailability) -> str:
    """Say which day it is: those of an audit begin when it was made, not at midnight."""
    return f"{day.ago + 1} d ago" if day.ago else "the last 24 h"
