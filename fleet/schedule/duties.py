"""What the daemon does, as callables: the schedule decides when, and knows no database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from fleet.model import MissedSweeps

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

Moment = datetime
Round = Callable[[], Awaitable[None]]

SCHEDULE = "sweep"  # the name under which planned sweeps and missed ones are stored


@dataclass(frozen=True, kw_only=True, slots=True)
class Duties:
    """Everything the schedule calls; each may fail, and is asked again at its next time.

    `sweep` and `audit` are given the moment they were planned for. `sweep` carries on with the
    sweep of that moment where it was cut off, raises `SweepTaken` where another runner has or had
    it, and `SweepRunning` while another sweep holds the lease. `poll` looks at phones now, and may
    raise `SweepRunning` too. `alert` decides, `deliver` sends, `push` takes what phones said of
    themselves, `prune` deletes what is old. `planned` gives the moments since one for which there
    was a planned sweep, `missed` the records of missed ones, `last_audit` the planned moment of
    the newest planned audit. Cancelled, each leaves the database as after a crash, or better.
    """

    sweep: Callable[[Moment], Awaitable[None]]
    audit: Callable[[Moment], Awaitable[None]]
    alert: Round
    deliver: Round
    push: Round
    prune: Round
    poll: Callable[[Sequence[int]], Awaitable[None]]
    planned: Callable[[Moment], Awaitable[Sequence[Moment]]]
    missed: Callable[[Moment], Awaitable[Sequence[MissedSweeps]]]
    add_missed: Callable[[MissedSweeps], Awaitable[None]]
    last_audit: Callable[[], Awaitable[Moment | None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Timetable:
    """When what is done. `audit_at` None: no nightly audit.

    `round_every` is the longest pause between two rounds of alerting. Retention begins
    `prune_after` the start, for a daemon that is restarted daily to get to it as well.
    """

    interval: timedelta
    audit_at: time | None = None
    audit_zone: ZoneInfo | None = None
    round_every: timedelta = timedelta(seconds=5)
    prune_after: timedelta = timedelta(minutes=10)
    prune_every: timedelta = timedelta(days=1)
