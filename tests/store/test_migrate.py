"""The tables are what the code thinks they are, on both databases."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from fleet.errors import StoreError
from fleet.store import Store, migrate
from fleet.store.engine import open_engine
from fleet.store.indexes import metadata
from fleet.store.tables import SCHEMA

if TYPE_CHECKING:
    from pathlib import Path


def test_an_empty_database_gets_the_newest_tables(empty_database_url: str) -> None:
    store = Store.open(empty_database_url, keyring=None)
    version = store.version()
    store.close()
    assert version == SCHEMA


def test_the_migrations_and_the_tables_say_the_same(database_url: str) -> None:
    engine = open_engine(database_url, create=False)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": False})
        drift = compare_metadata(context, metadata)
    engine.dispose()
    assert drift == []


def test_the_newest_migration_is_the_one_the_code_needs(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'fleet.db'}", create=True)
    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(migrate.config(connection))
    engine.dispose()
    assert scripts.get_heads() == [SCHEMA]


def test_a_database_of_a_newer_fleet_is_refused(database_url: str) -> None:
    _do(database_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer fleet"):
        Store.open(database_url, keyring=None)


def test_a_database_of_something_else_is_refused(empty_database_url: str) -> None:
    _do(empty_database_url, "CREATE TABLE invoices (id INTEGER)")
    with pytest.raises(StoreError, match="another program"):
        Store.open(empty_database_url, keyring=None)


def test_many_starts_at_once_do_not_collide(empty_database_url: str) -> None:
    code = (
        "import sys; from fleet.store import Store; Store.open(sys.argv[1], keyring=None).close()"
    )
    starts = [
        subprocess.Popen([sys.executable, "-c", code, empty_database_url], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    ended = [(start.communicate()[1], start.returncode) for start in starts]
    assert ended == [(b"", 0)] * 4


def _do(url: str, statement: str) -> None:
    engine = open_engine(url, create=True)
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()
