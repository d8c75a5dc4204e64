"""The journal: what fleet did to phones or asked of registrars; never a secret."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.model import JournalEntry
from fleet.store.database import Repository
from fleet.store.engine import take_turns
from fleet.store.phones import present
from fleet.store.provision_tables import journal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_JOURNAL_LOCK = 0x6A726E6C  # whoever may do something only if nobody did it a moment ago


class Journal(Repository):
    """The entries of what fleet did, by phone and time."""

    def add(self, entries: Sequence[JournalEntry]) -> None:
        """Write down what we did to phones or asked of registrars; never a secret."""
        with self._writing() as connection:
            write_journal(connection, entries)

    def add_once(self, entry: JournalEntry, since: datetime) -> bool:
        """Write an entry down unless its like, of the same phone, was from `since` on.

        Tells whether it was written: of many who ask for the same at once, one is told so.
        """
        with self._writing() as connection:
            take_turns(connection, _JOURNAL_LOCK)
            like = sa.select(journal.c.id).where(
                journal.c.phone_id == entry.phone_id,
                journal.c.at >= since,
                journal.c.what == entry.what,
            )
            if connection.scalar(like.limit(1)) is not None:
                return False
            write_journal(connection, [entry])
            return True

    def remove(self, entry: JournalEntry) -> None:
        """Remove an entry about what was not done after all."""
        with self._writing() as connection:
            connection.execute(
                sa.delete(journal).where(
                    journal.c.phone_id == entry.phone_id,
                    journal.c.at == entry.at,
                    journal.c.what == entry.what,
                )
            )

    def load(
        self, *, phone_id: int | None = None, since: datetime | None = None, limit: int = 1000
    ) -> list[JournalEntry]:
        """Give what we did, the newest first."""
        with self._reading() as connection:
            query = (
                sa.select(journal).order_by(journal.c.at.desc(), journal.c.id.desc()).limit(limit)
            )
            if phone_id is not None:
                query = query.where(journal.c.phone_id == phone_id)
            if since is not None:
                query = query.where(journal.c.at >= since)
            return [
                JournalEntry(at=row.at, by=row.by, what=row.what, phone_id=row.phone_id)
                for row in connection.execute(query)
            ]


def write_journal(connection: sa.Connection, entries: Sequence[JournalEntry]) -> None:
    """Write down what we did; the phone of an entry may be gone by now."""
    ids = {entry.phone_id for entry in entries if entry.phone_id is not None}
    there = present(connection, ids)
    rows = [
        asdict(entry) | ({} if entry.phone_id in there else {"phone_id": None}) for entry in entries
    ]
    if rows:
        connection.execute(sa.insert(journal), rows)
