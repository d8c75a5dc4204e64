"""What the daemon does, as callables: the schedule decides when, and knows no database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from fleet.model import MissedSweeps

Moment: TypeAlias = datetime
Duty: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Duties:
    """Everything the schedule calls. Each may fail, and is called again at its next time.

    `sweep` and `audit` are given the moment they were planned for. `sweep` carries on with the
    sweep of that moment if it was interrupted, raises `SweepTaken` if another runner has or had it,
    and `SweepRunning` if others swept all the time. `poll` looks at phones within seconds; `push`
    takes in what phones said of themselves. `alert` decides who is told what, `deliver` sends it,
    `rollout` runs a roll-out that waits for it, to its end, which may take days; `prune` deletes
    what is old. `clock_set` is called at the start, and whenever somebody has set the clock:
    what waits until a time by the old clock is due now.
    `planned` gives the moments from one on for which there is a planned sweep,
    `missed` the records of missed ones, `last_planned` the newest of either; `last_audit` is the
    planned moment of the newest planned audit. What is None is not done.
    Cancelled, each leaves the database no worse than a crash would.
    """

    sweep: Callable[[Moment], Awaitable[None]]
    planned: Callable[[Moment], Awaitable[Sequence[Moment]]]
    last_planned: Callable[[], Awaitable[Moment | None]]
    missed: Callable[[Moment], Awaitable[Sequence[MissedSweeps]]]
    add_missed: Callable[[MissedSweeps], Awaitable[None]]
    poll: Callable[[Sequence[int]], Awaitable[None]]
    prune: Duty
    push: Duty | None = None
    alert: Duty | None = None
    deliver: Duty | None = None
    rollout: Duty | None = None
    clock_set: Duty | None = None
    audit: Callable[[Moment], Awaitable[None]] | None = None
    last_audit: Callable[[], Awaitable[Moment | None]] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Timetable:
    """When what is done. `name` is that of the planned sweeps in the database.

    `audit` None: no nightly audit; else the time of day, or five fields of cron, and the zone.
    `round_every` is the longest pause between two rounds of alerting. Retention comes `prune_after`
    the start, so that a daemon which is restarted every day gets to it, and daily from then on.
    """

    name: str
    interval: timedelta
    audit: tuple[str, ZoneInfo] | None = None
    round_every: timedelta = timedelta(seconds=5)
    prune_after: timedelta = timedelta(minutes=10)
    prune_every: timedelta = timedelta(days=1)
