"""What the daemon does, as jobs: one that fails does not harm the others, and says how it fares."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from fleet.errors import FleetError

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


log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class Job:
    """A duty by its name. `patience`: running for longer than this it is taken for stuck.

    `failures` counts those in a row; `error` is what the last of them said, empty when the last
    run went well.
    """

    name: str
    patience: timedelta
    clock: Callable[[], datetime]
    running_since: datetime | None = None
    ended: datetime | None = None
    worked: datetime | None = None
    failures: int = 0
    error: str = ""
    _told: set[str] = field(default_factory=set)
    _begun: float = 0.0  # by the event loop's time, which nobody sets

    async def run(self, duty: Callable[[], Awaitable[None]]) -> bool:
        """Do the duty; give whether it went well. Only being cancelled gets through."""
        self.running_since, self._begun = self.clock(), asyncio.get_running_loop().time()
        try:
            await duty()
        except Exception as error:  # noqa: BLE001  one job's failure must not stop the others
            self._failed(error)
            return False
        else:
            self._went_well()
            return True
        finally:
            self.ended, self.running_since = self.clock(), None

    def is_stuck(self) -> bool:
        """Return whether it has been running for longer than it ever should."""
        if self.running_since is None:
            return False
        lasted = asyncio.get_running_loop().time() - self._begun
        return lasted > self.patience.total_seconds()

    def _went_well(self) -> None:
        if self.failures:
            log.info("%s works again, after %d failures.", self.name, self.failures)
        self.worked, self.failures, self.error = self.clock(), 0, ""
        self._told.clear()

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        self.error = f"{error}" if isinstance(error, FleetError) else type(error).__name__
        kind = _kind(error)
        if kind in self._told:
            return
        self._told.add(kind)
        if isinstance(error, FleetError):
            log.error("%s failed: %s", self.name, error)
        else:
            log.error("%s failed because of a bug in fleet:", self.name, exc_info=error)


def _kind(error: Exception) -> str:
    """What one failure has in common with the same one later: its class and where it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__qualname__} {place}"


class Rounds:
    """Does a job when it is asked to, once more when it was asked meanwhile, one at a time."""

    def __init__(self, job: Job, duty: Callable[[], Awaitable[None]]) -> None:
        self.job = job
        self._duty = duty
        self._asked = asyncio.Event()
        self._free = asyncio.Event()
        self._free.set()

    def ask(self) -> None:
        """Have a round begin as soon as may be; never waits."""
        self._asked.set()

    async def run(self) -> None:
        """Do rounds until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            self._free.clear()
            try:
                await self.job.run(self._duty)
            finally:
                self._free.set()

    async def settle(self, seconds: float) -> None:
        """Wait for the round that is under way, for so long at most."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._free.wait(), seconds)
