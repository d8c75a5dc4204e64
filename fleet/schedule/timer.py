"""The one door for APScheduler: fires jobs at their times, never one over the other.

Its job store is memory: what is planned follows from the settings and the clock, and what took
place is in the database. Late firings are not dropped (`misfire_grace_time` None) but merged into
one (`coalesce`). One that comes while its job still runs is told of, and so is any other that does
not take place.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from apscheduler.events import JobExecutionEvent, JobSubmissionEvent
    from apscheduler.triggers.base import BaseTrigger

log = logging.getLogger(__name__)

_POLICY = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


class Timer:
    """Fires callables by triggers. What is fired runs in a task that `stop` can cancel by name.

    `on_overlap` is told the job and the moment that found it still running.
    """

    def __init__(self, on_overlap: Callable[[str, datetime], None]) -> None:
        # Its own log says every firing, and its warnings are told by us in our words.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        self._scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()}, job_defaults=_POLICY, timezone=UTC
        )
        self._scheduler.add_listener(self._overlapped, EVENT_JOB_MAX_INSTANCES)
        self._scheduler.add_listener(self._lost, EVENT_JOB_MISSED | EVENT_JOB_ERROR)
        self._on_overlap = on_overlap
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._at_start: set[str] = set()

    def at(
        self,
        name: str,
        trigger: BaseTrigger,
        do: Callable[[], Awaitable[None]],
        *,
        now: bool = False,
    ) -> None:
        """Do something whenever a trigger fires; `now`: at the start as well."""

        async def fire() -> None:
            self._tasks[name] = task = asyncio.ensure_future(_awaited(do))
            await asyncio.wait({task})  # cancelling the task is no error of the scheduler's
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

        if now:
            self._at_start.add(name)
        # Without a next_run_time of its own a job takes it from its trigger.
        first = {"next_run_time": datetime.now(UTC)} if now else {}
        self._scheduler.add_job(fire, trigger, id=name, name=name, **first)

    def start(self) -> None:
        """Begin to fire. Needs a running event loop."""
        self._scheduler.start()

    def replan(self) -> None:
        """Begin again as at the start: the clock was set, and planned times are by the old one."""
        now = datetime.now(UTC)
        for job in self._scheduler.get_jobs():
            first = now if job.id in self._at_start else job.trigger.get_next_fire_time(None, now)
            job.modify(next_run_time=first)

    @property
    def is_running(self) -> bool:
        """Whether it fires."""
        return bool(self._scheduler.running)

    async def stop(self) -> None:
        """Fire no more, cancel what runs, and wait until it has ended."""
        if not self._scheduler.running:
            return
        self._scheduler.pause()
        self._scheduler.remove_listener(self._lost)
        await asyncio.sleep(0)  # what was fired just now begins, so that it can be cancelled
        running = [task for task in self._tasks.values() if not task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # it shuts down in the next round of the loop

    def _overlapped(self, event: JobSubmissionEvent) -> None:
        for moment in event.scheduled_run_times:
            self._on_overlap(event.job_id, moment.astimezone(UTC))

    def _lost(self, event: JobExecutionEvent) -> None:
        log.error(
            "The %s of %s did not run.",
            event.job_id,
            f"{event.scheduled_run_time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
            exc_info=event.exception,
        )


async def _awaited(do: Callable[[], Awaitable[None]]) -> None:
    await do()
