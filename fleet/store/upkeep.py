"""What keeps a database in order: pruning, copies, checks, another key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.store import keymark
from fleet.store.backup import backup
from fleet.store.check import check
from fleet.store.database import Database
from fleet.store.retention import prune

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from fleet.store.secrets import Keyring
    from fleet.store.values import KeptRevisions, Pruned


class Upkeep(Database):
    """A part of the store: see `Store`."""

    def prune(
        self,
        *,
        history_before: datetime,
        evidence_before: datetime,
        sweeps_before: datetime,
        fetches_before: datetime | None = None,
        revisions: KeptRevisions | None = None,
    ) -> Pruned:
        """Delete what is older, never what is so now.

        `fetches_before` None: no fetches; `revisions` None: no revisions.
        """
        with self._plainly():
            return prune(
                self._engine,
                history_before=history_before,
                evidence_before=evidence_before,
                sweeps_before=sweeps_before,
                fetches_before=fetches_before,
                revisions=revisions,
            )

    def backup(self, path: Path) -> None:
        """Copy the database to a new file while others write to it."""
        with self._plainly():
            backup(self._engine, path)

    def check_key(self) -> None:
        """Raise `StoreError` if there are passwords that this key does not open."""
        with self._reading() as connection:
            keymark.check(connection, self._keyring)

    def check(self) -> list[str]:
        """Give a sentence for each thing that is wrong with the database; none if all is well."""
        with self._reading() as connection:
            return list(check(connection, self._keyring))

    def reencrypt(self, keyring: Keyring) -> int:
        """Encrypt all passwords with the keyring's first key; give how many there were."""
        with self._writing() as connection:
            done = keymark.reencrypt(connection, keyring)
        self._keyring = keyring
        return done
