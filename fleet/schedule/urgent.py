"""Phones to be looked at within seconds: each once, not too many, not again and again."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

SETTLE = timedelta(seconds=1)  # a phone with many lines says something of each in a row
APART = timedelta(seconds=10)  # between two urgent looks at one phone
AT_ONCE = 50  # phones to a look: more of them take longer than a few seconds
MOST = 2_000  # waiting phones; beyond it the next sweep has to do


class Urgent:
    """The phones that wait for an urgent look, and when it is due."""

    def __init__(self) -> None:
        self._due: OrderedDict[int, datetime] = OrderedDict()
        self._looked: OrderedDict[int, datetime] = OrderedDict()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._due)

    def ask(self, phone_ids: Iterable[int], now: datetime) -> None:
        """Have phones looked at; those that wait already keep their place."""
        for phone_id in phone_ids:
            if phone_id in self._due:
                continue
            if len(self._due) >= MOST:
                self.dropped += 1
                continue
            due, looked = now + SETTLE, self._looked.get(phone_id)
            self._due[phone_id] = max(due, looked + APART) if looked else due

    def take(self, now: datetime) -> tuple[int, ...]:
        """Give phones that are due; they wait no more."""
        ready = [phone_id for phone_id, due in self._due.items() if due <= now][:AT_ONCE]
        for phone_id in ready:
            del self._due[phone_id]
            self._looked.pop(phone_id, None)
            self._looked[phone_id] = now
        while self._looked and next(iter(self._looked.values())) < now - APART:
            self._looked.popitem(last=False)
        return tuple(ready)

    def give_back(self, phone_ids: Iterable[int], now: datetime) -> None:
        """Have phones looked at a little later that could not be looked at now."""
        for phone_id in phone_ids:
            self._looked.pop(phone_id, None)
            self._due.setdefault(phone_id, now + 2 * SETTLE)

    def next_due(self) -> datetime | None:
        """Give the moment at which the next phone is due; None where none waits."""
        return min(self._due.values(), default=None)
