"""Fetches: which file was asked for, by whom, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.model import Fetch, FetchOutcome
from fleet.store import codec
from fleet.store.engine import insert_into
from fleet.store.fetch_values import StrangerFetches
from fleet.store.provision_tables import fetches, last_fetches
from fleet.store.tables import phones

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from fleet.store.codec import Values

GAVE = (FetchOutcome.SERVED, FetchOutcome.NOT_MODIFIED)
_FIELDS = tuple(column.name for column in fetches.columns if column.name not in ("id", "modules"))
_LAST = tuple(column.name for column in last_fetches.columns)


def record_fetches(connection: sa.Connection, batch: Sequence[Fetch]) -> None:
    """Write fetches. One whose phone was removed meanwhile is nobody's, and is written too."""
    if not batch:
        return
    there = _hold(connection, {fetch.phone_id for fetch in batch if fetch.phone_id is not None})
    rows = [_values(fetch, there) for fetch in batch]
    connection.execute(sa.insert(fetches), rows)
    newest = {
        (row["phone_id"], row["file"]): row
        for row in sorted(rows, key=lambda row: row["at"])
        if row["outcome"] in GAVE and row["phone_id"] is not None
    }
    if newest:
        # In one order everywhere: two servers that write the same phones do not block each other.
        _keep_newest(connection, [newest[key] for key in sorted(newest)])


def _hold(connection: sa.Connection, ids: Collection[int]) -> set[int]:
    """Those of the phones that are there; they stay until this transaction ends."""
    found: set[int] = set()
    for some in codec.chunks(sorted(ids)):
        query = sa.select(phones.c.id).where(phones.c.id.in_(some))
        found.update(connection.scalars(query.with_for_update(read=True, key_share=True)))
    return found


def _values(fetch: Fetch, there: Collection[int]) -> Values:
    values = {name: getattr(fetch, name) for name in _FIELDS}
    values["modules"] = " ".join(fetch.modules)
    return values if fetch.phone_id in there else values | {"phone_id": None}


def _keep_newest(connection: sa.Connection, rows: Sequence[Values]) -> None:
    insert = insert_into(connection, last_fetches)
    newer = {name: insert.excluded[name] for name in _LAST if name not in ("phone_id", "file")}
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=list(last_fetches.primary_key.columns),
            set_=newer,
            where=insert.excluded.at >= last_fetches.c.at,
        ),
        [{name: row[name] for name in _LAST} for row in rows],
    )


def load_fetches(
    connection: sa.Connection,
    *,
    phone_id: int | None,
    since: datetime | None,
    file: str | None,
    outcomes: Collection[FetchOutcome] | None,
    of_phones: bool,
    limit: int,
) -> list[Fetch]:
    """Give fetches that are all of what is asked, the newest first, at most `limit`."""
    query = sa.select(fetches).order_by(fetches.c.at.desc(), fetches.c.id.desc()).limit(limit)
    if phone_id is not None:
        query = query.where(fetches.c.phone_id == phone_id)
    if of_phones:
        query = query.where(fetches.c.phone_id.is_not(None))
    if since is not None:
        query = query.where(fetches.c.at >= since)
    if file is not None:
        query = query.where(fetches.c.file == file)
    if outcomes is not None:
        query = query.where(fetches.c.outcome.in_(list(outcomes)))
    return [_fetch(row, row.id) for row in connection.execute(query)]


def load_strangers(
    connection: sa.Connection, since: datetime, outcomes: Collection[FetchOutcome], most: int
) -> list[StrangerFetches]:
    """Sum up what nobody's phone was refused, by address and outcome; the newest first."""
    of = fetches.c
    query = (
        sa.select(
            of.address,
            of.outcome,
            sa.func.count().label("times"),
            sa.func.count(of.mac.distinct()).label("macs"),
            sa.func.max(of.id).label("newest"),
        )
        .where(of.at >= since, of.phone_id.is_(None), of.outcome.in_(list(outcomes)))
        .group_by(of.address, of.outcome)
        .order_by(sa.desc("newest"))
        .limit(most)
    ).subquery()
    found = sa.select(query, of.file, of.at).join(fetches, of.id == query.c.newest)
    return [
        StrangerFetches(
            address=row.address,
            outcome=row.outcome,
            times=row.times,
            macs=row.macs,
            file=row.file,
            at=row.at,
        )
        for row in connection.execute(found.order_by(query.c.newest.desc()))
    ]


def load_last_fetches(
    connection: sa.Connection, phone_id: int | None
) -> dict[tuple[int, str], Fetch]:
    """Give the newest fetch of each file by each phone that gave it the file, without its id."""
    query = sa.select(last_fetches)
    if phone_id is not None:
        query = query.where(last_fetches.c.phone_id == phone_id)
    return {(row.phone_id, row.file): _fetch(row, None) for row in connection.execute(query)}


def load_fitted_modules(connection: sa.Connection) -> dict[int, tuple[str, ...]]:
    """Give what phones said is fitted; of a phone that fetched by TFTP alone nothing is known."""
    of = last_fetches.c
    query = sa.select(of.phone_id, of.modules).where(of.protocol != "tftp").order_by(of.at)
    said = {row.phone_id: tuple(row.modules.split()) for row in connection.execute(query)}
    return {phone_id: modules for phone_id, modules in said.items() if modules}


def _fetch(row: sa.Row[Any], number: int | None) -> Fetch:
    values = {name: getattr(row, name) for name in _FIELDS}
    return Fetch(**values, modules=tuple(row.modules.split()), id=number)
