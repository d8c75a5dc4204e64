"""The duties: each is a use case of fleet, called when the schedule says."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from fleet.clock import now
from fleet.daemon.rollouts import Rollouts
from fleet.daemon.threads import in_thread, off_loop
from fleet.errors import FleetError, NotAsked, SweepRunning, SweepTaken
from fleet.loop import give_back_memory
from fleet.ping import Ping
from fleet.push import PushIngest, callers
from fleet.schedule import Duties
from fleet.store import spans
from fleet.sweep import SCHEDULE, Order, Slot, Urgent, run_planned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from fleet.app import App
    from fleet.daemon.services import Services
    from fleet.model import SweepCounts
    from fleet.ping import Pinger
    from fleet.sweep import Outcome, Tally
    from fleet.web import PushQueue

log = logging.getLogger(__name__)

KNOWN_FOR = 60.0  # seconds, after which a push makes us look who may push now
_TIDY_EVERY = 60.0  # seconds
_AT_ONCE = 500  # pushes to a transaction


@dataclass(kw_only=True)
class Counts:
    """What the daemon has done since its start."""

    sweeps: Counter[str] = field(default_factory=Counter)
    polls: Counter[str] = field(default_factory=Counter)


class Work:
    """Does what the schedule asks for. `look_at` and `wake` ask the schedule back."""

    def __init__(
        self, app: App, services: Services, push_queue: PushQueue, pinger: Pinger | None
    ) -> None:
        self._app, self._services = app, services
        self._push_queue, self._pinger = push_queue, pinger
        self._ingest = PushIngest(
            app.store,
            app.rules,
            services.step,
            known_secrets=app.settings.known_secrets,
        )
        self._urgent = Urgent()
        self._is_sweeping = False
        self._known_at: float | None = None
        self._offered = 0
        self._tidied = 0.0
        self._noted: frozenset[str] = frozenset()
        self.counts = Counts()
        self.not_sent: tuple[str, ...] = ()  # about the last nightly audit
        self.look_at: Callable[[Iterable[int]], None] = _nobody
        self.wake: Callable[[str], None] = _nobody

    @property
    def interval(self) -> timedelta:
        """The time between two planned sweeps."""
        return timedelta(seconds=self._app.settings.poll.interval)

    def duties(self) -> Duties:
        """Give them to the schedule."""
        store, given = self._app.store, self._services
        return Duties(
            sweep=self.sweep,
            planned=off_loop(partial(store.sweeps.planned, SCHEDULE)),
            last_planned=off_loop(partial(store.sweeps.last_planned, SCHEDULE)),
            missed=off_loop(store.sweeps.missed),
            add_missed=off_loop(store.sweeps.add_missed),
            poll=self.poll,
            push=self.push,
            prune=self.prune,
            alert=given.alert,
            deliver=given.deliver,
            clock_set=given.clock_set,
            rollout=Rollouts(self._app, self._look_at).run,
            audit=self._audit if given.audit else None,
            last_audit=off_loop(lambda: store.audits.last_planned(until=now())),
        )

    async def _audit(self, moment: datetime) -> None:
        if self._services.audit is not None:
            self.not_sent = await self._services.audit(moment)

    async def sweep(self, moment: datetime) -> None:
        """Run the sweep planned for a moment. Raises `SweepTaken` and `SweepRunning`."""
        self._is_sweeping = True
        try:
            outcome = await run_planned(
                self._planned,
                Slot(moment=moment, interval=self.interval),
                confirm_after=timedelta(seconds=self._app.settings.poll.confirm_after),
                urgent=self._urgent,
                clock=now,
            )
            outcome.check()
        except (SweepTaken, SweepRunning):
            raise
        except Exception as error:
            self.counts.sweeps["failed"] += 1
            self._tell(Ping.FAIL)
            if isinstance(error, NotAsked):
                await self._report(error)
            raise
        finally:
            self._is_sweeping = False
        self.counts.sweeps["cut off" if outcome.gave_way else "finished"] += 1
        self._tell(Ping.END)
        if time.monotonic() >= self._tidied + _TIDY_EVERY:
            self._tidied = time.monotonic()
            await asyncio.to_thread(give_back_memory)  # what audits and pages needed at the most
        await self._poll_waiting()

    async def _report(self, error: NotAsked) -> None:
        """Alert once an hour that this machine cannot ask the phones."""
        if self._services.report is None:
            return
        try:
            await self._services.report(
                f"fleet-not-asked-{now():%Y%m%d%H}",
                "phones cannot be asked",
                f"{error.detail}\n\nThe machine that runs fleet is the reason, not the phones.",
            )
        except (FleetError, OSError, RuntimeError) as failure:
            log.error("No alert could be sent that phones are not polled: %s", failure)

    async def poll(self, phone_ids: Sequence[int]) -> None:
        """Look at phones now: within the planned sweep that runs, else in a sweep of their own."""
        for phone_id in phone_ids:
            self._urgent.ask(phone_id)
        if not self._is_sweeping:
            await self._poll_waiting()

    async def learn_callers(self) -> None:
        """Read again which phones may push, if pushes came since the last time."""
        offered, moment = self._push_queue.counts.total(), time.monotonic()
        if self._known_at is not None and (
            moment - self._known_at < KNOWN_FOR or offered == self._offered
        ):
            return
        self._known_at, self._offered = moment, offered
        networks = self._app.settings.server.push_networks
        self._push_queue.allow(await asyncio.to_thread(callers, self._app.store, networks))

    async def push(self) -> None:
        """Take in what phones said of themselves."""
        await self.learn_callers()
        while pushes := self._push_queue.take(_AT_ONCE):
            try:
                taken = await asyncio.to_thread(self._ingest.take, pushes)
            except Exception:
                self._push_queue.give_back(pushes)
                raise
            self.look_at(taken.poll)
            if taken.has_notices:
                self.wake("alert")

    def _look_at(self, phone_ids: Iterable[int]) -> None:
        self.look_at(phone_ids)

    async def prune(self) -> None:
        """Delete what is old."""
        done = await in_thread(self._app.prune)
        if done.revisions:
            log.info("Deleted old revisions of configuration files: %s.", spans(done.revisions))

    async def _planned(self, order: Order) -> Outcome:
        return await self._counted(order, on_begin=lambda: self._tell(Ping.START))

    async def _poll_waiting(self) -> None:
        """Look at the phones that no planned sweep has taken up; those it may take are left."""
        waiting = self._urgent.take()
        if not waiting:
            return
        order = Order(ids=waiting, selection="push", trigger="push", anew=True)
        try:
            (await self._counted(order)).check()
        except SweepRunning:
            for phone_id in waiting:
                self._urgent.ask(phone_id)

    async def _counted(self, order: Order, on_begin: Callable[[], None] = lambda: None) -> Outcome:
        """Sweep, and count the polls of this pass: one that is carried on had some before."""
        before: list[SweepCounts] = []

        def progress(tally: Tally) -> None:
            if not before:
                before.append(tally.counts())
                on_begin()

        outcome = await self._app.sweep(order, progress)
        first, last = asdict(before[0]), asdict(outcome.sweep.counts)
        for reach in ("ok", "unreachable", "refused", "unreadable"):
            self.counts.polls[reach] += last[reach] - first[reach]
        self._log_new(outcome)
        return outcome

    def _log_new(self, outcome: Outcome) -> None:
        """Log what a sweep noted, once: two phones of one MAC are noted by every sweep."""
        for note in outcome.notes:
            if note not in self._noted:
                log.info("%s", note)
        if outcome.sweep.planned_for is not None:
            self._noted = frozenset(outcome.notes)

    def _tell(self, ping: Ping) -> None:
        if self._pinger is not None:
            self._pinger.tell(ping)


def _nobody(_: object) -> None:
    """Before the schedule is there, nobody is to be asked."""
