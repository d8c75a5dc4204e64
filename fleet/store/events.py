"""What changed by itself: phones that moved, MACs learned or doubled, certificates trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.store.database import Repository
from fleet.store.tables import events
from fleet.store.values import Event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class Events(Repository):
    """What changed by itself, by phone and time."""

    def add(self, events: Sequence[Event]) -> None:
        """Write what changed by itself."""
        with self._writing() as connection:
            add_events(connection, events)

    def load(self, *, phone_id: int | None = None, since: datetime | None = None) -> list[Event]:
        """Give what changed by itself, the newest first."""
        with self._reading() as connection:
            query = sa.select(events).order_by(events.c.at.desc(), events.c.id.desc())
            if phone_id is not None:
                query = query.where(events.c.phone_id == phone_id)
            if since is not None:
                query = query.where(events.c.at >= since)
            return [
                Event(at=row.at, kind=row.kind, text=row.text, phone_id=row.phone_id)
                for row in connection.execute(query)
            ]


def add_events(connection: sa.Connection, new: Sequence[Event]) -> None:
    """Write events."""
    if new:
        connection.execute(
            sa.insert(events),
            [
                {"at": one.at, "phone_id": one.phone_id, "kind": one.kind, "text": one.text}
                for one in new
            ],
        )
