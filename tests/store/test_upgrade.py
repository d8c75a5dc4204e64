"""A database of a release before this one keeps its history, on both databases."""

from __future__ import annotations

import base64
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic import command

from fleet.findings import Judge, rejudge
from fleet.model import IncidentState
from fleet.provision.file_states import FileStates
from fleet.status import line_records
from fleet.store import Store, migrate
from fleet.store.engine import open_engine
from fleet.store.tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = Path(__file__).parent / "versions"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def load(url: str, version: str) -> dict[str, list[dict[str, Any]]]:
    """Fill an empty database with a release's tables and rows; return the rows."""
    tables: dict[str, list[dict[str, Any]]] = json.loads(
        (VERSIONS / f"{version}.json").read_text(encoding="utf-8")
    )
    engine = open_engine(url, create=True)
    with engine.begin() as connection:
        command.upgrade(migrate.config(connection), version)
        metadata = sa.MetaData()
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            rows = tables.get(table.name, [])
            if rows and table.name != "alembic_version":
                connection.execute(sa.insert(table), [_row(table, row) for row in rows])
        if connection.dialect.name == "postgresql":
            _set_sequences(connection, metadata)
    engine.dispose()
    return tables


def _row(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(table.c[name].type, value) for name, value in row.items()}


def _value(kind: sa.types.TypeEngine[Any], value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    if value is not None and isinstance(kind, sa.DateTime):
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if getattr(kind, "timezone", False) else moment
    if value is not None and isinstance(kind, sa.Boolean):
        return bool(value)
    return value


def _set_sequences(connection: sa.Connection, metadata: sa.MetaData) -> None:
    for table in metadata.sorted_tables:
        if "id" in table.c and table.c.id.primary_key:
            name = f"pg_get_serial_sequence('{table.name}', 'id')"
            connection.exec_driver_sql(
                f"SELECT setval({name}, coalesce(max(id), 1)) FROM {table.name} "
                f"HAVING {name} IS NOT NULL"
            )


@pytest.fixture
def tables(empty_database_url: str) -> dict[str, list[dict[str, Any]]]:
    return load(empty_database_url, "0006")


@pytest.fixture
def upgraded(empty_database_url: str, tables: object) -> Iterator[Store]:
    store = Store.open(empty_database_url, keyring=None)
    yield store
    store.close()


def judge_of(store: Store) -> Judge:
    files = FileStates(store, stale_after=timedelta(minutes=10), versions={})
    return Judge(rules={}, files=files)


def standing(store: Store) -> set[tuple[int | None, str]]:
    found = store.findings.incidents(open_only=True, pending=True)
    return {(one.phone_id, one.rule) for one in found}


def test_an_upgrade_keeps_every_row(
    upgraded: Store, tables: dict[str, list[dict[str, Any]]], empty_database_url: str
) -> None:
    assert upgraded.version() == SCHEMA
    engine = open_engine(empty_database_url, create=False)
    with engine.connect() as connection:
        names = [name for name in tables if name != "alembic_version"]
        kept = {
            name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar()
            for name in names
        }
    engine.dispose()
    assert kept == {name: len(tables[name]) for name in names}
    was = {row["id"]: row for row in tables["incidents"]}
    now = {one.id: one for one in upgraded.findings.incidents(pending=True)}
    assert {i: (one.rule, one.text, one.first_seen) for i, one in now.items()} == {
        i: (row["rule"], row["text"], datetime.fromisoformat(row["first_seen"]).replace(tzinfo=UTC))
        for i, row in was.items()
    }
    [silence] = upgraded.silences.load(NOW)
    assert (silence.selector.phone_id, silence.by) == (2, "mia")
    assert [one.acked_by for one in now.values() if one.acked_by] == ["mia: looking at it"]
    assert upgraded.findings.flapping() == {(2, 1)}


def test_what_no_rule_holds_any_more_is_closed_once_judged_again(upgraded: Store) -> None:
    behind = {(number, "config-stale") for number in range(1, 7)}
    assert behind < standing(upgraded)

    assert rejudge(upgraded, judge_of(upgraded), lambda: NOW) == 11

    assert standing(upgraded) == {
        (1, "line-failed"),
        (2, "line-failed"),
        (2, "line-flapping"),
        (4, "phone-unreachable"),
        (5, "phone-refused"),
        (6, "phone-unreadable"),
        (8, "line-failed"),
        (9, "account-mismatch"),
        (None, "unexpected-fetch"),
    }
    closed = [one for one in upgraded.findings.incidents() if one.resolved == NOW]
    assert Counter(one.rule for one in closed) == {"config-stale": 6, "line-on-backup": 1}
    assert {one.state for one in closed} == {IncidentState.RESOLVED}
    told = [each.incident.rule for each in upgraded.alerts.unhandled_notices() if each.at == NOW]
    assert Counter(told) == {"config-stale": 6, "line-on-backup": 1}
    assert rejudge(upgraded, judge_of(upgraded), lambda: NOW) == 0


def test_what_cannot_be_seen_with_a_phones_reach_is_not_shown(upgraded: Store) -> None:
    rejudge(upgraded, judge_of(upgraded), lambda: NOW)
    flags = {
        each.phone: each.flags
        for each in line_records(upgraded.observations.statuses())
        if each.flags
    }
    assert flags == {
        "desk1": "line-failed",
        "desk2": "line-failed",
        "desk4": "phone-unreachable",
        "desk5": "phone-refused",
        "desk6": "phone-unreadable",
        "desk8": "line-failed",
        "desk9": "account-mismatch",
    }


def test_the_past_is_told_from_what_was_found_then(upgraded: Store) -> None:
    start = datetime(2026, 11, 20, 7, tzinfo=UTC)

    def stale(minutes: int) -> set[str]:
        records = line_records(
            upgraded.observations.statuses(at=start + timedelta(minutes=minutes))
        )
        return {each.phone for each in records if "config-stale" in each.flags}

    assert stale(24) == set(), "the first revision is of 25 minutes after the start"
    assert stale(36) == {"00:08:5D:00:00:03", "desk1", "desk2", "desk4", "desk5", "desk6"}
