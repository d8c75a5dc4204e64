"""How the daemon and its fleet fare: for /healthz, /metrics and systemd."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.clock import now
from fleet.errors import StoreError
from fleet.model import DeliveryState, Registration
from fleet.provision.rollout.messages import stopped_rollout
from fleet.store import NOT_READ, States
from fleet.web import Figures, Health, JobHealth, TtlCache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fleet.app import App
    from fleet.daemon.work import Work
    from fleet.model import Rollout
    from fleet.ping import Pinger
    from fleet.schedule import Job, Schedule
    from fleet.web import PushQueue

_HEALTH_FOR = timedelta(seconds=2)  # whoever asks more often gets the same answer
_FIGURES_FOR = timedelta(seconds=15)
_STATES_FOR = timedelta(seconds=60)
_MOST_DELIVERIES = 1_000
_SKEW = timedelta(seconds=2)  # between the clocks of machines that share a database
_LATE = 2.5  # intervals without the end of a planned sweep


class Vitals:
    """Looks after everything that is alive."""

    def __init__(
        self,
        app: App,
        work: Work,
        schedule: Schedule,
        push_queue: PushQueue,
        pinger: Pinger | None = None,
    ) -> None:
        self._app, self._work, self._schedule, self._push_queue = app, work, schedule, push_queue
        self._pinger = pinger
        self._started = now()
        self._health = TtlCache(self._find_health, _HEALTH_FOR)
        self._figures = TtlCache(self._find_figures, _FIGURES_FOR)
        self._states = TtlCache(self._find_states, _STATES_FOR)

    async def health(self) -> Health:
        """Say how the daemon fares."""
        return await self._health.get()

    async def figures(self) -> Figures:
        """Count everything."""
        return await self._figures.get()

    async def _find_health(self) -> Health:
        last_sweep, stopped = None, None
        try:
            last_sweep = await asyncio.to_thread(self._last_sweep)
            stopped = await asyncio.to_thread(stopped_rollout, self._app.store)
            problems = self._lateness(last_sweep)
        except StoreError:
            problems = ["The database cannot be used; see the log."]
        return Health(
            started=self._started,
            problems=(*self._trouble(), *problems),
            warnings=tuple(self._warnings(stopped)),
            rollout_stopped=stopped is not None,
            last_sweep=last_sweep,
            last_delivery=self._schedule.delivery.worked,
            jobs=tuple(map(_job_health, self._schedule.jobs)),
            pushes=self._pushes(),
            waiting=self._waiting(),
        )

    def _warnings(self, stopped: tuple[Rollout, str] | None) -> Iterator[str]:
        if stopped is not None:
            yield stopped[1]
        if self._pinger is not None and self._pinger.problem:
            yield self._pinger.problem
        yield from self._work.not_sent

    def _trouble(self) -> Iterator[str]:
        if trouble := self._schedule.trouble():
            yield trouble
        for job in self._schedule.jobs:
            if job.failures:
                yield f"{job.name} fails: {job.error}"

    def _lateness(self, last_sweep: datetime | None) -> list[str]:
        moment = now()
        self._started = min(self._started, moment)  # the clock was set back since
        if last_sweep and last_sweep > moment + _SKEW:
            return [
                f"The last planned sweep ended at {last_sweep:%Y-%m-%d %H:%M:%S} UTC, which is in "
                "the future: the clock was set back. Check the clock of this machine."
            ]
        since = max(self._started, last_sweep or self._started)
        if moment - since <= self._work.interval * _LATE:
            return []
        return [f"No planned sweep has ended since {since:%Y-%m-%d %H:%M:%S} UTC."]

    def _last_sweep(self) -> datetime | None:
        """When the planned sweep that was begun last of those which have ended did so.

        Whoever ran it. Not the latest time: before a clock is set back, times are later.
        """
        since = now() - 5 * self._work.interval - timedelta(hours=1)
        ended = [
            (each.id, each.finished)
            for each in self._app.store.sweeps.load(since=since)
            if each.schedule is not None and each.finished is not None
        ]
        return max(ended)[1] if ended else None

    async def _find_figures(self) -> Figures:
        health, nothing = await self.health(), Counter[str]()
        try:
            states = await self._states.get()
            incidents, deliveries = await asyncio.to_thread(self._find_open)
        except StoreError:  # fleet_up says it
            states, incidents, deliveries = States(), nothing, nothing
        return Figures(
            up=not health.problems,
            sweeps=self._work.counts.sweeps,
            polls=self._work.counts.polls,
            pushes=self._pushes(),
            phones=states.phones,
            lines={**dict.fromkeys(map(str, Registration), 0), NOT_READ: 0, **states.lines},
            on_backup=states.on_backup,
            rollout_stopped=health.rollout_stopped,
            incidents=incidents,
            deliveries=deliveries,
            waiting=self._waiting(),
            job_failures={job.name: job.failures for job in self._schedule.jobs},
            last_sweep=health.last_sweep.timestamp() if health.last_sweep else None,
        )

    async def _find_states(self) -> States:
        return await asyncio.to_thread(self._app.store.observations.count)

    def _find_open(self) -> tuple[Counter[str], Counter[str]]:
        store = self._app.store
        incidents = Counter(str(each.severity) for each in store.findings.incidents(open_only=True))
        states = (DeliveryState.WAITING, DeliveryState.GIVEN_UP)
        deliveries = store.alerts.deliveries(states, limit=_MOST_DELIVERIES)
        return incidents, Counter(str(each.state) for each in deliveries)

    def _pushes(self) -> dict[str, int]:
        return {str(result): count for result, count in self._push_queue.counts.items()}

    def _waiting(self) -> dict[str, int]:
        return {"pushes": self._push_queue.waiting, "urgent polls": len(self._schedule.soon)}


def _job_health(job: Job) -> JobHealth:
    return JobHealth(
        name=job.name,
        worked=job.worked,
        running_since=job.running_since,
        failures=job.failures,
        error=job.error,
    )
