"""What polls saw: the state of phones and lines now or at a moment, their history, their pages."""

from __future__ import annotations

import heapq
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.model import Reach, Registration
from fleet.store import codec
from fleet.store.database import Repository
from fleet.store.findings import findings, flagged_phones, lock_findings, take_steps
from fleet.store.phones import Secrets, load_known, load_phones, of_phones, without_collecting
from fleet.store.recorder import record
from fleet.store.tables import evidence, line_periods, phone_states, reach_periods
from fleet.store.values import (
    Evidence,
    EvidencePage,
    LinePeriod,
    LineStatus,
    Period,
    PhoneStatus,
    ReachPeriod,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Incident, Sighting
    from fleet.store.findings import TakeStep
    from fleet.store.values import Known, Recorded, StoredPhone

_AT_ONCE = 1_000  # rows held
_PLACE = attrgetter("phone_id", "since")
NOT_POLLED = "not-polled"
NOT_READ = "not-read"


@dataclass(frozen=True, kw_only=True, slots=True)
class States:
    """How many phones and lines are of each state.

    `phones` is by reach, or `not-polled`; `lines` by registration, or `not-read` for those of
    phones that cannot be read now. `on_backup` counts the registered lines that are registered with
    their backup registrar.
    """

    phones: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    on_backup: int = 0


class Observations(Repository):
    """What polls saw: the state of phones and lines, their history, and their last pages."""

    def known(self, ids: Sequence[int] | None = None) -> dict[int, Known]:
        """Give what is known of phones before they are polled, without SIP passwords."""
        with self._reading() as connection:
            return load_known(connection, self._keyring, ids)

    def record(
        self, sweep_id: int, batch: Sequence[Recorded], step: TakeStep | None = None
    ) -> dict[int, Known]:
        """Write polls in one transaction; give what is known of their phones then.

        With `step`, their sightings are judged against the standing incidents in the same one.
        """
        with self._writing() as connection:
            if step is not None:
                lock_findings(connection)
            known = record(connection, sweep_id, batch)
            if step is not None:
                seen = (each.sighting for each in batch if each.sighting is not None)
                timely = [_in_time(one, known) for one in seen if one.phone_id in known]
                for phone_id, standing in take_steps(connection, timely, step).standing.items():
                    if known[phone_id].standing != standing:
                        known[phone_id] = replace(known[phone_id], standing=standing)
            return known

    def statuses(
        self,
        *,
        site: str | None = None,
        ids: Sequence[int] | None = None,
        at: datetime | None = None,
        flagged_by: Collection[str] | None = None,
    ) -> Iterator[PhoneStatus]:
        """Give the states of phones and lines, now or as they were `at` a moment.

        `flagged_by`: only of phones with a finding of one of these rules.
        """
        with self._reading() as connection:
            yield from statuses(connection, site=site, ids=ids, at=at, flagged_by=flagged_by)

    def history(
        self,
        *,
        ids: Sequence[int] | None = None,
        line: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[Period]:
        """Give periods that touch [since, until), by phone and beginning, as they are read."""
        with self._reading() as connection:
            for some in [None] if ids is None else codec.chunks(sorted(set(ids))):
                lines = _select(line_periods, codec.LINE).where(
                    *_within(line_periods, some, since, until)
                )
                if line is not None:
                    lines = lines.where(line_periods.c.line == line)
                streams = [map(_line_period, _stream(connection, lines))]
                if line is None:
                    reaches = _select(
                        reach_periods, (reach_periods.c.reach, reach_periods.c.reason)
                    )
                    within = reaches.where(*_within(reach_periods, some, since, until))
                    streams.insert(0, map(_reach_period, _stream(connection, within)))
                yield from heapq.merge(*streams, key=_PLACE)

    def evidence(self, phone_id: int) -> Evidence:
        """Give the phone's last page that could be read, and the last that could not."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(evidence).where(evidence.c.phone_id == phone_id))
            pages = {row.kind: _page(row) for row in rows}
            return Evidence(good=pages.get("good"), failed=pages.get("failed"))

    def count(self) -> States:
        """Count phones and lines by state, by indexes alone.

        Counted are all open lines, and then those of the few phones that cannot be read now.
        """
        with self._reading() as connection:
            reach = sa.select(phone_states.c.reach, sa.func.count()).group_by(phone_states.c.reach)
            by_reach = {row[0] or NOT_POLLED: row[1] for row in connection.execute(reach)}
            of = line_periods.c
            every = sa.select(of.state, of.backup, sa.func.count()).where(of.until.is_(None))
            unread = every.where(
                of.phone_id.in_(
                    sa.select(phone_states.c.phone_id).where(phone_states.c.reach != Reach.OK)
                )
            )
            lines: Counter[str] = Counter()
            on_backup = 0
            for query, sign in ((every, 1), (unread, -1)):
                for state, backup, count in connection.execute(query.group_by(of.state, of.backup)):
                    lines[state] += sign * count
                    lines[NOT_READ] += count if sign < 0 else 0
                    is_on_backup = backup is True and state is Registration.REGISTERED
                    on_backup += sign * count if is_on_backup else 0
            return States(
                phones={str(name): count for name, count in by_reach.items()},
                lines={str(name): count for name, count in lines.items() if count},
                on_backup=on_backup,
            )


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


def _page(row: sa.Row[Any]) -> EvidencePage:
    return EvidencePage(
        at=row.at,
        path=row.path,
        status=row.status,
        dialect=row.dialect,
        body=zlib.decompress(row.body),
        charset=row.charset,
    )


def _in_time(sighting: Sighting, known: Mapping[int, Known]) -> Sighting:
    """Give a look the time that history has for it: a clock that went back takes none along."""
    observed = known[sighting.phone_id].observed
    if observed is None or sighting.at >= observed.at:
        return sighting
    return replace(sighting, at=observed.at)
