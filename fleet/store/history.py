"""Periods of the past and present, streamed: a million of them in little memory."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.store import codec
from fleet.store.tables import line_periods, reach_periods
from fleet.store.values import LinePeriod, Period, ReachPeriod

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

_AT_ONCE = 1_000  # rows held


def history(
    connection: sa.Connection,
    *,
    ids: Sequence[int] | None = None,
    line: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Period]:
    """Give periods that touch [since, until), by phone and then by their beginning.

    With `line`, only that line's. None means all, from the beginning, or up to now.
    """
    for some in [None] if ids is None else codec.chunks(sorted(set(ids))):
        lines = sa.select(line_periods).where(*_within(line_periods, some, since, until))
        if line is not None:
            lines = lines.where(line_periods.c.line == line)
        streams = [_stream(connection, lines, line_periods)]
        if line is None:
            reaches = sa.select(reach_periods).where(*_within(reach_periods, some, since, until))
            streams.insert(0, _stream(connection, reaches, reach_periods))
        merged = heapq.merge(*streams, key=lambda row: (row.phone_id, row.since))
        yield from map(_period, merged)


def _within(
    table: sa.Table,
    ids: Sequence[int] | None,
    since: datetime | None,
    until: datetime | None,
) -> Iterator[sa.ColumnElement[bool]]:
    if ids is not None:
        yield table.c.phone_id.in_(ids)
    if since is not None:
        yield sa.or_(table.c.until.is_(None), table.c.until > since)
    if until is not None:
        yield table.c.since < until


def _stream(
    connection: sa.Connection, query: sa.Select[Any], table: sa.Table
) -> Iterator[sa.Row[Any]]:
    in_order = query.order_by(table.c.phone_id, table.c.since, table.c.id)
    return iter(connection.execute(in_order, execution_options={"yield_per": _AT_ONCE}))


def _period(row: sa.Row[Any]) -> Period:
    if "reach" in row._fields:
        return ReachPeriod(
            phone_id=row.phone_id,
            reach=row.reach,
            reason=row.reason,
            since=row.since,
            until=row.until,
        )
    return LinePeriod(
        phone_id=row.phone_id, line=codec.line_of(row), since=row.since, until=row.until
    )
