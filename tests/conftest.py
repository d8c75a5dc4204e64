"""Databases for the tests: SQLite, and PostgreSQL wherever a server can be had."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from hypothesis import settings

from fleet.store import Keyring, Store
from tests import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

URLS = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}


def pytest_configure(config: pytest.Config) -> None:
    # A busy machine is slow, not wrong; what hangs is ended by the limit on each test.
    settings.register_profile("fleet", deadline=None)
    settings.load_profile("fleet")
    if not hasattr(config, "workerinput"):
        folder = tempfile.mkdtemp(prefix="fleet-pg-")
        Path(folder).chmod(0o755)
        os.environ[postgres.FOLDER] = folder


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and (folder := os.environ.pop(postgres.FOLDER, "")):
        postgres.stop(Path(folder))
        shutil.rmtree(folder, ignore_errors=True)


def pytest_report_header() -> str:
    return postgres.describe()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    failed = Path(os.environ.get(postgres.FOLDER, "")) / "failed"
    if failed.is_file():
        terminalreporter.section("PostgreSQL")
        terminalreporter.line(
            "The tests on PostgreSQL were SKIPPED, for no server could be had: "
            + failed.read_text(encoding="utf-8")
        )


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database, to be copied."""
    path = tmp_path_factory.mktemp("template") / "fleet.db"
    Store.open(f"sqlite:///{path}", keyring=None).close()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.Engine]:
    """The server's own database, to make others from."""
    try:
        url = postgres.server_url(Path(os.environ[postgres.FOLDER]))
    except postgres.NoServerError as error:
        pytest.skip(f"no PostgreSQL server: {error}")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: sa.Engine) -> Iterator[str]:
    """The name of a migrated, empty PostgreSQL database, to be copied."""
    with _postgres_database(postgres_server) as (name, url):
        Store.open(url, keyring=None).close()
        yield name


class _postgres_database:  # noqa: N801  a context manager, used like a function
    def __init__(self, server: sa.Engine, template: str = "template0") -> None:
        self.server, self.template = server, template
        self.name = f"fleet_{uuid4().hex}"

    def __enter__(self) -> tuple[str, str]:
        self._do(f"CREATE DATABASE {self.name} TEMPLATE {self.template}")
        url = self.server.url.set(database=self.name, drivername="postgresql")
        return self.name, url.render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        self._do(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _do(self, statement: str) -> None:
        with self.server.connect() as connection:
            connection.exec_driver_sql(statement)


@pytest.fixture
def postgres_url(postgres_server: sa.Engine, postgres_template: str) -> Iterator[str]:
    """A migrated, empty PostgreSQL database."""
    with _postgres_database(postgres_server, postgres_template) as (_, url):
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated, empty SQLite database."""
    shutil.copy(sqlite_template, tmp_path / "fleet.db")
    return f"sqlite:///{tmp_path / 'fleet.db'}"


@pytest.fixture(params=URLS)
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database: the test runs once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(URLS[request.param]))


@pytest.fixture(params=URLS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, on either."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'fleet.db'}"
        return
    with _postgres_database(request.getfixturevalue("postgres_server")) as (_, url):
        yield url


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    """A key for the session's secrets."""
    return Keyring(keys=(Fernet.generate_key().decode(),), origin="the tests' key")


@pytest.fixture
def store(database_url: str, keyring: Keyring) -> Iterator[Store]:
    """An open store on an empty database, on either."""
    opened = Store.open(database_url, keyring=keyring)
    yield opened
    opened.close()


@pytest.fixture
def postgres_store(postgres_url: str, keyring: Keyring) -> Iterator[Store]:
    """An open store on an empty PostgreSQL database."""
    opened = Store.open(postgres_url, keyring=keyring)
    yield opened
    opened.close()
