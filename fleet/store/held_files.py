"""Files of single phones that are given as an older revision has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.model import NewFile
from fleet.store import codec, revisions
from fleet.store.database import Repository
from fleet.store.engine import insert_into
from fleet.store.phones import of_phones
from fleet.store.provision_tables import held_files
from fleet.store.revisions import Made

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.store.secrets import Keyring
    from fleet.store.values import OwnFile


class HeldFiles(Repository):
    """The phones' own files as they are served now, some of them held back at an older revision."""

    def own(self) -> dict[int, OwnFile]:
        """Give the phones' own files as they are given now, by the phones' numbers."""
        with self._reading() as connection:
            own, held = revisions.own_files(connection), load_held(connection)
            for revision in set(held.values()):
                older = revisions.own_files(connection, revision)
                own |= {i: file for i, file in older.items() if held.get(file.name) == revision}
            return own

    def release(self, phone_ids: Sequence[int]) -> None:
        """Give these phones their own files as they were applied last."""
        with self._writing() as connection:
            release(connection, phone_ids)

    def phones(self) -> frozenset[int]:
        """Give the phones whose own files are given as an older revision has them."""
        with self._reading() as connection:
            return held_phones(connection)

    def any(self) -> bool:
        """Return whether any file is given as an older revision has it."""
        with self._reading() as connection:
            return connection.execute(sa.select(held_files.c.name).limit(1)).first() is not None

    def revisions(self, names: Sequence[str]) -> dict[str, int]:
        """Give the revision of each of these files that is given as an older one has it."""
        with self._reading() as connection:
            return load_held(connection, names)


def hold(connection: sa.Connection, phone_ids: Sequence[int], revision: int) -> None:
    """Give these phones their own files as a revision has them; who is held already stays so."""
    names = {
        name: file.phone_id
        for name, file in revisions.file_digests(connection, revision).items()
        if file.phone_id in set(phone_ids)
    }
    rows = [{"name": name, "phone_id": i, "revision": revision} for name, i in names.items()]
    if rows:
        insert = insert_into(connection, held_files)
        connection.execute(insert.on_conflict_do_nothing(index_elements=["name"]), rows)


def release(connection: sa.Connection, phone_ids: Sequence[int]) -> None:
    """Give these phones their own files as they were applied last."""
    for some in codec.chunks(phone_ids):
        connection.execute(sa.delete(held_files).where(held_files.c.phone_id.in_(some)))


def load_held(connection: sa.Connection, names: Sequence[str] | None = None) -> dict[str, int]:
    """Give the files that are held, of these names or all, and the revision of each."""
    query = sa.select(held_files.c.name, held_files.c.revision)
    rows = of_phones(connection, query, held_files.c.name, names)
    return {row.name: row.revision for row in rows}


def held_phones(connection: sa.Connection) -> frozenset[int]:
    """Give the phones whose own files are held."""
    return frozenset(connection.scalars(sa.select(held_files.c.phone_id)))


def as_held(connection: sa.Connection, keyring: Keyring | None) -> list[NewFile]:
    """Give the files that are held and would be others if they were not, to be applied."""
    now = revisions.file_digests(connection)
    found = [
        revisions.load_file(connection, keyring, name, revision)
        for name, revision in load_held(connection).items()
    ]
    return [
        NewFile(name=file.name, phone_id=file.phone_id, body=file.body)
        for file in found
        if file and (file.name not in now or now[file.name].digest != file.digest)
    ]


def apply_held(
    connection: sa.Connection, keyring: Keyring | None, since: int | None, by: str, now: datetime
) -> None:
    """Apply what held phones are given, if the last revision is not before `since`; hold none."""
    files = as_held(connection, keyring)
    last = revisions.last_revision(connection)
    if files and since is not None and last >= since:
        made = Made(
            by=by,
            comment="phones that keep their SIP passwords",
            at=now,
            expected=last,
            secret_names=revisions.secret_names(connection, [last, since - 1]),
        )
        revisions.apply_files(connection, keyring, files, made)
    release(connection, sorted(held_phones(connection)))
