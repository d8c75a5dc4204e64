"""Availability as the reports show it: seconds of a window, and what share of them was good."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Availability:
    """How one line, or many, did over a window; `seconds` is the window's length times the lines.

    `observed` are the seconds of which anything is known, `up` those of them with a registration,
    `on_backup` those of `up` on the backup registrar. `flaps` counts the times a line went from
    registered to not. `outages` counts times without registration that were seen, `longest` is
    the longest of them in observed seconds.
    """

    seconds: int
    observed: int = 0
    up: int = 0
    on_backup: int = 0
    flaps: int = 0
    outages: int = 0
    longest: int = 0

    @property
    def share_up(self) -> float | None:
        """The share of the observed time with a registration; None where nothing was observed."""
        return self.up / self.observed if self.observed else None

    @property
    def share_observed(self) -> float | None:
        """The share of the window of which anything is known."""
        return self.observed / self.seconds if self.seconds else None

    def __add__(self, other: Availability) -> Availability:
        return Availability(
            seconds=self.seconds + other.seconds,
            observed=self.observed + other.observed,
            up=self.up + other.up,
            on_backup=self.on_backup + other.on_backup,
            flaps=self.flaps + other.flaps,
            outages=self.outages + other.outages,
            longest=max(self.longest, other.longest),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Spans:
    """The same over the last day, the last week, and the whole of the history looked at."""

    day: Availability
    week: Availability
    month: Availability

    def __add__(self, other: Spans) -> Spans:
        return Spans(
            day=self.day + other.day, week=self.week + other.week, month=self.month + other.month
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class LineAvailability:
    """One line's availability."""

    site: str
    phone: str
    mac: str
    host: str
    line: int
    spans: Spans


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteAvailability:
    """The availability of a site's lines, added up."""

    site: str
    lines: int
    spans: Spans


@dataclass(frozen=True, kw_only=True, slots=True)
class DayAvailability:
    """All lines together over the 24 hours that ended `ago` days before the audit."""

    ago: int
    observed: int = 0
    up: int = 0

    @property
    def share_up(self) -> float | None:
        """The share of the observed time with a registration; None where nothing was observed."""
        return self.up / self.observed if self.observed else None
