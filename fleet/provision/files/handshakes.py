"""Logins that were begun: the first half of a Digest login is no refusal, unless it stays alone."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.model import Fetch

PATIENCE = timedelta(seconds=60)
_MOST = 50_000


class Handshakes:
    """Challenges that a phone has not answered yet, by its number and the file."""

    def __init__(self, patience: timedelta = PATIENCE) -> None:
        self._patience = patience
        self._begun: OrderedDict[tuple[int | None, str], Fetch] = OrderedDict()

    def begun(self, fetch: Fetch) -> None:
        """Note that a phone was challenged: this is to be recorded if it does not go on."""
        self._begun.setdefault((fetch.phone_id, fetch.file), fetch)

    def went_on(self, phone_id: int | None, file: str) -> None:
        """Note that a phone came back, whatever came of it."""
        self._begun.pop((phone_id, file), None)

    def left_alone(self, now: datetime | None) -> list[Fetch]:
        """Take the challenges that were not answered in time (None: all), the oldest first."""
        taken = []
        while self._begun:
            oldest = next(iter(self._begun.values()))
            if now is not None and now - oldest.at < self._patience and len(self._begun) <= _MOST:
                break
            taken.append(self._begun.popitem(last=False)[1])
        return taken
