"""The store as the rest of fleet sees it: an open database, and a repository for each subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.store import keymark
from fleet.store.alerts import Alerts
from fleet.store.audits import Audits
from fleet.store.backup import backup
from fleet.store.check import check
from fleet.store.database import Database
from fleet.store.events import Events
from fleet.store.fetches import Fetches, FetchLogins
from fleet.store.findings import Findings
from fleet.store.firmware import AcceptedFirmware
from fleet.store.held_files import HeldFiles
from fleet.store.intents import StoredIntents
from fleet.store.inventory import StoredInventory
from fleet.store.journal import Journal
from fleet.store.observations import Observations
from fleet.store.phones import Phones
from fleet.store.pushes import Pushes
from fleet.store.retention import prune
from fleet.store.revisions import Revisions
from fleet.store.rollouts import Rollouts
from fleet.store.rotations import Rotations
from fleet.store.silences import Silences
from fleet.store.sweeps import Sweeps

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import sqlalchemy as sa

    from fleet.store.secrets import Keyring
    from fleet.store.values import KeptRevisions, Pruned


class Store(Database):
    """An open database. Safe to use from many threads; every failure is a `StoreError`.

    Its repositories read and write one subject each. An iterator that they return uses a connection
    until it is exhausted or closed.
    """

    def __init__(self, engine: sa.Engine, keyring: Keyring | None) -> None:
        super().__init__(engine, keyring)
        self.phones = Phones(self)
        self.inventory = StoredInventory(self)
        self.firmware = AcceptedFirmware(self)
        self.intents = StoredIntents(self)
        self.sweeps = Sweeps(self)
        self.observations = Observations(self)
        self.events = Events(self)
        self.findings = Findings(self)
        self.alerts = Alerts(self)
        self.silences = Silences(self)
        self.audits = Audits(self)
        self.revisions = Revisions(self)
        self.held_files = HeldFiles(self)
        self.fetches = Fetches(self)
        self.fetch_logins = FetchLogins(self)
        self.rollouts = Rollouts(self)
        self.rotations = Rotations(self)
        self.pushes = Pushes(self)
        self.journal = Journal(self)

    def has_secrets(self) -> bool:
        """Return whether a key belongs to this database already."""
        with self.reading() as connection:
            return keymark.is_set(connection)

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
        with self.reading() as connection:
            keymark.check(connection, self.keyring)

    def check(self) -> list[str]:
        """Give a sentence for each thing that is wrong with the database; none if all is well."""
        with self.reading() as connection:
            return list(check(connection, self.keyring))

    def reencrypt(self, keyring: Keyring) -> int:
        """Encrypt all passwords with the keyring's first key; give how many there were."""
        with self.writing() as connection:
            done = keymark.reencrypt(connection, keyring)
        self.keyring = keyring
        return done
