"""What phones said last of their lines, by their action URIs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.model import LastPush
from fleet.store.database import Repository
from fleet.store.engine import insert_into
from fleet.store.phones import of_phones, present
from fleet.store.provision_tables import last_pushes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_KEY = ("phone_id", "user")
_SAID = ("at", "registered", "code")


class Pushes(Repository):
    """The last push of each phone and user."""

    def record(self, batch: Collection[LastPush]) -> None:
        """Keep what phones said last, in one transaction; what is older than that is left."""
        with self._writing() as connection:
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
            # Sorted, so that two daemons that write the same phones cannot deadlock.
            connection.execute(newer, [asdict(newest[key]) for key in sorted(newest)])

    def last(self, ids: Sequence[int]) -> list[LastPush]:
        """Give what these phones said last, of each user."""
        with self._reading() as connection:
            query = sa.select(last_pushes)
            found = of_phones(connection, query, last_pushes.c.phone_id, ids)
            return [LastPush(**row._asdict()) for row in found]
