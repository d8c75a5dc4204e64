"""A planned sweep in its slot: it gives way to people, waits for them, and is carried on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.errors import SweepRunning
from fleet.loop import steady
from fleet.sweep.sweeper import Order, Plan

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from fleet.sweep.agenda import Urgent
    from fleet.sweep.sweeper import Outcome

SCHEDULE = "sweep"  # the name under which planned sweeps are known
SELECTION = "planned"
_SPREAD = 0.8  # of the interval at the most; what is left is for time-outs
_LEAST_SPREAD = 0.5
_LAST = 0.9
_PAUSE = timedelta(seconds=2)  # between tries while somebody else sweeps


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """One planned sweep: its moment, and the time until the next."""

    moment: datetime
    interval: timedelta

    @property
    def last(self) -> datetime:
        """The moment after which it is too late to begin."""
        return self.moment + self.interval * _LAST

    def spread_until(self, confirm_after: timedelta) -> datetime:
        """The moment of the last phone: early enough for a second look in the same sweep."""
        spread = min(self.interval * _SPREAD, self.interval * _LAST - confirm_after)
        return self.moment + max(spread, self.interval * _LEAST_SPREAD)


async def run_planned(
    sweep: Callable[[Order], Awaitable[Outcome]],
    slot: Slot,
    *,
    confirm_after: timedelta,
    urgent: Urgent,
    clock: Callable[[], datetime],
) -> Outcome:
    """Run a slot's sweep, spread over the slot.

    Raises `SweepTaken` if another runner has it, `SweepRunning` if others swept all the time.
    """
    plan = Plan(
        schedule=SCHEDULE,
        moment=slot.moment,
        spread_until=slot.spread_until(confirm_after),
        last=slot.last,
        confirm_after=confirm_after,
        urgent=urgent,
    )
    clock = steady(clock)
    order = Order(selection=SELECTION, trigger="schedule", plan=plan)
    while True:
        try:
            outcome = await sweep(order)
        except SweepRunning:
            if clock() + _PAUSE >= slot.last:
                raise
        else:
            if not outcome.gave_way or clock() + _PAUSE >= slot.last:
                return outcome
        await asyncio.sleep(_PAUSE.total_seconds())
