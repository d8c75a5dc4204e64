"""Deletes many rows, a little at a time, so that nobody waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.store.engine import writing

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = 1_000  # rows to a transaction


def delete(
    engine: sa.Engine,
    table: sa.Table,
    key: sa.Column[Any],
    *conditions: sa.ColumnElement[bool],
    hold: Callable[[sa.Connection], None] = lambda _: None,
) -> int:
    """Delete the rows that fulfil the conditions; give how many.

    `key` tells them apart. `hold` keeps others from what they may not do during a transaction.
    """
    some = sa.select(key).where(*conditions).limit(AT_ONCE)
    statement = sa.delete(table).where(key.in_(some), *conditions)
    deleted = 0
    while True:
        with writing(engine).begin() as connection:
            hold(connection)
            count = connection.execute(statement).rowcount
        deleted += count
        if not count:
            return deleted
