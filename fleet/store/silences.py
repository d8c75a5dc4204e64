"""Silences: notices about what they cover are kept back for a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.store import watch_codec
from fleet.store.watch_tables import silences

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.model import Silence


def add_silence(connection: sa.Connection, silence: Silence) -> int:
    """Write a silence; give its id."""
    values = watch_codec.silence_values(silence)
    made = connection.execute(sa.insert(silences).values(values).returning(silences.c.id))
    number: int = made.scalar_one()
    return number


def end_silence(connection: sa.Connection, silence_id: int, now: datetime) -> bool:
    """End a silence now; False if there is none that lasts."""
    which = (silences.c.id == silence_id, silences.c.until > now)
    ended = connection.execute(sa.update(silences).where(*which).values(until=now))
    return bool(ended.rowcount)


def load_silences(connection: sa.Connection, now: datetime, *, past: bool) -> list[Silence]:
    """Give the silences that last or are to come, the past ones too if asked; oldest first."""
    query = sa.select(silences).order_by(silences.c.since, silences.c.id)
    if not past:
        query = query.where(silences.c.until > now)
    return [watch_codec.silence_of(row) for row in connection.execute(query)]
