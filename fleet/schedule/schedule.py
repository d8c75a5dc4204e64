"""The daemon's work: what is done when, from the start to a clean stop."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from fleet.loop import log_failure, steady
from fleet.schedule.jobs import Job, Rounds
from fleet.schedule.planned import PlannedSweeps
from fleet.schedule.soon import Soon
from fleet.schedule.timer import Timer
from fleet.schedule.triggers import Every, EverySlot, NightlyAudit

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from datetime import datetime

    from fleet.schedule.jobs import Duties, Duty, Timetable

log = logging.getLogger(__name__)

SETTLE = 5.0  # seconds a round of alerting or delivery has to end in, when asked to stop
_STILL = timedelta(seconds=60)  # so late, the timer hangs, or the loop does
_LOOK_AT_CLOCK = 20.0  # seconds between two looks whether somebody set the clock
_JUMP = timedelta(seconds=2)  # time services correct less than this bit by bit
_HOUR = timedelta(hours=1)
_ENDLESS = timedelta(days=3650)


class Schedule:
    """Does the duties at their times until it is stopped. One failure never stops another duty.

    Made within the event loop in which it runs.
    """

    def __init__(self, duties: Duties, timetable: Timetable, clock: Callable[[], datetime]) -> None:
        self._duties, self._timetable, self._clock = duties, timetable, clock
        self._steady = steady(clock)
        self._sweeps = PlannedSweeps(duties, timetable, clock)
        self._timer = Timer(self._overlapped)
        self._background: set[asyncio.Task[object]] = set()
        self._beat = self._steady()
        self.soon = Soon()
        self.sweep = self._job("The planned sweep", max(3 * timetable.interval, _HOUR / 4))
        self.audit = self._job("The nightly audit", 6 * _HOUR)
        self.prune = self._job("Retention", 12 * _HOUR)
        self._rounds = {
            "push": self._make_rounds("Taking in pushes", duties.push),
            "poll": self._make_rounds("Looking at phones at once", self._poll),
            "alert": self._make_rounds("Alerting", self._alert),
            "deliver": self._make_rounds("Delivery", duties.deliver),
            "clock": self._make_rounds("Following the clock", duties.clock_set),
            "rollout": self._make_rounds("Rolling out", duties.rollout, _ENDLESS),
        }

    @property
    def jobs(self) -> list[Job]:
        """How everything fares."""
        rounds = [each.job for each in self._rounds.values()]
        return [self.sweep, self.audit, self.prune, *rounds]

    @property
    def delivery(self) -> Job:
        """The job that sends alerts."""
        return self._rounds["deliver"].job

    def wake(self, name: str) -> None:
        """Have a round of one of the duties that are done in rounds, as soon as may be."""
        self._rounds[name].ask()

    def look_at(self, phone_ids: Iterable[int]) -> None:
        """Have phones polled within seconds."""
        self.soon.ask(phone_ids, self._steady())
        self.wake("poll")

    def trouble(self) -> str:
        """Say what hangs, in a sentence; empty while the loop and all jobs are alive."""
        late = self._steady() - self._beat - self._timetable.round_every
        if not self._timer.is_running or late > _STILL:
            return "The timer has stopped."
        if dead := [task.get_name() for task in self._background if task.done()]:
            return f"Ended by a bug: {', '.join(dead)}."
        stuck = [job.name for job in self.jobs if job.is_stuck()]
        return f"Stuck: {', '.join(stuck)}." if stuck else ""

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; then end within seconds, and leave nothing half done."""
        for name, rounds in self._rounds.items():
            self._in_background(name, rounds.run())
        self._in_background("clock's watch", self._watch_clock())
        self._plan()
        self._timer.start()
        self.wake("clock")
        try:
            await stopping.wait()
        finally:
            await self._stop()

    def _plan(self) -> None:
        duties, table = self._duties, self._timetable
        self._timer.at("sweep", EverySlot(table.interval), self._run_sweep, now=True)
        self._timer.at("rounds", Every(table.round_every, timedelta()), self._wake_all, now=True)
        retention = Every(table.prune_every, table.prune_after)
        self._timer.at("retention", retention, self._run_prune)
        if table.audit and duties.audit and duties.last_audit:
            nightly = NightlyAudit(duties.audit, duties.last_audit, table.audit, self._clock)
            audit = partial(self._run_audit, nightly)
            self._timer.at("audit", nightly.trigger, audit, now=True)

    async def _watch_clock(self) -> None:
        """Plan everything again as soon as somebody has set the clock."""
        while True:
            ahead = self._clock() - self._steady()
            await asyncio.sleep(_LOOK_AT_CLOCK)
            moved = self._clock() - self._steady() - ahead
            if abs(moved) > _JUMP:
                way = "forward, or the machine slept," if moved > timedelta() else "back"
                log.warning(
                    "The clock was set %s by %s s; fleet plans everything again.",
                    way,
                    f"{abs(moved.total_seconds()):.0f}",
                )
                self._timer.replan()
                self.wake("clock")

    async def _stop(self) -> None:
        """Claim nothing more, cancel what can be done later, let a round under way end."""
        await self._timer.stop()
        rounds = [self._rounds[name] for name in ("push", "alert", "deliver")]
        await asyncio.gather(*(each.settle(SETTLE) for each in rounds))
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def _run_sweep(self) -> None:
        """Run the sweep of the slot, and late that of a slot which began meanwhile."""
        while self._sweeps.is_due():
            await self.sweep.run(self._sweeps.run)
            self.wake("alert")

    async def _run_audit(self, nightly: NightlyAudit) -> None:
        await self.audit.run(nightly.run)
        self.wake("alert")

    async def _run_prune(self) -> None:
        await self.prune.run(self._duties.prune)

    async def _wake_all(self) -> None:
        self._beat = self._steady()
        for name in ("push", "alert", "deliver", "rollout"):
            self.wake(name)

    async def _alert(self) -> None:
        """Decide who is told, and send at once what that came to."""
        if self._duties.alert is not None:
            await self._duties.alert()
            self.wake("deliver")

    async def _poll(self) -> None:
        """Look at the phones that are due, and come back for those that are not."""
        try:
            if ready := self.soon.take(self._steady()):
                await self._duties.poll(ready)
                self.wake("alert")
        finally:
            if (due := self.soon.next_due()) is not None:
                pause = max((due - self._steady()).total_seconds(), 0)
                asyncio.get_running_loop().call_later(pause, self.wake, "poll")

    def _overlapped(self, name: str, moment: datetime) -> None:
        """What was due while it still ran is done right after; a sweep's slot may be missed."""
        if name == "sweep":
            self._sweeps.note_overlap(moment)
        elif name == "retention":
            log.warning("Retention was still running when it was due again.")

    def _make_rounds(self, name: str, duty: Duty | None, patience: timedelta = _HOUR / 2) -> Rounds:
        return Rounds(self._job(name, patience), duty or _nothing)

    def _job(self, name: str, patience: timedelta) -> Job:
        return Job(name=name, patience=patience, clock=self._clock)

    def _in_background(self, name: str, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        task.add_done_callback(log_failure)


async def _nothing() -> None:
    pass
