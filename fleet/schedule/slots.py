"""When planned sweeps are due: at absolute multiples of the interval, whenever we began. Pure.

Anchored to the epoch, so that a restart neither moves nor bunches polls, and every machine that
works on the same database plans the same moments.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from fleet.model import MissedSweeps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import timedelta

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
