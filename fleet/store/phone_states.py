"""The states of phones, a row for each: what is written of them beside what a poll saw whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.store import codec
from fleet.store.engine import is_sqlite
from fleet.store.tables import phone_states, phones, sqlite_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

_touch_one = sa.update(phone_states).where(phone_states.c.phone_id == sa.bindparam("of"))
_touches = sa.func.json_each(sa.bindparam("touches")).table_valued("key", "value")
_touch_all = (
    sa.update(phone_states)
    .where(phone_states.c.phone_id == sa.cast(_touches.c.key, sa.Integer))
    .values(observed_at=_touches.c.value, sweep_id=sa.bindparam("by"))
)


def begin(connection: sa.Connection, ids: Iterable[int]) -> None:
    """Make the rows of new phones."""
    connection.execute(sa.insert(phone_states), [{"phone_id": number} for number in ids])


def change(connection: sa.Connection, ids: Collection[int], values: Mapping[str, object]) -> None:
    """Give these columns of phones other values."""
    for some in codec.chunks(sorted(ids)):
        chosen = sa.update(phone_states).where(phone_states.c.phone_id.in_(some))
        connection.execute(chosen.values(dict(values)))


def end_back_off(connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
    """Have chosen phones polled again as if they had never refused our login."""
    chosen = sa.select(phones.c.id).where(which)
    connection.execute(
        sa.update(phone_states)
        .where(phone_states.c.phone_id.in_(chosen))
        .values(refusals=0, next_try_at=None)
    )


def touch(connection: sa.Connection, sweep_id: int, touched: Mapping[int, datetime]) -> None:
    """Write when phones were seen that are as they were: SQLite is given all in one parameter."""
    if not touched:
        return
    if is_sqlite(connection):
        texts = {phone_id: sqlite_text(at) for phone_id, at in touched.items()}
        connection.execute(_touch_all, {"touches": json.dumps(texts), "by": sweep_id})
        return
    rows = [{"of": i, "observed_at": at, "sweep_id": sweep_id} for i, at in touched.items()]
    connection.execute(_touch_one, rows)
