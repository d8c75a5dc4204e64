"""Writes what polls saw: a batch in one transaction, a row of history only for what changed."""

from __future__ import annotations

import zlib
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.model import Reach
from fleet.store import codec
from fleet.store.diff import Difference, difference, once_each
from fleet.store.engine import insert_into
from fleet.store.events import add_events
from fleet.store.inventory import learn_macs
from fleet.store.phone_states import touch
from fleet.store.sweeps import hold_lease
from fleet.store.tables import (
    evidence,
    line_periods,
    phone_states,
    phones,
    reach_periods,
)
from fleet.store.values import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.store.codec import Values
    from fleet.store.values import Known, Recorded

_LEVEL = 1  # zlib's quickest: half the time of its default, for a tenth more bytes

_end_reach = (
    sa.update(reach_periods)
    .where(reach_periods.c.phone_id == sa.bindparam("of"), reach_periods.c.until.is_(None))
    .values(until=sa.bindparam("moment"))
)
_end_line = (
    sa.update(line_periods)
    .where(
        line_periods.c.phone_id == sa.bindparam("of"),
        line_periods.c.line == sa.bindparam("number"),
        line_periods.c.until.is_(None),
    )
    .values(until=sa.bindparam("moment"))
)
# A list in one parameter: SQLAlchemy would look into each of its values.
_held = (
    sa.select(phones.c.id, phones.c.host)
    .where(phones.c.id.in_(sa.bindparam("ids", expanding=True)))
    .with_for_update(read=True, key_share=True)
)
_taken = sa.select(phones.c.mac).where(phones.c.mac.in_(sa.bindparam("macs", expanding=True)))


def record(connection: sa.Connection, sweep_id: int, batch: Sequence[Recorded]) -> dict[int, Known]:
    """Write polls; give what is known of their phones then.

    Phones that were removed meanwhile are left out, and so are those that were given another host:
    what answered is not known to be theirs. Raises `SweepRunning` if the lease is lost.
    """
    hold_lease(connection, sweep_id)
    known: dict[int, Known] = {}
    for some in once_each(batch, attrgetter("observation.phone_id")):
        known |= _record(connection, sweep_id, some, known)
    return known


def _record(
    connection: sa.Connection, sweep_id: int, batch: Sequence[Recorded], newer: dict[int, Known]
) -> dict[int, Known]:
    known: dict[int, Known] = {}
    touched: dict[int, datetime] = {}
    changed: list[tuple[Recorded, Difference]] = []
    for recorded in batch:
        phone_id = recorded.observation.phone_id
        found = difference(recorded, newer.get(phone_id, recorded.known), sweep_id)
        known[phone_id] = found.after
        if found.touched:
            touched[phone_id] = found.at
        else:
            changed.append((recorded, found))
    touch(connection, sweep_id, touched)
    if changed:
        known |= _write(connection, changed)
    return known


def _write(
    connection: sa.Connection, changed: Sequence[tuple[Recorded, Difference]]
) -> dict[int, Known]:
    hosts = _hosts(connection, [found.after.stored.id for _, found in changed])
    changed = [
        (recorded, found)
        for recorded, found in changed
        if hosts.get(found.after.stored.id) == found.after.stored.phone.host
    ]
    learned = _learn(connection, changed)
    found_all = [found for _, found in changed]
    known = {found.after.stored.id: found.after for found in found_all} | learned
    _put(connection, phone_states, [codec.state_values(one) for one in known.values()])
    _write_reach(connection, [found for found in found_all if found.reach_changed])
    _write_lines(connection, found_all)
    _write_evidence(connection, [recorded for recorded, _ in changed])
    _tell_of_trust(connection, [found for found in found_all if found.trusted])
    return known


def _execute(connection: sa.Connection, statement: sa.Executable, rows: list[Values]) -> None:
    if rows:
        connection.execute(statement, rows)


def _put(connection: sa.Connection, table: sa.Table, rows: list[Values]) -> None:
    """Write whole rows, in place of those with the same key."""
    statement = insert_into(connection, table)
    replaced = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    keys = list(table.primary_key.columns)
    _execute(connection, statement.on_conflict_do_update(index_elements=keys, set_=replaced), rows)


def _hosts(connection: sa.Connection, ids: Sequence[int]) -> dict[int, str]:
    """The hosts of those phones that are still there; they stay until this transaction ends."""
    return {row.id: row.host for row in connection.execute(_held, {"ids": ids})}


def _write_reach(connection: sa.Connection, changed: Sequence[Difference]) -> None:
    ends: list[Values] = []
    begins: list[Values] = []
    for found in changed:
        observed, phone_id = found.after.observed, found.after.stored.id
        if observed is not None:
            if found.reach_ended:
                ends.append({"of": phone_id, "moment": found.at})
            begins.append(
                {
                    "phone_id": phone_id,
                    "reach": observed.reach,
                    "reason": observed.reason,
                    "since": found.at,
                }
            )
    _execute(connection, _end_reach, ends)
    _execute(connection, sa.insert(reach_periods), begins)


def _write_lines(connection: sa.Connection, changed: Sequence[Difference]) -> None:
    ends = [
        {"of": found.after.stored.id, "number": number, "moment": found.at}
        for found in changed
        for number in found.ended
    ]
    begins = [
        codec.line_values(found.after.stored.id, line, found.at)
        for found in changed
        for line in found.begun
    ]
    _execute(connection, _end_line, ends)
    _execute(connection, sa.insert(line_periods), begins)


def _write_evidence(connection: sa.Connection, batch: Sequence[Recorded]) -> None:
    rows = [
        {
            "phone_id": recorded.observation.phone_id,
            "kind": "good" if recorded.observation.reach is Reach.OK else "failed",
            "at": page.at,
            "path": page.path,
            "status": page.status,
            "dialect": page.dialect,
            "charset": page.charset,
            "body": zlib.compress(page.body, _LEVEL),
        }
        for recorded in batch
        if (page := recorded.evidence) is not None
    ]
    _put(connection, evidence, rows)


def _tell_of_trust(connection: sa.Connection, trusted: Sequence[Difference]) -> None:
    add_events(
        connection,
        [
            Event(
                at=found.at,
                phone_id=found.after.stored.id,
                kind=EventKind.CERTIFICATE_TRUSTED,
                text=f"{found.after.stored.phone.label} showed its certificate for the first time; "
                f"fleet trusts it from now on: {found.after.stored.tls_fingerprint}.",
            )
            for found in trusted
        ],
    )


def _learn(
    connection: sa.Connection, changed: Sequence[tuple[Recorded, Difference]]
) -> dict[int, Known]:
    """Give phones known by host alone the MAC they showed, unless another phone has it."""
    showed = [
        (found, facts.mac)
        for recorded, found in changed
        if (facts := recorded.observation.facts) and facts.mac and not found.after.stored.phone.mac
    ]
    if not showed:
        return {}
    taken = set(connection.scalars(_taken, {"macs": [mac for _, mac in showed]}))
    learned, told = {}, []
    for found, mac in showed:
        after, is_new = found.after, mac not in taken
        if is_new:
            taken.add(mac)
            stored = replace(after.stored, phone=replace(after.stored.phone, mac=mac))
            learned[stored.id] = replace(after, stored=stored)
        if is_new or found.reach_changed:
            told.append(_told(found, mac, is_new=is_new))
    learn_macs(connection, [(i, known.stored.phone.mac) for i, known in learned.items()])
    add_events(connection, told)
    return learned


def _told(found: Difference, mac: str, *, is_new: bool) -> Event:
    host = found.after.stored.phone.host
    return Event(
        at=found.at,
        phone_id=found.after.stored.id,
        kind=EventKind.MAC_LEARNED if is_new else EventKind.MAC_CONFLICT,
        text=f"The phone at {host} has the MAC {mac}."
        if is_new
        else f"The phone at {host} claims the MAC {mac}, which is another phone's.",
    )
