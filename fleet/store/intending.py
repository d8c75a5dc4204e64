"""The part of the store that intends: intents, named secrets, revisions and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.store import intents, keymark, named_secrets, revisions
from fleet.store.contents import load_digester
from fleet.store.database import Database
from fleet.store.revisions import Made
from fleet.store.tables import phone_states

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from fleet.model import AppliedFile, Intents, NewFile, Revision
    from fleet.store.contents import Digester
    from fleet.store.values import FileDigest


class Intending(Database):
    """What `Store` knows of what phones shall be, and of the files that say so."""

    def intents(self) -> Intents:
        """Give all intents, level by level."""
        with self._reading() as connection:
            return intents.load_intents(connection)

    def seen_models(self) -> dict[int, str]:
        """Give the models that phones said to be when they were read last."""
        query = sa.select(phone_states.c.phone_id, phone_states.c.seen_model)
        with self._reading() as connection:
            rows = connection.execute(query.where(phone_states.c.seen_model.is_not(None)))
            return {row.phone_id: row.seen_model for row in rows}

    # Named secrets

    def set_secret(self, name: str, value: str, now: datetime) -> None:
        """Keep a secret, encrypted, in place of what its name stood for."""
        with self._writing() as connection:
            keymark.hold(connection, self._keyring, needed=True)
            named_secrets.write_secrets(connection, self._keyring, {name: value}, now)

    def secrets(self) -> list[tuple[str, datetime]]:
        """Give the names of all secrets, and when each was set last."""
        with self._reading() as connection:
            return named_secrets.list_secrets(connection)

    def secret(self, name: str) -> str:
        """Give a secret's value. Raises `StoreError` if there is none of that name."""
        with self._reading() as connection:
            return named_secrets.load_secret(connection, self._keyring, name)

    def secret_values(self) -> dict[str, str]:
        """Give all named secrets, decrypted."""
        with self._reading() as connection:
            return named_secrets.load_secrets(connection, self._keyring)

    def remove_secret(self, name: str) -> bool:
        """Forget a secret; False if there is none of that name."""
        with self._writing() as connection:
            return named_secrets.remove_secret(connection, name)

    # Revisions

    def apply_files(
        self,
        files: Sequence[NewFile],
        *,
        by: str,
        comment: str,
        now: datetime,
        expected: int,
        rolled_back_to: int | None = None,
        secret_names: frozenset[str] = frozenset(),
    ) -> Revision:
        """Write a revision with those of the files that differ from the last one's.

        Files that are not named stay as they are. `secret_names` are the parameters that hold
        secrets although their names do not say so. `expected` is the revision that this was planned
        against: raises `StoreError`, and writes nothing, if another was applied meanwhile.
        """
        made = Made(
            by=by,
            comment=comment,
            at=now,
            expected=expected,
            rolled_back_to=rolled_back_to,
            secret_names=secret_names,
        )
        with self._writing() as connection:
            return revisions.apply_files(connection, self._keyring, files, made)

    def roll_back(
        self, number: int, *, by: str, comment: str, now: datetime, expected: int
    ) -> Revision:
        """Write a revision that has the files of an older one.

        Raises `UsageError` if there is none of that number, `StoreError` as `apply_files` does.
        """
        made = Made(by=by, comment=comment, at=now, expected=expected, rolled_back_to=number)
        with self._writing() as connection:
            return revisions.roll_back(connection, made)

    def check_passwords(self, revision: int) -> None:
        """Raise `UsageError` if a revision has passwords that a rotation left with no registrar."""
        with self._reading() as connection:
            revisions.check_passwords(connection, revision)

    def revisions(self, *, pruned: bool = False) -> list[Revision]:
        """Give all revisions, the newest first; `pruned`: those too that are not kept whole."""
        with self._reading() as connection:
            return revisions.load_revisions(connection, pruned=pruned)

    def revision(self, number: int) -> Revision:
        """Give one revision. Raises `UsageError` if there is none of that number."""
        with self._reading() as connection:
            return revisions.load_revision(connection, number)

    def last_revision(self) -> int:
        """Give the newest revision's number; 0 if nothing was applied yet."""
        with self._reading() as connection:
            return revisions.last_revision(connection)

    def secret_names(self, *numbers: int) -> frozenset[str]:
        """Give the parameters that one of these revisions holds as secrets unlike their names."""
        with self._reading() as connection:
            return revisions.secret_names(connection, numbers)

    def revision_at(self, moment: datetime) -> int:
        """Give the revision that was the newest at that moment; 0 if there was none."""
        with self._reading() as connection:
            return revisions.revision_at(connection, moment)

    def file(self, name: str, revision: int | None = None) -> AppliedFile | None:
        """Give a file as a revision (None: the last) has it; None if it has none of that name."""
        with self._reading() as connection:
            return revisions.load_file(connection, self._keyring, name, revision)

    def files(
        self,
        revision: int | None = None,
        phone_id: int | None = None,
        *,
        names: Sequence[str] | None = None,
    ) -> Iterator[AppliedFile]:
        """Give files by name as a revision has them: all, a phone's own, or some.

        Holds a connection until it is used up or closed.
        """
        chosen = None if phone_id is None else [phone_id]
        with self._reading() as connection:
            yield from revisions.load_files(
                connection, self._keyring, revision, phone_ids=chosen, names=names
            )

    def file_digests(self, revision: int | None = None) -> dict[str, FileDigest]:
        """Give every file of a revision by name, without its body; needs no key."""
        with self._reading() as connection:
            return revisions.file_digests(connection, revision)

    def digester(self) -> Digester | None:
        """Give what makes the digests of this database's files; None before the first of them."""
        with self._reading() as connection:
            return load_digester(connection, self._keyring)
