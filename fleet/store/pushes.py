"""What phones said last of their lines, by their action URIs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.model import LastPush
from fleet.store.engine import insert_into
from fleet.store.phones import of_phones, present
from fleet.store.provision_tables import last_pushes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_KEY = ("phone_id", "user")
_SAID = ("at", "registered", "code")


def record(connection: sa.Connection, batch: Collection[LastPush]) -> None:
    """Keep the newest word of each phone on each user. A phone that was removed says nothing."""
    there = present(connection, {push.phone_id for push in batch})
    newest = {
        (push.phone_id, push.user): push
        for push in sorted(batch, key=lambda push: push.at)
        if push.phone_id in there
    }
    if not newest:
        return
    insert = insert_into(connection, last_pushes)
    newer = insert.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={name: insert.excluded[name] for name in _SAID},
        where=insert.excluded.at >= last_pushes.c.at,
    )
    # In one order everywhere: two daemons that write the same phones do not block each other.
    connection.execute(newer, [asdict(newest[key]) for key in sorted(newest)])


def load(connection: sa.Connection, ids: Sequence[int]) -> list[LastPush]:
    """Give what these phones said last."""
    query = sa.select(last_pushes)
    found = of_phones(connection, query, last_pushes.c.phone_id, ids)
    return [LastPush(**row._asdict()) for row in found]
