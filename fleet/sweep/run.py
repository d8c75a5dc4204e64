"""One pass over the chosen phones: bounded, written as it goes, settled at the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.model import Reach, SweepCounts
from fleet.store import Recorded
from fleet.sweep.backoff import next_try
from fleet.sweep.identity import Claim
from fleet.sweep.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from fleet.model import Finding, Observation
    from fleet.phone.client import Target
    from fleet.store import Known
    from fleet.sweep.backoff import Backoff
    from fleet.sweep.observe import Observer, Polled, Seen
    from fleet.sweep.writer import Write

    Judge = Callable[[Known, Observation], Sequence[Finding]]


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

    def note(
        self, phone_id: int, reach: Reach, *, findings: Sequence[Finding], is_new: bool = False
    ) -> None:
        """Remember what a phone came to; the last word counts."""
        self.reaches[phone_id] = reach
        self.flagged.discard(phone_id)
        self.new_problems.discard(phone_id)
        if findings:
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
    write: Write
    known: dict[int, Known]
    owners: dict[str, int]
    tally: Tally
    progress: Callable[[Tally], None]
    held: list[tuple[Claim, Polled]] = field(default_factory=list)
    at_home: set[str] = field(default_factory=set)

    async def run(self, jobs: Sequence[Job], *, concurrency: int) -> None:
        """Poll every job and write what comes of it. Ends early only with the database's error."""
        if not jobs:
            return
        waiting, writer = iter(jobs), Writer(self.write, self.known)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(writer.run())
                workers = [
                    group.create_task(self._work(waiting, writer)) for _ in range(concurrency)
                ]
                await asyncio.wait(workers)
                writer.stop()
        except ExceptionGroup as group_error:
            raise group_error.exceptions[0] from None
        except asyncio.CancelledError:
            await writer.flush()
            raise

    async def _work(self, waiting: Iterator[Job], writer: Writer) -> None:
        for job in waiting:
            polled = await self.observer.observe(job.known.stored.id, job.target, job.seen)
            self.tally.answers += 1
            if not self._is_somebody_else(job, polled):
                await writer.put(self.judged(polled))
            self.progress(self.tally)

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
        findings = self.judge(known, observation)
        self.tally.without_login += not polled.login_sent and observation.reach is Reach.REFUSED
        is_new = bool(findings) and _has_new(findings, self._before(known))
        self.tally.note(known.stored.id, observation.reach, findings=findings, is_new=is_new)
        refusals, pause_until = next_try(
            known, observation, self.backoff, login_sent=polled.login_sent
        )
        return Recorded(
            known=known,
            observation=observation,
            page_key=polled.page_key,
            evidence=polled.evidence,
            fingerprint=polled.fingerprint,
            refusals=refusals,
            next_try_at=pause_until,
        )

    def _before(self, known: Known) -> Sequence[Finding]:
        return self.judge(known, known.observed) if known.observed else ()


def _has_new(findings: Sequence[Finding], before: Sequence[Finding]) -> bool:
    old = {(finding.rule, finding.line) for finding in before}
    return any((finding.rule, finding.line) not in old for finding in findings)


def spread(jobs: Iterable[Job]) -> list[Job]:
    """Order jobs so that neighbours in the inventory, so likely at one site, are not neighbours.

    The order is the same each time: multiplication by an odd constant permutes the ids.
    """
    return sorted(jobs, key=lambda job: job.known.stored.id * 2_654_435_761 % 2**32)
