"""Looks for what must never be in a database of fleet's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.errors import StoreError
from fleet.store import keymark
from fleet.store.engine import is_sqlite
from fleet.store.tables import line_periods, phone_states, phones, reach_periods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.store.secrets import Keyring


def check(connection: sa.Connection, keyring: Keyring | None) -> Iterator[str]:
    """Give a sentence for each thing that is wrong; nothing if all is well."""
    if is_sqlite(connection):
        yield from _check_file(connection)
    yield from _check_periods(connection, reach_periods, reach_periods.c.phone_id)
    lines = line_periods.c
    yield from _check_periods(connection, line_periods, lines.phone_id, lines.line)
    yield from _check_states(connection)
    try:
        keymark.check(connection, keyring)
    except StoreError as error:
        yield str(error)


def _check_file(connection: sa.Connection) -> Iterator[str]:
    for (said,) in connection.exec_driver_sql("PRAGMA integrity_check"):
        if said != "ok":
            yield f"SQLite finds the file damaged: {said}."
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"Row {row} of {table} belongs to a row of {parent} that does not exist."


def _check_periods(
    connection: sa.Connection, table: sa.Table, *owner: sa.Column[int]
) -> Iterator[str]:
    since, until = table.c.since, table.c.until
    following = sa.func.lead(since).over(partition_by=owner, order_by=(since, table.c.id))
    pairs = sa.select(since, until, following.label("following")).subquery()
    overlap = sa.or_(pairs.c.until.is_(None), pairs.c.until > pairs.c.following)
    wrong = {
        "end before they begin": sa.select(sa.func.count()).where(until < since),
        "overlap the one after them": sa.select(sa.func.count())
        .select_from(pairs)
        .where(pairs.c.following.is_not(None), overlap),
    }
    for what, query in wrong.items():
        if count := connection.scalar(query):
            yield f"{count} rows of {table.name} {what}."


def _check_states(connection: sa.Connection) -> Iterator[str]:
    stateless = sa.select(sa.func.count()).where(
        phones.c.id.not_in(sa.select(phone_states.c.phone_id))
    )
    if count := connection.scalar(stateless):
        yield f"{count} phones have no row of phone_states."
    current = reach_periods.c.until.is_(None)
    joined = phone_states.outerjoin(
        reach_periods, sa.and_(reach_periods.c.phone_id == phone_states.c.phone_id, current)
    )
    differ = (
        sa.select(sa.func.count())
        .select_from(joined)
        .where(phone_states.c.reach.is_distinct_from(reach_periods.c.reach))
    )
    if count := connection.scalar(differ):
        yield f"{count} phones have a current reach that differs from their history."
