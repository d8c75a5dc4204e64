"""When each phone of a planned sweep is polled: at its own moment, and again soon if need be."""

from __future__ import annotations

import asyncio
import heapq
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

_BUSY = timedelta(seconds=1)  # when a phone is asked that is just being asked
MOST_WAITING = 10_000  # phones asked for urgently that no sweep has taken up yet


def fraction(phone_id: int) -> float:
    """A phone's place within every sweep, from 0 to 1: the same each time, and evenly spread.

    Multiplication by an odd constant permutes the numbers, so that neighbours in the inventory,
    which likely stand at one site, are not neighbours in time.
    """
    return phone_id * 2_654_435_761 % 2**32 / 2**32


def moments(
    phone_ids: Iterable[int], *, begin: datetime, end: datetime
) -> list[tuple[datetime, int]]:
    """Give each phone its moment between `begin` and `end`.

    A sweep that begins late, or is carried on, has less time: its phones move together, and are
    not bunched.
    """
    span = max(end - begin, timedelta())
    return [(begin + span * fraction(phone_id), phone_id) for phone_id in phone_ids]


class Agenda:
    """Gives phones when they are due, one at a time to one taker, until nothing is left.

    A phone is not given again before `done` was called for it. `last` is the moment after which
    nothing is added any more.
    """

    def __init__(
        self,
        times: Iterable[tuple[datetime, int]],
        *,
        clock: Callable[[], datetime],
        last: datetime,
    ) -> None:
        self._heap = list(times)
        heapq.heapify(self._heap)
        self._clock = clock
        self._last = last
        self._busy: set[int] = set()
        self._looked_again: set[int] = set()
        self._changed = asyncio.Event()
        self._stopped = False

    def now(self) -> datetime:
        """Return the time by which phones are due."""
        return self._clock()

    def add(self, phone_id: int, due: datetime) -> None:
        """Poll a phone at this moment as well."""
        heapq.heappush(self._heap, (due, phone_id))
        self._changed.set()

    def look_again(self, phone_id: int, due: datetime) -> None:
        """Poll a phone once more, unless that was done already or it would be too late."""
        if due <= self._last and phone_id not in self._looked_again:
            self._looked_again.add(phone_id)
            self.add(phone_id, due)

    def done(self, phone_id: int) -> None:
        """Say that the phone was polled."""
        self._busy.discard(phone_id)
        self._changed.set()

    def stop(self) -> None:
        """Give nothing more."""
        self._stopped = True
        self._changed.set()

    @property
    def is_stopped(self) -> bool:
        """Whether it was stopped before its end."""
        return self._stopped

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> int:
        while not self._stopped and (self._heap or self._busy):
            self._changed.clear()
            if (phone_id := self._take_due()) is not None:
                return phone_id
            await self._wait()
        raise StopAsyncIteration

    def _take_due(self) -> int | None:
        now = self._clock()
        while self._heap and self._heap[0][0] <= now:
            _, phone_id = heapq.heappop(self._heap)
            if phone_id not in self._busy:
                self._busy.add(phone_id)
                return phone_id
            heapq.heappush(self._heap, (now + _BUSY, phone_id))
        return None

    async def _wait(self) -> None:
        pause = (self._heap[0][0] - self._clock()).total_seconds() if self._heap else None
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._changed.wait()


class Urgent:
    """Phones that somebody wants polled at once: by the sweep that runs, or by one of their own."""

    def __init__(self) -> None:
        self._agenda: Agenda | None = None
        self._waiting: dict[int, None] = {}
        self.refused = 0  # asked for while too many waited

    def ask(self, phone_id: int) -> None:
        """Have a phone polled soon."""
        if self._agenda is not None:
            self._agenda.add(phone_id, self._agenda.now())
        elif len(self._waiting) < MOST_WAITING:
            self._waiting[phone_id] = None
        else:
            self.refused += 1

    def take(self) -> tuple[int, ...]:
        """Give the phones that no sweep has taken up, and forget them."""
        taken, self._waiting = tuple(self._waiting), {}
        return taken

    def attach(self, agenda: Agenda) -> None:
        """From now on hand phones to this agenda, those that wait first."""
        self._agenda = agenda
        for phone_id in self.take():
            self.ask(phone_id)

    def detach(self) -> None:
        """Keep phones until there is an agenda again."""
        self._agenda = None
