"""The use case: one sweep over the chosen phones, from the lease to the last settled phone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from fleet.sweep.backoff import is_left_alone
from fleet.sweep.observe import Seen
from fleet.sweep.run import Job, Pass, Tally, spread
from fleet.sweep.settle import Settling
from fleet.sweep.targets import target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Sweep
    from fleet.store import Known, Recorded, Store
    from fleet.sweep.backoff import Backoff
    from fleet.sweep.observe import Observer
    from fleet.sweep.run import Judge
    from fleet.sweep.targets import LoginDefaults

LEASE = timedelta(seconds=30)  # renewed with every batch, so at least about once a second


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """Which phones to sweep, and why.

    `ids` None means all of them. `selection` names the choice in words that stay the same from run
    to run: a sweep that was cut off is carried on by the next of the same selection, unless that
    begins `anew`. `insist` asks phones that refused us before as well.
    """

    ids: tuple[int, ...] | None = None
    selection: str = "all"
    trigger: str = "manual"
    insist: bool = False
    anew: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a sweep came to.

    `without_login` counts phones that asked for a login where nobody gives one.
    `flagged` are the phones it saw with findings, or left alone; `new_problems` those that had
    not had them. `notes` are sentences for people: who moved, who claims whose MAC.
    """

    sweep: Sweep
    carried_on: int = 0
    without_login: int = 0
    flagged: tuple[int, ...] = ()
    new_problems: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sweeper:
    """Sweeps phones of the store, with everything that it needs given to it."""

    store: Store
    observer: Observer
    judge: Judge
    logins: LoginDefaults
    backoff: Backoff
    concurrency: int
    carry_on_within: timedelta
    clock: Callable[[], datetime]

    async def run(self, order: Order, progress: Callable[[Tally], None]) -> Outcome:
        """Sweep. Raises `SweepRunning` if another holds the lease, `StoreError` for the database.

        Cancelled, it stops asking, writes what it has, and leaves the sweep to be carried on.
        """
        sweep, is_carried_on = await asyncio.to_thread(self._begin, order)
        tally = Tally()
        try:
            # Only what is loaded under the lease is what the next diff has to be made against.
            known = await asyncio.to_thread(self.store.load_known, order.ids)
            jobs = self._jobs(order, known, tally, sweep.id if is_carried_on else None)
            carried_on = tally.answers
            progress(tally)
            notes = await self._poll(sweep.id, known, jobs, tally, progress)
        except BaseException:
            self.store.finish_sweep(sweep.id, tally.counts(), self.clock(), interrupted=True)
            raise
        counts = tally.counts()
        await asyncio.to_thread(self.store.finish_sweep, sweep.id, counts, self.clock())
        return Outcome(
            sweep=replace(sweep, finished=self.clock(), counts=counts),
            carried_on=carried_on,
            without_login=tally.without_login,
            flagged=tuple(sorted(tally.flagged)),
            new_problems=tuple(sorted(tally.new_problems)),
            notes=tuple(notes),
        )

    def _begin(self, order: Order) -> tuple[Sweep, bool]:
        """Begin a sweep, or carry on with the one of this selection that was cut off."""
        now = self.clock()
        since = now - self.carry_on_within
        cut_off = self.store.interrupted_sweep(order.selection, since=since, now=now)
        if cut_off and not order.anew:
            return self.store.resume_sweep(cut_off.id, now=now, ttl=LEASE), True
        planned = self.store.count_phones() if order.ids is None else len(order.ids)
        sweep = self.store.begin_sweep(
            trigger=order.trigger, selection=order.selection, planned=planned, now=now, ttl=LEASE
        )
        return sweep, False

    def _jobs(
        self, order: Order, known: Mapping[int, Known], tally: Tally, carried_on: int | None
    ) -> list[Job]:
        """Make the jobs; count them, and what was polled before or is left alone."""
        now = self.clock()
        asked: list[Known] = []
        for each in known.values():
            if carried_on is not None and each.sweep_id == carried_on:
                self._note_last(each, tally)
            elif is_left_alone(each, now) and not order.insist:
                tally.left_alone += 1
                tally.flagged.add(each.stored.id)
            else:
                asked.append(each)
        tally.answers = len(tally.reaches)
        tally.planned = len(asked) + tally.answers
        return spread(map(self._job, asked))

    def _note_last(self, known: Known, tally: Tally) -> None:
        """Count a phone that the sweep had polled before it was cut off."""
        if known.observed:
            findings = self.judge(known, known.observed)
            tally.note(known.stored.id, known.observed.reach, findings=findings)

    def _job(self, known: Known) -> Job:
        return Job(
            known=known,
            target=target_of(known.stored, self.logins),
            seen=Seen(page_key=known.page_key, facts=known.facts),
        )

    async def _poll(
        self,
        sweep_id: int,
        known: dict[int, Known],
        jobs: Sequence[Job],
        tally: Tally,
        progress: Callable[[Tally], None],
    ) -> list[str]:
        owners = await asyncio.to_thread(self.store.mac_owners)
        everyone = Pass(
            observer=self.observer,
            judge=self.judge,
            backoff=self.backoff,
            write=partial(self._write, sweep_id),
            known=known,
            owners=owners,
            tally=tally,
            progress=progress,
        )
        await everyone.run(jobs, concurrency=min(self.concurrency, len(jobs)))
        settling = Settling(store=self.store, clock=self.clock, jobs=partial(self._more, known))
        return await settling.run(everyone, {job.known.stored.id for job in jobs})

    def _write(self, sweep_id: int, batch: Sequence[Recorded]) -> Mapping[int, Known]:
        written = self.store.record(sweep_id, batch)
        self.store.renew_lease(sweep_id, now=self.clock(), ttl=LEASE)
        return written

    def _more(self, known: dict[int, Known], ids: Sequence[int]) -> list[Job]:
        """Make jobs for phones that were not chosen, but are needed to settle who is who."""
        known.update(self.store.load_known(ids))
        return [self._job(known[phone_id]) for phone_id in ids]
