"""Opens the database with the settings under which SQLite loses nothing and blocks no reader."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from fleet.errors import NoDatabase, SettingsError, StoreError
from fleet.resources import without_descriptors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT = 5_000  # milliseconds to wait for another process that locks the file
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
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql":
        engine = sa.create_engine(parsed, connect_args={"connect_timeout": 10})
    else:
        _check_file(parsed, create=create)
        is_read_only = not create and not _may_write(Path(str(parsed.database)))
        engine = _sqlite_engine(parsed, is_read_only=is_read_only)
        # Python's driver gives the interpreter lock away for each row of a statement, which costs
        # more than the row while the event loop waits for it: so many rows are one statement.
        engine.dialect.use_insertmanyvalues_wo_returning = True
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    try:
        with engine.connect() as connection:
            if is_sqlite(connection) and not is_read_only:
                _use_wal(connection)
    except DBAPIError as error:
        engine.dispose()
        raise_plainly(error, parsed)
    except sqlite3.Error as error:
        engine.dispose()
        raise_plainly(DBAPIError(None, None, error), parsed)
    return engine


def _may_write(path: Path) -> bool:
    """Return whether this user may change the file, and make the files SQLite needs beside it."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _sqlite_engine(url: sa.URL, *, is_read_only: bool) -> sa.Engine:
    """Make an engine that opens the file for reading alone while this user may not write it.

    A file that may be written again, because its disk was mended, is opened for writing from then
    on: no read-only connection is kept. Where nobody has it open, SQLite could not make its shared
    memory in a folder that is read-only, and needs to be told that nobody writes ("immutable").
    """
    options: dict[str, Any] = {"isolation_level": None, "timeout": BUSY_TIMEOUT / 1000}
    if not is_read_only:
        return sa.create_engine(url, connect_args=options)
    path = Path(str(url.database)).absolute()

    def connect() -> Any:
        if _may_write(path):
            return sqlite3.connect(path, check_same_thread=False, **options)
        log = path.with_name(path.name + "-wal")
        is_idle = not log.exists() or not log.stat().st_size
        still = "&immutable=1" if is_idle and not os.access(path.parent, os.W_OK) else ""
        address = f"{path.as_uri()}?mode=ro{still}"
        return sqlite3.connect(address, uri=True, check_same_thread=False, **options)

    return sa.create_engine(url, creator=connect, poolclass=sa.NullPool)


def file_identity(url: sa.URL) -> tuple[int, int] | None:
    """Return the device and inode of a SQLite file, None if it is gone; (0, 0) for a server."""
    if url.get_backend_name() != "sqlite":
        return 0, 0
    try:
        status = os.stat(str(url.database))  # noqa: PTH116  asked for each file that is served
    except OSError:
        return None
    return status.st_dev, status.st_ino


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


def watching(engine: sa.Engine) -> sqlite3.Connection:
    """Open a connection to a SQLite file that waits for no lock, outside the pool."""
    borrowed = engine.raw_connection()
    connection = borrowed.driver_connection
    borrowed.detach()
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101  the only driver of these files
    connection.execute("PRAGMA busy_timeout = 0")
    return connection


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
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the rest is SQLite's finer reason
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise StoreError(
            f"The database {place_of(url)} was locked by {lock_owner(Path(str(url.database)))} for "
            f"more than {BUSY_TIMEOUT // 1000} s; try again when that process has ended."
        ) from None
    if code in _SQLITE_SENTENCES:
        raise StoreError(_SQLITE_SENTENCES[code].format(place_of(url))) from None
    if code == sqlite3.SQLITE_CANTOPEN and (reason := without_descriptors()):
        raise StoreError(f"The database {place_of(url)} cannot be opened. {reason}") from None
    lines = str(error.orig).strip().splitlines()  # PostgreSQL's further ones ask and advise
    said = lines[0].strip(" .:;!") if lines else type(error.orig).__name__
    if url.password:
        said = said.replace(str(url.password), "***")
    raise StoreError(f"The database {place_of(url)} cannot be used: {said}.") from None


_SQLITE_SENTENCES = {
    sqlite3.SQLITE_FULL: "The disk of the database {} is full; free some space. Nothing was "
    "written.",
    sqlite3.SQLITE_READONLY: "The database {} cannot be written by this user: it is read-only.",
    sqlite3.SQLITE_NOTADB: "The database {} cannot be used: file is not a database; "
    "restore a backup: fleet db restore.",
    sqlite3.SQLITE_CORRUPT: "The database {} is damaged; restore a backup: fleet db restore.",
    sqlite3.SQLITE_IOERR: "The disk of the database {} fails or is full; see the system's log.",
}


def lock_owner(path: Path) -> str:
    """Name the process that locks a SQLite file for writing, where the system tells (Linux)."""
    names = {}
    for each in (path, path.with_name(path.name + "-shm")):
        with suppress(OSError):
            names[each.stat().st_ino] = each
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return "another process"
    for line in lines:  # number: class, kind, access, pid, device:inode, range (proc(5))
        fields = line.split()
        is_ours = len(fields) > 5 and fields[5].rpartition(":")[2] in map(str, names)
        if is_ours and fields[3] == "WRITE" and int(fields[4]) > 0:
            with suppress(OSError):
                name = Path(f"/proc/{fields[4]}/comm").read_text(encoding="utf-8").strip()
                return f"process {fields[4]} ({name})"
            return f"process {fields[4]}"
    return "another process"


def parse_url(url: str) -> sa.URL:
    """Read the URL of a database. Raises `SettingsError` for what is none of fleet's."""
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
        if not path.exists():
            if not create:
                raise NoDatabase(f"There is no database {path}; run fleet init to create it.")
            _make_file(path)
        elif not path.stat().st_size:
            raise StoreError(
                f"The database {path} is empty (0 bytes), as after an interrupted copy. Restore a "
                "backup with fleet db restore, or delete the file and run fleet init."
            )
    except OSError as error:
        raise StoreError(f"The database {path} cannot be created: {error.strerror}.") from None


def _make_file(path: Path) -> None:
    """Make a database without tables. It is there whole or not at all: 0 bytes are refused."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.touch(mode=0o600, exist_ok=True)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before the first table
            connection.execute("PRAGMA user_version = 0")
            connection.execute("VACUUM")  # writes the file's head
        with suppress(FileExistsError):  # another process was quicker
            os.link(part, path)
    except sqlite3.Error as error:
        raise StoreError(f"The database {path} cannot be created: {error}.") from None
    finally:
        part.unlink(missing_ok=True)


def _check_place(path: Path) -> None:
    if not path.parent.is_dir():
        raise StoreError(
            f"The database {path} cannot be created: there is no folder {path.parent}."
        )
    if path.is_dir():
        raise StoreError(f"The database {path} cannot be used: it is a folder.")
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
        return str(driver.execute("PRAGMA journal_mode = WAL").fetchone()[0])

    connection.rollback()
    if (mode := _patiently(switch)) != "wal":
        raise StoreError(
            f"The database {connection.engine.url.database} cannot use SQLite's write-ahead log "
            f"(its journal mode stays {mode}); keep it on a local disk where this user may write."
        )


def _patiently(action: Callable[[], str]) -> str:
    """Repeat while another process opens the file: here SQLite itself does not wait."""
    until = time.monotonic() + BUSY_TIMEOUT / 1000
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            is_locked = error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not is_locked or time.monotonic() > until:
                raise
            time.sleep(0.05)
