"""Outages: when a line lost its registration, for how long, and where it had been registered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from fleet.judge import NO_REGISTER
from fleet.model import Registration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from fleet.model import Line
    from fleet.store import LinePeriod, Period

P = TypeVar("P", bound="Period")


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Periods one right after the other that something held for. `until` None: it still holds."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """A time in which a line was not registered. `until` None: it still is not.

    `line` is what the phone showed first in it; `before` what it showed right before, None where
    nothing is known of that.
    """

    since: datetime
    until: datetime | None
    line: Line
    before: Line | None = None

    @property
    def is_loss(self) -> bool:
        """Whether the line was registered right before: only then something was lost."""
        return self.before is not None and is_up(self.before)


def is_left_out(line: Line) -> bool:
    """Whether a line cannot be up or down: no account, or a registrar that means "do not"."""
    if line.registration is Registration.UNCONFIGURED:
        return True
    return line.account is not None and line.account.registrar.strip() == NO_REGISTER


def is_up(line: Line) -> bool:
    """Whether a line is registered, on whichever registrar."""
    return line.registration is Registration.REGISTERED and not is_left_out(line)


def is_down(line: Line) -> bool:
    """Whether a line should be registered and is not; a text not understood is not taken for up."""
    return line.registration is not Registration.REGISTERED and not is_left_out(line)


def runs(periods: Iterable[P], held: Callable[[P], bool]) -> Iterator[Run]:
    """Join neighbours among the periods of one line, or of one reach, that `held` is true of."""
    run: Run | None = None
    for period in periods:
        if run and held(period) and run.until == period.since:
            run = Run(since=run.since, until=period.until)
            continue
        if run:
            yield run
        run = Run(since=period.since, until=period.until) if held(period) else None
    if run:
        yield run


def outages(periods: Sequence[LinePeriod]) -> Iterator[Outage]:
    """Give the outages of one line, from its periods in order."""
    shown = {period.since: period.line for period in periods}
    ended = {period.until: period.line for period in periods}
    for run in runs(periods, lambda period: is_down(period.line)):
        before = ended.get(run.since)
        yield Outage(since=run.since, until=run.until, line=shown[run.since], before=before)


@dataclass(frozen=True, kw_only=True, slots=True)
class LineStory:
    """One line's periods over a time that began at `since`, and what they come to.

    `flaps` counts the registrations lost in that time.
    """

    number: int
    periods: tuple[LinePeriod, ...]
    outages: tuple[Outage, ...]
    flaps: int


def stories(periods: Iterable[LinePeriod], since: datetime) -> list[LineStory]:
    """Tell the story of each line of one phone, by number; its periods come in order."""
    lines: dict[int, list[LinePeriod]] = {}
    for period in periods:
        lines.setdefault(period.line.number, []).append(period)
    return [_story(number, lines[number], since) for number in sorted(lines)]


def _story(number: int, periods: Sequence[LinePeriod], since: datetime) -> LineStory:
    found = tuple(outages(periods))
    flaps = sum(1 for outage in found if outage.is_loss and outage.since >= since)
    return LineStory(number=number, periods=tuple(periods), outages=found, flaps=flaps)
