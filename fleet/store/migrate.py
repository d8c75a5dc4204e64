"""Brings a database's tables to the version this code needs, also when many start at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

import fleet
from fleet.errors import NoDatabase, OldDatabase, StoreError
from fleet.store.engine import place_of, take_turns, writing
from fleet.store.tables import SCHEMA

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 0x666C656574


def current(connection: sa.Connection) -> str | None:
    """Give the database's version; None for a database without fleet's tables."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    version = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if version is None else str(version)


def upgrade(engine: sa.Engine) -> bool:
    """Run the migrations that are missing, all or none; tell whether there were any.

    Raises `StoreError` for a database of a newer fleet, or with the tables of something else.
    """
    with engine.connect() as connection:
        if current(connection) == SCHEMA:
            return False
    with writing(engine).begin() as connection:
        take_turns(connection, _LOCK)
        return _upgrade(connection)


def check_version(engine: sa.Engine) -> None:
    """Raise `OldDatabase`, or `NoDatabase` for one without tables, unless it is up to date."""
    with engine.connect() as connection:
        before, place = current(connection), place_of(connection.engine.url)
        if before == SCHEMA:
            return
        if before is None and not sa.inspect(connection).get_table_names():
            raise NoDatabase(
                f"The database {place} has no tables yet; run fleet init to create them."
            )
        _check_known(connection, before)
    raise OldDatabase(
        f"The database {place} has tables of version {before}, and this fleet needs {SCHEMA}; "
        "run: fleet db upgrade"
    )


def folder() -> Path:
    """Find the migrations: in the installed package, or at the top of the source tree."""
    package = Path(str(fleet.__file__)).parent
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def config(connection: sa.Connection) -> Config:
    """Give Alembic's settings for this connection."""
    from alembic.config import Config  # 0.2 s, spared where the database is up to date

    settings = Config()
    settings.set_main_option("script_location", str(folder()).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def _upgrade(connection: sa.Connection) -> bool:
    from alembic import command

    before, settings = current(connection), config(connection)
    if before == SCHEMA:
        return False
    _check_known(connection, before)
    command.upgrade(settings, "head")
    return True


def _check_known(connection: sa.Connection, before: str | None) -> None:
    from alembic.script import ScriptDirectory

    place = place_of(connection.engine.url)
    scripts = ScriptDirectory.from_config(config(connection))
    known = {script.revision for script in scripts.walk_revisions()}
    if before is not None and before not in known:
        raise StoreError(
            f"The database {place} was written by a newer fleet (version {before}); update fleet."
        )
    if before is None and sa.inspect(connection).get_table_names():
        raise StoreError(
            f"The database {place} contains tables of another program; use a separate database for "
            "fleet."
        )
