"""Phones to be looked at within seconds: each once, not too many, not again and again. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

SETTLE = timedelta(seconds=1)  # a phone with many lines says something of each in a row
APART = timedelta(seconds=10)  # between two such looks at one phone
MOST = 2_000  # waiting phones; for more of them the next sweep has to do


class Soon:
    """The phones that wait for a look, and when it is due. `dropped` counts those too many."""

    def __init__(self) -> None:
        self._due: dict[int, datetime] = {}
        self._looked: dict[int, datetime] = {}
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
            looked = self._looked.get(phone_id)
            due = now + SETTLE
            self._due[phone_id] = max(due, looked + APART) if looked else due

    def take(self, now: datetime) -> tuple[int, ...]:
        """Give the phones that are due; they wait no more."""
        ready = tuple(phone_id for phone_id, due in self._due.items() if due <= now)
        for phone_id in ready:
            del self._due[phone_id]
        recent = {each: at for each, at in self._looked.items() if now < at + APART}
        self._looked = recent | dict.fromkeys(ready, now)
        return ready

    def next_due(self) -> datetime | None:
        """Give the moment at which the next phone is due; None where none waits."""
        return min(self._due.values(), default=None)
