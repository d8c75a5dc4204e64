"""A consistent copy of the database while others write to it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from fleet.errors import StoreError, UsageError
from fleet.store.engine import parse_url, raise_plainly

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be renamed anyway
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa


_SHARED_FIRST, _SHARED_LENGTH = 0x40000002, 510  # SQLite's os.h: bytes that readers lock


def backup(engine: sa.Engine, path: Path) -> None:
    """Copy the database to `path`, readable by this user alone; never overwrites.

    SQLite: a database file. PostgreSQL: what `pg_dump --format=custom` writes. Raises `StoreError`.
    """
    if path.exists():
        raise _is_there(path)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(engine, part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        _give_name(part, path)
    except FileExistsError:
        raise _is_there(path) from None
    except OSError as error:
        raise StoreError(f"The copy {path} cannot be written: {error.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)


def _is_there(path: Path) -> StoreError:
    return StoreError(f"{path} already exists and was not changed; choose another name.")


def _give_name(part: Path, path: Path) -> None:
    """Name a whole file, and never overwrite one that was made meanwhile."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError from None
        part.rename(path)


def _copy(engine: sa.Engine, part: Path) -> None:
    if engine.dialect.name == "postgresql":
        _dump(engine.url, part)
        return
    connection = engine.raw_connection()
    try:
        # Outside a transaction; it reads one snapshot of the write-ahead log and blocks nobody.
        connection.cursor().execute("VACUUM INTO ?", (str(part),))
    except engine.dialect.loaded_dbapi.Error as error:
        raise_plainly(DBAPIError(None, None, error), engine.url)
    finally:
        connection.close()


def restore(url: str, file: Path) -> Path | None:
    """Put a copy in the place of a SQLite database; return where the old one is now, if any.

    The copy is checked first. Nothing is changed while another process has the database open.
    Raises `UsageError` for PostgreSQL, `StoreError` for anything else that stands in the way.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise UsageError(
            "A PostgreSQL database is restored with its own tool: pg_restore --clean --if-exists "
            f"--dbname=… {file}"
        )
    path = Path(str(parsed.database))
    new = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        _copy_checked(file, new)
        with _nobody_else(path):
            old = _put_aside(path)
            new.rename(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be restored: {error.strerror}.") from None
    finally:
        new.unlink(missing_ok=True)
    return old


def _copy_checked(file: Path, new: Path) -> None:
    """Copy a backup with all that its own log holds. Raises `StoreError` if it is no database."""
    if not file.is_file() or not file.stat().st_size:
        raise StoreError(f"{file} is not a backup: it is empty or missing.")
    new.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(new)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
            damage = target.execute("PRAGMA integrity_check").fetchone()[0]
            if damage != "ok":
                raise StoreError(f"The backup {file} is damaged: {damage}.")
            target.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"{file} is not a backup of fleet's database: {error}.") from None


@contextmanager
def _nobody_else(path: Path) -> Iterator[None]:
    """Hold the lock that every process which has the database open shares (POSIX)."""
    if not path.exists() or fcntl is None:
        yield
        return
    with path.open("r+b") as database:
        try:
            fcntl.lockf(
                database, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_LENGTH, _SHARED_FIRST, os.SEEK_SET
            )
        except OSError:
            raise StoreError(
                f"The database {path} is open in another process; stop fleet serve first. Nothing "
                "was changed."
            ) from None
        yield


def _put_aside(path: Path) -> Path | None:
    """Rename a database, with its log, to a name of this moment; return it."""
    if not path.exists():
        return None
    aside = path.with_name(f"{path.name}.before-restore.{datetime.now(UTC):%Y%m%dT%H%M%S}")
    for end in ("-shm", "-wal", ""):
        part = path.with_name(path.name + end)
        if part.exists():
            part.rename(aside.with_name(aside.name + end))
    return aside


def _dump(url: sa.URL, part: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise StoreError("A copy of a PostgreSQL database needs pg_dump; install its client tools.")
    place = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    password = {"PGPASSWORD": str(url.password)} if url.password else {}  # seen by none in `ps`
    done = subprocess.run(  # noqa: S603  the program is PostgreSQL's own, no shell
        [program, "--format=custom", f"--file={part}", "--no-password", f"--dbname={place}"],
        env={**os.environ, **password},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StoreError(f"pg_dump could not copy the database: {' '.join(done.stderr.split())}")
