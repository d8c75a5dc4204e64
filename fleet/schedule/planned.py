"""Planned sweeps: each slot has one, or a record that says why it has none."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from fleet.errors import SweepRunning, SweepTaken
from fleet.model import MissedSweeps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from fleet.schedule.jobs import Duties, Timetable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def slot_of(moment: datetime, interval: timedelta) -> datetime:
    """Give the newest planned moment at or before `moment`."""
    return EPOCH + (moment - EPOCH) // interval * interval


def slot_after(moment: datetime, interval: timedelta) -> datetime:
    """Give the first planned moment after `moment`."""
    return slot_of(moment, interval) + interval


def slots_between(after: datetime, before: datetime, interval: timedelta) -> Iterator[datetime]:
    """Give the planned moments after `after` and before `before`, in order."""
    slot = slot_after(after, interval)
    while slot < before:
        yield slot
        slot += interval


def unaccounted(
    slots: Iterator[datetime], planned: Collection[datetime], missed: Sequence[MissedSweeps]
) -> list[datetime]:
    """Give those slots for which there is neither a sweep nor a record that it was missed."""
    return [
        slot
        for slot in slots
        if slot not in planned and not any(gap.first <= slot <= gap.last for gap in missed)
    ]


def missed_sweeps(
    schedule: str,
    slots: Sequence[datetime],
    interval: timedelta,
    reason_of: Callable[[datetime], str],
) -> list[MissedSweeps]:
    """Make one record of each unbroken run of slots that were missed for the same reason."""
    numbered = list(enumerate(slots))
    runs = groupby(numbered, key=lambda one: (one[1] - interval * one[0], reason_of(one[1])))
    made = []
    for (_, reason), members in runs:
        run = [slot for _, slot in members]
        made.append(
            MissedSweeps(
                schedule=schedule, first=run[0], last=run[-1], count=len(run), reason=reason
            )
        )
    return made


log = logging.getLogger(__name__)
NOT_RUNNING = "fleet was not running"
STILL_RUNNING = "the sweep before was still running"
LEASE_HELD = "another sweep held the lease"
HELD_UP = "the machine slept, its clock was set forward, or fleet was blocked"
FAILED = "the sweep failed before it began"
_MOMENT = timedelta(microseconds=1)
_SLEW = timedelta(seconds=2)  # by which time services move a clock without anybody noticing
_MOST_MISSED = 50_000  # slots; before those a clock was wrong, for nothing sleeps for so long


class PlannedSweeps:
    """Runs the sweep of each slot once, and accounts for the slots in between.

    A slot is accounted for by a sweep in the database, whoever ran it, or by a record of why it
    was missed. What cannot be written now, for want of the database, is written at a later slot.
    """

    def __init__(self, duties: Duties, timetable: Timetable, clock: Callable[[], datetime]) -> None:
        self._duties = duties
        self._name, self._interval = timetable.name, timetable.interval
        self._clock = clock
        self._begun = clock()
        self._newest: datetime | None = None
        self._latest: datetime | None = None
        self._accounted: datetime | None = None
        self._why: dict[datetime, str] = {}
        self._met_another = False

    def is_due(self) -> bool:
        """Return whether the present slot's sweep was not tried yet.

        A slot that is yet to come was tried before the clock was set back, and counts as none.
        """
        now = self._clock()
        if self._newest is None or self._newest > now + _SLEW:
            return True
        return slot_of(now, self._interval) > self._newest

    def note_overlap(self, slot: datetime) -> None:
        """Say that a slot began before the sweep of the one before had ended."""
        self._why[slot] = STILL_RUNNING

    async def run(self) -> None:
        """Run the sweep of the present slot."""
        slot = slot_of(self._clock(), self._interval)
        is_first = self._latest is None or slot <= self._latest  # maybe this daemon had it itself
        self._newest, self._latest = slot, max(slot, self._latest or slot)
        self._begun = min(self._begun, self._clock())
        await self.account(slot)
        try:
            await self._duties.sweep(slot)
        except SweepTaken:
            self._note_another(slot, is_first=is_first)
        except SweepRunning:
            self._why[slot] = LEASE_HELD
            await self.account(slot + _MOMENT)
        except Exception:
            self._why[slot] = FAILED
            raise

    async def account(self, until: datetime) -> None:
        """Record the slots before `until` that have neither a sweep nor a record."""
        since = self._accounted or await self._duties.last_planned()
        if since is not None and since < until:
            await self._record(max(since, until - _MOST_MISSED * self._interval), until)
        self._accounted = until - _MOMENT
        self._why = {slot: why for slot, why in self._why.items() if slot >= until}

    async def _record(self, since: datetime, until: datetime) -> None:
        if next(slots_between(since, until, self._interval), None) is None:
            return
        planned = set(await self._duties.planned(since))
        known = await self._duties.missed(since)
        gaps = unaccounted(slots_between(since, until, self._interval), planned, known)
        for gap in missed_sweeps(self._name, gaps, self._interval, self._reason):
            await self._duties.add_missed(gap)
            log.warning("%s", _sentence(gap.first, gap.last, gap.count, gap.reason))

    def _reason(self, slot: datetime) -> str:
        return self._why.get(slot, NOT_RUNNING if slot <= self._begun else HELD_UP)

    def _note_another(self, slot: datetime, *, is_first: bool) -> None:
        """Say once that another daemon is at work; after a restart it was maybe this one."""
        if not (is_first or self._met_another):
            self._met_another = True
            log.info(
                "Another fleet serve uses this database and runs the sweep of %s. Each planned "
                "sweep is run by one of them.",
                f"{slot:%H:%M:%S} UTC",
            )


def _sentence(first: datetime, last: datetime, count: int, reason: str) -> str:
    if count == 1:
        return f"The sweep planned for {first:%Y-%m-%d %H:%M:%S} UTC was missed: {reason}."
    return (
        f"{count} sweeps planned from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC "
        f"were missed: {reason}."
    )
