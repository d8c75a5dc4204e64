"""The state of phones and lines: now, or at a moment of the past."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.model import Reach
from fleet.store import codec
from fleet.store.incidents import findings, flagged_phones
from fleet.store.phones import Secrets, load_phones, of_phones, without_collecting
from fleet.store.tables import line_periods, phone_states, reach_periods
from fleet.store.values import LineStatus, PhoneStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from fleet.model import Incident
    from fleet.store.values import StoredPhone


def statuses(
    connection: sa.Connection,
    *,
    site: str | None = None,
    ids: Sequence[int] | None = None,
    at: datetime | None = None,
    flagged_by: Collection[str] | None = None,
) -> Iterator[PhoneStatus]:
    """Give phones' states, by site and then by what they are called; `at` None means now.

    `flagged_by`: only phones with a finding of one of these rules.
    """
    if flagged_by is not None:
        some = flagged_phones(connection, flagged_by, at)
        ids = sorted(some if ids is None else some.intersection(ids))
    with without_collecting():
        found = list(_load(connection, site, ids, at))
    found.sort(key=lambda one: (one.stored.phone.site, one.stored.phone.label, one.stored.id))
    return iter(found)


def _load(
    connection: sa.Connection,
    site: str | None,
    ids: Sequence[int] | None,
    at: datetime | None,
) -> Iterator[PhoneStatus]:
    stored = load_phones(connection, None, Secrets.NONE, site=site, ids=ids)
    some = None if site is None and ids is None else [one.id for one in stored]
    states = _by_phone(connection, sa.select(phone_states), some)
    held = sa.select(reach_periods).where(_holds(reach_periods, at))
    reaches = _by_phone(connection, held, some)
    query = (
        sa.select(line_periods.c.phone_id, line_periods.c.since, *codec.LINE)
        .where(_holds(line_periods, at))
        .order_by(line_periods.c.line)
    )
    lines = _by_phone(connection, query, some)
    found = findings(connection, some, at)
    for one in stored:
        state, reach = states[one.id][0], reaches.get(one.id)
        if reach is None:
            yield PhoneStatus(stored=one)
        else:
            seen = (each for each in found.get(one.id, ()) if each.reach in (None, reach[0].reach))
            yield _status(one, state, reach[0], lines.get(one.id, []), tuple(seen), at)


def _holds(table: sa.Table, at: datetime | None) -> sa.ColumnElement[bool]:
    if at is None:
        return table.c.until.is_(None)
    return sa.and_(table.c.since <= at, sa.or_(table.c.until.is_(None), table.c.until > at))


def _by_phone(
    connection: sa.Connection, query: sa.Select[Any], ids: Sequence[int] | None
) -> dict[int, list[sa.Row[Any]]]:
    found = defaultdict(list)
    column = query.selected_columns.phone_id
    for row in of_phones(connection, query, column, ids):
        found[row.phone_id].append(row)
    return found


def _status(
    stored: StoredPhone,
    state: sa.Row[Any],
    reach: sa.Row[Any],
    lines: Sequence[sa.Row[Any]],
    seen: tuple[Incident, ...],
    at: datetime | None,
) -> PhoneStatus:
    readable = reach.reach is Reach.OK
    return PhoneStatus(
        stored=stored,
        reach=reach.reach,
        reason=reach.reason,
        detail=state.detail if reach.until is None else "",
        reach_since=reach.since,
        observed_at=min(state.observed_at, at) if at else state.observed_at,
        lines=tuple(_line_status(row, None if readable else reach.since) for row in lines),
        model=state.seen_model or "",
        firmware=state.firmware or "",
        boot_version=state.boot_version or "",
        dialect=state.dialect or "",
        sweep_id=state.sweep_id,
        findings=seen,
    )


def _line_status(row: sa.Row[Any], unread_since: datetime | None) -> LineStatus:
    line = codec.line_of(row[2:])
    seen = LineStatus(line=line, since=row.since)
    if unread_since is None:
        return seen
    return LineStatus(line=codec.unknown_line(line), since=unread_since, last_known=seen)
