"""Opens the database with the settings under which SQLite loses nothing and blocks no reader."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from fleet.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT = 30_000  # milliseconds a writer waits for another
_WRITE = "fleet_write"
_NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "fuse.sshfs"}
_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def open_engine(url: str, *, create: bool) -> sa.Engine:
    """Make the engine of a `sqlite:///FILE` or `postgresql://…` URL.

    Raises `SettingsError` for any other URL, `StoreError` for a SQLite file that cannot be (create
    False: is not there), or a server that does not answer.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        engine = sa.create_engine(parsed, connect_args={"connect_timeout": 10})
    else:
        _check_file(parsed, create=create)
        engine = sa.create_engine(
            parsed, connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT / 1000}
        )
        # Python's driver gives the interpreter lock away for each row of a statement, which costs
        # more than the row while the event loop waits for it: so many rows are one statement.
        engine.dialect.use_insertmanyvalues_wo_returning = True
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    try:
        with engine.connect() as connection:
            if is_sqlite(connection):
                _use_wal(connection)
    except DBAPIError as error:
        engine.dispose()
        raise_plainly(error, parsed)
    return engine


def writing(engine: sa.Engine) -> sa.Engine:
    """Give the engine whose transactions take SQLite's write lock as they begin.

    A deferred transaction that turns to writing fails at once, or overwrites what it did not see.
    """
    return engine.execution_options(**{_WRITE: True})


def reading(engine: sa.Engine) -> sa.Engine:
    """Give the engine whose transactions see the database as it is at their first look."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def take_turns(connection: sa.Connection, lock: int) -> None:
    """Wait until no other transaction that does the same is under way; SQLite has one anyway."""
    if not is_sqlite(connection):
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))


@contextmanager
def plainly(url: sa.URL) -> Iterator[None]:
    """Turn what the driver raises into a `StoreError`."""
    try:
        yield
    except IntegrityError:
        raise StoreError(
            "Two phones cannot have one host or one MAC, or the inventory was changed at the "
            "same time; nothing was written, try again."
        ) from None
    except DBAPIError as error:
        raise_plainly(error, url)


def is_sqlite(connection: sa.Connection) -> bool:
    """Tell which of the two databases this is."""
    return connection.dialect.name == "sqlite"


def insert_into(connection: sa.Connection, table: sa.Table) -> Any:
    """An insert that can say what to do on a conflict; both databases say it alike.

    Only the dialect in use is imported: the other would be a tenth of a command's start.
    """
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    return dialect.insert(table)


def place_of(url: sa.URL) -> str:
    """Say where the database is, without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def raise_plainly(error: DBAPIError, url: sa.URL) -> NoReturn:
    """Raise the `StoreError` that says in one sentence what the driver said."""
    lines = str(error.orig).strip().splitlines()  # PostgreSQL's further ones ask and advise
    said = lines[0].strip(" .:;!") if lines else type(error.orig).__name__
    if url.password:
        said = said.replace(str(url.password), "***")
    raise StoreError(f"The database {place_of(url)} cannot be used: {said}.") from None


def _parse(url: str) -> sa.URL:
    if url.startswith("postgres://"):
        url = url.replace("postgres://", "postgresql://", 1)
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise _wrong_url() from None
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None or (driver == "sqlite" and parsed.database in (None, "", ":memory:")):
        raise _wrong_url()
    return parsed.set(drivername=driver)


def _wrong_url() -> SettingsError:
    return SettingsError(
        "[database] url (or FLEET_DATABASE_URL) must be sqlite:///FILE or "
        "postgresql://USER:PASSWORD@HOST/NAME."
    )


def _check_file(url: sa.URL, *, create: bool) -> None:
    path = Path(str(url.database))
    try:
        _check_place(path)
        if path.exists():
            return
        if not create:
            raise StoreError(f"There is no database {path}; fleet init makes one.")
        path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(f"The database {path} cannot be made: {error.strerror}.") from None


def _check_place(path: Path) -> None:
    if not path.parent.is_dir():
        raise StoreError(f"The database {path} cannot be: the folder {path.parent} is not there.")
    if path.is_dir():
        raise StoreError(f"The database {path} cannot be: that is a folder.")
    if kind := _network_file_system(path):
        raise StoreError(
            f"The database {path} is on a network file system ({kind}), which loses data; "
            "keep it on a local disk, or use PostgreSQL."
        )


def _network_file_system(path: Path) -> str:
    """The kind of a network file system that holds `path`, empty if it is a local one."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    place, best, kind = path.resolve(), Path(), ""
    for mount in mounts.splitlines():
        _, folder, found, *_ = mount.split(" ")
        point = Path(folder.replace("\\040", " "))
        if place.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, found
    return kind if kind in _NETWORK_FILE_SYSTEMS else ""


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("foreign_keys = ON", "synchronous = NORMAL", f"busy_timeout = {BUSY_TIMEOUT}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _use_wal(connection: sa.Connection) -> None:
    """Switch the file to write-ahead logging; it stays so. Asks again while another opens it."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):  # pragma: no cover
        raise TypeError(driver)

    def switch() -> str:
        driver.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before the first table, else no effect
        return str(driver.execute("PRAGMA journal_mode = WAL").fetchone()[0])

    connection.rollback()
    if (mode := _patiently(switch)) != "wal":
        raise StoreError(
            f"The database {connection.engine.url.database} cannot use SQLite's write-ahead log "
            f"(its journal mode stays {mode}); keep it on a local disk where this user may write."
        )


def _patiently(action: Callable[[], str]) -> str:
    """Repeat while another process opens the file: here SQLite itself does not wait."""
    for pause in (0.05,) * 100:
        try:
            return action()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            time.sleep(pause)
    return action()
