"""Duties without a database: what the schedule asked for, and when."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fleet.errors import SweepTaken
from fleet.schedule import Duties, Schedule, Timetable
from tests.schedule.virtual import clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from fleet.model import MissedSweeps

START = datetime(2026, 3, 2, 7, 1, 40, tzinfo=UTC)
INTERVAL = timedelta(seconds=300)
SLOT = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)  # the one that START is in


async def nothing() -> None:
    """Do nothing."""


@dataclass(kw_only=True)
class Books:
    """What a database would know, shared by all who work on it."""

    sweeps: dict[datetime, str] = field(default_factory=dict)
    missed: list[MissedSweeps] = field(default_factory=list)
    audits: list[datetime] = field(default_factory=list)


@dataclass(kw_only=True)
class Worker:
    """One daemon: `lasts` is how long its sweeps take."""

    books: Books = field(default_factory=Books)
    name: str = "one"
    lasts: float = 150.0
    polled: list[tuple[int, ...]] = field(default_factory=list)
    cut_off: list[datetime] = field(default_factory=list)
    rounds: int = 0
    delivered: int = 0
    prunes: int = 0
    before_sweep: Callable[[datetime], Awaitable[None]] | None = None

    async def sweep(self, moment: datetime) -> None:
        if moment in self.books.sweeps:
            raise SweepTaken("Another runner has this planned sweep.")
        if self.before_sweep is not None:
            await self.before_sweep(moment)
        self.books.sweeps[moment] = self.name
        try:
            await asyncio.sleep(self.lasts)
        except asyncio.CancelledError:
            self.cut_off.append(moment)
            raise

    async def planned(self, since: datetime) -> Sequence[datetime]:
        return [moment for moment in self.books.sweeps if moment >= since]

    async def last_planned(self) -> datetime | None:
        return max([*self.books.sweeps, *(gap.last for gap in self.books.missed)], default=None)

    async def missed(self, since: datetime) -> Sequence[MissedSweeps]:
        return [gap for gap in self.books.missed if gap.last >= since]

    async def add_missed(self, gap: MissedSweeps) -> None:
        self.books.missed.append(gap)

    async def poll(self, ids: Sequence[int]) -> None:
        self.polled.append(tuple(ids))

    async def alert(self) -> None:
        self.rounds += 1

    async def deliver(self) -> None:
        self.delivered += 1

    async def prune(self) -> None:
        self.prunes += 1

    async def audit(self, moment: datetime) -> None:
        if moment not in self.books.audits:
            self.books.audits.append(moment)

    async def last_audit(self) -> datetime | None:
        return max(self.books.audits, default=None)

    @property
    def duties(self) -> Duties:
        return Duties(
            sweep=self.sweep,
            planned=self.planned,
            last_planned=self.last_planned,
            missed=self.missed,
            add_missed=self.add_missed,
            poll=self.poll,
            alert=self.alert,
            deliver=self.deliver,
            prune=self.prune,
            audit=self.audit,
            last_audit=self.last_audit,
        )


@asynccontextmanager
async def working(
    worker: Worker, timetable: Timetable | None = None
) -> AsyncIterator[tuple[Schedule, asyncio.Event]]:
    """A schedule at work; it is stopped at the end."""
    table = timetable or Timetable(name="sweep", interval=INTERVAL)
    schedule, stopping = Schedule(worker.duties, table, clock), asyncio.Event()
    task = asyncio.create_task(schedule.run(stopping))
    try:
        yield schedule, stopping
    finally:
        stopping.set()
        await task


async def work(worker: Worker, seconds: float, timetable: Timetable | None = None) -> None:
    """Work for so long."""
    async with working(worker, timetable):
        await asyncio.sleep(seconds)
