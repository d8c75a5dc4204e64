"""An open database: its engine, its key, and the two kinds of transactions."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa

from fleet.errors import StoreError
from fleet.store import engine as connections
from fleet.store import migrate
from fleet.store.backup import backup
from fleet.store.engine import file_identity, open_engine, place_of, plainly
from fleet.store.tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from fleet.store.secrets import Keyring


_LOOK_EVERY = 1.0  # seconds until a database file that was replaced is noticed while it is watched


class Database:
    """What every part of the store stands on. Safe to use from many threads."""

    def __init__(self, engine: sa.Engine, keyring: Keyring | None) -> None:
        self._engine = engine
        self.keyring = keyring
        self._file = file_identity(engine.url)
        self._watching: sqlite3.Connection | None = None
        self._watching_lock = threading.Lock()
        self._looked_at = 0.0
        self.upgraded_from: str | None = None  # the tables' version before, if this opening did it
        self.copy: Path | None = None  # of the file, from before the upgrade

    @classmethod
    def open(
        cls, url: str, *, keyring: Keyring | None, create: bool = True, upgrade: bool = True
    ) -> Self:
        """Open `sqlite:///FILE` or `postgresql://…`.

        Without a keyring all but the passwords can be read. `create` False: a SQLite file must be
        there already; one that this user may not write is opened for reading. `upgrade`: tables of
        an older version are brought up to date, after a copy beside a SQLite file (`copy`).
        Raises `StoreError`, `NoDatabase`, `OldDatabase`, or `SettingsError` for another URL.
        """
        store = cls(open_engine(url, create=create), keyring)
        try:
            with store._plainly():
                if upgrade:
                    store._upgrade(create=create)
                else:
                    migrate.check_version(store._engine)
        except BaseException:
            store.close()
            raise
        return store

    def _upgrade(self, *, create: bool) -> None:
        with self._engine.connect() as connection:
            before = migrate.current(connection)
        if before == SCHEMA:
            return
        if before is None and not create:
            migrate.check_version(self._engine)
        path = Path(str(self._engine.url.database))
        if before is not None and self._engine.dialect.name == "sqlite":
            moment = datetime.now(UTC)
            copy = path.with_name(f"{path.name}.version-{before}.{moment:%Y%m%dT%H%M%S}")
            backup(self._engine, copy)
            self.copy = copy
        if migrate.upgrade(self._engine) and before is not None:
            self.upgraded_from = before

    def close(self) -> None:
        """Let go of the database."""
        with self._watching_lock:
            if self._watching is not None:
                self._watching.close()
                self._watching = None
        self._engine.dispose()

    def use_keyring(self, keyring: Keyring) -> None:
        """Encrypt and decrypt with this keyring from now on."""
        self.keyring = keyring

    @property
    def place(self) -> str:
        """Where the database is, without its password."""
        return place_of(self._engine.url)

    def version(self) -> str | None:
        """Give the version of the database's tables."""
        with self.reading() as connection:
            return migrate.current(connection)

    def time(self) -> datetime:
        """Give the time by the database's own clock; SQLite's is this machine's."""
        with self.reading() as connection:
            if connection.dialect.name == "sqlite":
                return datetime.now(UTC)
            moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
            return moment.astimezone(UTC)

    def check_in_place(self) -> None:
        """Raise `StoreError` if the open SQLite file is no longer the one of that name.

        What is written to a deleted file is lost, and a file that was put in its place (a restored
        backup) would be damaged by the write-ahead log of the one before.
        """
        if self._file != file_identity(self._engine.url):
            raise StoreError(
                f"The database {self.place} was deleted or replaced while fleet had it open; "
                "fleet can no longer write to it. Restart fleet."
            )

    def change_mark(self) -> int | None:
        """Return a number that changes with every commit to the database, whoever makes it.

        What was read after the number was taken is true as long as the number stays. It takes
        microseconds and waits for nobody, so an event loop may ask. None where that cannot be told:
        PostgreSQL, and a file that is locked as a whole or was replaced (seen within a second).
        """
        if self._engine.dialect.name != "sqlite":
            return None
        with self._watching_lock:
            now = time.monotonic()
            if now >= self._looked_at + _LOOK_EVERY:
                if self._file != file_identity(self._engine.url):
                    return None
                self._looked_at = now
            try:
                if self._watching is None:
                    self._watching = connections.watching(self._engine)
                (mark,) = self._watching.execute("PRAGMA data_version").fetchone()
            except (sqlite3.Error, sa.exc.SQLAlchemyError):
                return None
        return int(mark)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction that sees the database as it is at its first query."""
        self.check_in_place()
        with self._plainly(), connections.reading(self._engine).connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a transaction that writes all or nothing."""
        self.check_in_place()
        with self._plainly(), connections.writing(self._engine).begin() as connection:
            yield connection

    def _plainly(self) -> AbstractContextManager[None]:
        return plainly(self._engine.url)


class Repository:
    """What the repositories of the store share: the open database they read and write."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def _keyring(self) -> Keyring | None:
        return self._database.keyring

    def _reading(self) -> AbstractContextManager[sa.Connection]:
        return self._database.reading()

    def _writing(self) -> AbstractContextManager[sa.Connection]:
        return self._database.writing()
