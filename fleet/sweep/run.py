"""One pass over the chosen phones: bounded, written as it goes, settled at the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.errors import NotAsked
from fleet.model import Reach, Reason, Sighting, SweepCounts
from fleet.store import Recorded
from fleet.sweep.agenda import fraction
from fleet.sweep.backoff import next_try
from fleet.sweep.reconcile import Claim
from fleet.sweep.writer import Writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from fleet.model import Finding, Observation
    from fleet.phone.http.target import Target
    from fleet.store import Known, StoredPhone
    from fleet.sweep.agenda import Agenda
    from fleet.sweep.backoff import Backoff
    from fleet.sweep.observe import Observer, Polled, Seen
    from fleet.sweep.writer import Write

    Judge = Callable[[Known, Observation], Mapping[str, tuple[Finding, ...]]]


RETRY_AFTER = (0.0, 0.5, 2.0)  # seconds, where this machine could not ask


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One phone to poll: what is known of it, where it is, and its last good page."""

    known: Known
    target: Target
    seen: Seen


@dataclass(kw_only=True, slots=True)
class Tally:
    """What has come of a sweep so far, of its earlier part too where it is carried on.

    `answers` counts finished polls; `reaches` is what the last of them said of each phone.
    `flagged` are phones with findings, `new_problems` those with findings that they had not.
    """

    planned: int = 0
    answers: int = 0
    left_alone: int = 0
    without_login: int = 0  # phones that asked for a login, and nobody gives one
    reaches: dict[int, Reach] = field(default_factory=dict)
    flagged: set[int] = field(default_factory=set)
    new_problems: set[int] = field(default_factory=set)
    not_asked: dict[int, str] = field(default_factory=dict)  # what this machine lacked, by phone

    def note(self, phone_id: int, reach: Reach, *, is_flagged: bool, is_new: bool = False) -> None:
        """Remember what a phone came to; the last word counts."""
        self.reaches[phone_id] = reach
        self.flagged.discard(phone_id)
        self.new_problems.discard(phone_id)
        if is_flagged:
            self.flagged.add(phone_id)
        if is_new:
            self.new_problems.add(phone_id)

    @property
    def not_read(self) -> int:
        """Phones polled whose page could not be had or read."""
        return sum(reach is not Reach.OK for reach in self.reaches.values())

    def counts(self) -> SweepCounts:
        """Give the counts as the sweep's record has them."""
        reaches = Counter(self.reaches.values())
        return SweepCounts(
            ok=reaches[Reach.OK],
            unreachable=reaches[Reach.UNREACHABLE],
            refused=reaches[Reach.REFUSED],
            unreadable=reaches[Reach.UNREADABLE],
            backing_off=self.left_alone,
            not_polled=max(self.planned - len(self.reaches), 0),
        )


@dataclass(kw_only=True)
class Pass:
    """Polls jobs with bounded concurrency; `held` are polls whose MAC is not the asked phone's."""

    observer: Observer
    judge: Judge
    backoff: Backoff
    is_settings_password: Callable[[StoredPhone], bool]
    write: Write
    known: dict[int, Known]
    owners: dict[str, int]
    tally: Tally
    progress: Callable[[Tally], None]
    held: list[tuple[Claim, Polled]] = field(default_factory=list)
    at_home: set[str] = field(default_factory=set)
    _is_short: bool = False

    async def run(self, jobs: Sequence[Job], *, concurrency: int) -> None:
        """Poll every job and write what comes of it. Ends early only with the database's error."""
        if not jobs:
            return
        waiting = iter(jobs)
        async with self._writing() as (group, writer):
            workers = [group.create_task(self._work(waiting, writer)) for _ in range(concurrency)]
            await asyncio.wait(workers)

    async def run_paced(
        self,
        agenda: Agenda,
        make: Callable[[int], Job | None],
        *,
        concurrency: int,
        confirm_after: timedelta,
    ) -> None:
        """Poll phones when they are due; look again at what is new.

        `make` gives None for a phone that is not to be polled now.
        """
        free = asyncio.Semaphore(concurrency)
        async with self._writing() as (group, writer):

            async def poll(phone_id: int, job: Job) -> None:
                try:
                    await self._poll(job, writer)
                    if phone_id in self.tally.new_problems:
                        agenda.look_again(phone_id, agenda.now() + confirm_after)
                finally:
                    free.release()
                    agenda.done(phone_id)

            polls = set()
            async for phone_id in agenda:
                if (job := make(phone_id)) is None:
                    agenda.done(phone_id)
                    continue
                await free.acquire()
                task = group.create_task(poll(phone_id, job))
                polls.add(task)
                task.add_done_callback(polls.discard)
            if polls:
                await asyncio.wait(polls)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[tuple[asyncio.TaskGroup, Writer]]:
        writer = Writer(self.write, self.known)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(writer.run())
                yield group, writer
                writer.stop()
        except ExceptionGroup as group_error:
            raise group_error.exceptions[0] from None
        except asyncio.CancelledError:
            await writer.flush()
            raise

    async def _work(self, waiting: Iterator[Job], writer: Writer) -> None:
        for job in waiting:
            await self._poll(job, writer)

    async def _poll(self, job: Job, writer: Writer) -> None:
        polled = await self._observed(job)
        if polled is None:
            self.progress(self.tally)
            return
        self.tally.answers += 1
        if not self._is_somebody_else(job, polled):
            await writer.put(self.judged(polled))
        self.progress(self.tally)

    async def _observed(self, job: Job) -> Polled | None:
        """Ask the phone; None if this machine could not, not even after a moment.

        While it cannot, the next phones are tried once each.
        """
        phone_id, not_asked = job.known.stored.id, self.tally.not_asked
        for pause in (0.0,) if self._is_short else RETRY_AFTER:
            await asyncio.sleep(pause)
            try:
                polled = await self.observer.observe(phone_id, job.target, job.seen)
            except NotAsked as error:
                not_asked[phone_id] = error.detail
            else:
                not_asked.pop(phone_id, None)
                self._is_short = False
                return polled
        self._is_short = True
        return None

    def _is_somebody_else(self, job: Job, polled: Polled) -> bool:
        """Hold back what another MAC than the asked phone's own said, until all were asked."""
        facts = polled.observation.facts
        if facts is None or not facts.mac:
            return False
        phone, phone_id = job.known.stored.phone, job.known.stored.id
        if phone.mac in ("", facts.mac) and self.owners.setdefault(facts.mac, phone_id) == phone_id:
            self.at_home.add(facts.mac)
            return False
        claim = Claim(phone_id=phone_id, host=phone.host, mac=facts.mac)
        self.held.append((claim, polled))
        return True

    def judged(self, polled: Polled) -> Recorded:
        """Judge one observation, and make it ready to be written."""
        observation = polled.observation
        known = self.known[observation.phone_id]
        verdicts = self.judge(known, observation)
        findings = [each for found in verdicts.values() for each in found]
        self.tally.without_login += observation.reason is Reason.NO_PASSWORD
        is_new = any((each.rule, each.line or 0) not in known.standing for each in findings)
        phone = known.stored.phone
        self.tally.note(
            known.stored.id, observation.reach, is_flagged=bool(findings), is_new=is_new
        )
        refusals, pause_until = next_try(known, observation, self.backoff)
        return Recorded(
            known=known,
            observation=observation,
            page_key=polled.page_key,
            evidence=polled.evidence,
            fingerprint=polled.fingerprint,
            settings_password=self.is_settings_password(known.stored),
            refusals=refusals,
            next_try_at=pause_until,
            sighting=Sighting(
                phone_id=known.stored.id,
                at=observation.at,
                verdicts=verdicts,
                reach=observation.reach,
                site=phone.site,
                phone=phone.label,
            ),
        )


def spread(jobs: Iterable[Job]) -> list[Job]:
    """Order jobs as a planned sweep would: neighbours in the inventory are not neighbours."""
    return sorted(jobs, key=lambda job: fraction(job.known.stored.id))
