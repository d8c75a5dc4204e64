"""A consistent copy of the database while others write to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from fleet.errors import StoreError
from fleet.store.engine import raise_plainly

if TYPE_CHECKING:
    from pathlib import Path

    import sqlalchemy as sa


def backup(engine: sa.Engine, path: Path) -> None:
    """Copy the database to `path`, readable by this user alone; never overwrites.

    SQLite: a database file. PostgreSQL: what `pg_dump --format=custom` writes. Raises `StoreError`.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise StoreError(
            f"{path} is there already and was left alone; name another file."
        ) from None
    except OSError as error:
        raise StoreError(f"The copy {path} cannot be written: {error.strerror}.") from None
    part = path.with_name(path.name + ".part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        _copy(engine, part)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
    finally:
        part.unlink(missing_ok=True)


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
