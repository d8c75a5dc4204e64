"""Silences: notices about what they cover are kept back for a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.store import watch_codec
from fleet.store.database import Repository
from fleet.store.watch_tables import silences

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.model import Silence


class Silences(Repository):
    """The silences, past, present and planned."""

    def add(self, silence: Silence) -> int:
        """Write a silence; give its id."""
        with self._writing() as connection:
            values = watch_codec.silence_values(silence)
            made = connection.execute(sa.insert(silences).values(values).returning(silences.c.id))
            number: int = made.scalar_one()
            return number

    def end(self, silence_id: int, now: datetime) -> bool:
        """End a silence now; False if there is none of that id that lasts."""
        with self._writing() as connection:
            which = (silences.c.id == silence_id, silences.c.until > now)
            ended = connection.execute(sa.update(silences).where(*which).values(until=now))
            return bool(ended.rowcount)

    def load(self, now: datetime, *, past: bool = False) -> list[Silence]:
        """Give the silences that last or are to come; the past ones too if asked."""
        with self._reading() as connection:
            query = sa.select(silences).order_by(silences.c.since, silences.c.id)
            if not past:
                query = query.where(silences.c.until > now)
            return [watch_codec.silence_of(row) for row in connection.execute(query)]
