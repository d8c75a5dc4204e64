"""Periods of the past and present, streamed: a million of them in little memory."""

from __future__ import annotations

import heapq
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.store import codec
from fleet.store.tables import line_periods, reach_periods
from fleet.store.values import LinePeriod, Period, ReachPeriod

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

_AT_ONCE = 1_000  # rows held
_PLACE = attrgetter("phone_id", "since")


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
        lines = _select(line_periods, codec.LINE).where(*_within(line_periods, some, since, until))
        if line is not None:
            lines = lines.where(line_periods.c.line == line)
        streams = [map(_line_period, _stream(connection, lines))]
        if line is None:
            reaches = _select(reach_periods, (reach_periods.c.reach, reach_periods.c.reason))
            within = reaches.where(*_within(reach_periods, some, since, until))
            streams.insert(0, map(_reach_period, _stream(connection, within)))
        yield from heapq.merge(*streams, key=_PLACE)


def _select(table: sa.Table, columns: Sequence[sa.Column[Any]]) -> sa.Select[Any]:
    head = (table.c.phone_id, table.c.since, table.c.until)
    return sa.select(*head, *columns).order_by(table.c.phone_id, table.c.since, table.c.id)


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


def _stream(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
    return iter(connection.execute(query, execution_options={"yield_per": _AT_ONCE}))


def _reach_period(row: sa.Row[Any]) -> Period:
    phone_id, since, until, reach, reason = tuple(row)
    return ReachPeriod(phone_id=phone_id, reach=reach, reason=reason, since=since, until=until)


def _line_period(row: sa.Row[Any]) -> Period:
    line = codec.line_of(row[3:])
    return LinePeriod(phone_id=row.phone_id, line=line, since=row.since, until=row.until)
