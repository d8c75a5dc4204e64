"""The journal: what fleet did to phones or asked of registrars; never a secret."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.model import JournalEntry
from fleet.store.engine import take_turns
from fleet.store.phones import present
from fleet.store.provision_tables import journal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_JOURNAL_LOCK = 0x6A726E6C  # whoever may do something only if nobody did it a moment ago


def write_journal(connection: sa.Connection, entries: Sequence[JournalEntry]) -> None:
    """Write down what we did; the phone of an entry may be gone by now."""
    ids = {entry.phone_id for entry in entries if entry.phone_id is not None}
    there = present(connection, ids)
    rows = [
        asdict(entry) | ({} if entry.phone_id in there else {"phone_id": None}) for entry in entries
    ]
    if rows:
        connection.execute(sa.insert(journal), rows)


def write_journal_once(connection: sa.Connection, entry: JournalEntry, since: datetime) -> bool:
    """Write an entry down unless its like was; tell whether it was written."""
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


def delete_journal(connection: sa.Connection, entry: JournalEntry) -> None:
    """Remove the entries of this moment about this phone that say the same."""
    connection.execute(
        sa.delete(journal).where(
            journal.c.phone_id == entry.phone_id,
            journal.c.at == entry.at,
            journal.c.what == entry.what,
        )
    )


def load_journal(
    connection: sa.Connection, *, phone_id: int | None, since: datetime | None, limit: int
) -> list[JournalEntry]:
    """Give what we did, the newest first."""
    query = sa.select(journal).order_by(journal.c.at.desc(), journal.c.id.desc()).limit(limit)
    if phone_id is not None:
        query = query.where(journal.c.phone_id == phone_id)
    if since is not None:
        query = query.where(journal.c.at >= since)
    return [
        JournalEntry(at=row.at, by=row.by, what=row.what, phone_id=row.phone_id)
        for row in connection.execute(query)
    ]
