"""Leases by name: one process at a time does a thing, and another can tell that it is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.store.engine import insert_into
from fleet.store.holder import Holder
from fleet.store.tables import leases

if TYPE_CHECKING:
    from datetime import datetime


LONGEST = timedelta(hours=1)  # no lease is taken or renewed for so long


def lock(connection: sa.Connection, name: str) -> sa.Row[Any] | None:
    """Give a lease, held still until this transaction ends; None if nobody has it."""
    query = sa.select(leases).where(leases.c.name == name).with_for_update()
    return connection.execute(query).first()


def is_free(lease: sa.Row[Any], me: Holder, now: datetime) -> bool:
    """Return whether a lease ran out, or its holder is surely gone.

    One that lasts for longer than any does is of a clock that was set back since.
    """
    if not now < lease.until <= now + LONGEST:
        return True
    return Holder.parse(lease.holder).is_surely_gone(me)


def insert(
    connection: sa.Connection, name: str, holder: Holder, now: datetime, ttl: timedelta
) -> bool:
    """Take a lease that nobody has; False if another took it just now (PostgreSQL)."""
    values = {"name": name, "holder": str(holder), "since": now, "until": now + ttl}
    taken = insert_into(connection, leases).values(values).on_conflict_do_nothing()
    return connection.execute(taken.returning(leases.c.name)).first() is not None


def take(
    connection: sa.Connection, name: str, holder: Holder, now: datetime, ttl: timedelta
) -> sa.Row[Any] | None:
    """Take a lease; give the one that stands in the way, None if it is ours now."""
    lease = lock(connection, name)
    if lease is not None and not is_free(lease, holder, now):
        return lease
    if lease is not None:
        connection.execute(sa.delete(leases).where(leases.c.name == name))
    return None if insert(connection, name, holder, now, ttl) else lock(connection, name)


def renew(
    connection: sa.Connection, name: str, holder: Holder, now: datetime, ttl: timedelta
) -> bool:
    """Keep a lease for longer; False if it is another's by now."""
    ours = (leases.c.name == name, leases.c.holder == str(holder))
    renewed = connection.execute(sa.update(leases).where(*ours).values(until=now + ttl))
    return bool(renewed.rowcount)


def renew_of_sweep(
    connection: sa.Connection, name: str, sweep_id: int, until: datetime
) -> sa.Row[Any] | None:
    """Keep the lease of a sweep until then; give when another wants it, None if it is lost."""
    kept = sa.update(leases).where(leases.c.name == name, leases.c.sweep_id == sweep_id)
    return connection.execute(kept.values(until=until).returning(leases.c.wanted_until)).first()


def belong_to_sweep(connection: sa.Connection, name: str, sweep_id: int) -> None:
    """Note which sweep a lease is of."""
    connection.execute(sa.update(leases).where(leases.c.name == name).values(sweep_id=sweep_id))


def want(connection: sa.Connection, name: str, until: datetime) -> None:
    """Note that another wants a lease until then."""
    connection.execute(sa.update(leases).where(leases.c.name == name).values(wanted_until=until))


def drop(connection: sa.Connection, name: str) -> None:
    """Delete a lease, whoever has it."""
    connection.execute(sa.delete(leases).where(leases.c.name == name))


def give_back(connection: sa.Connection, name: str, holder: Holder) -> None:
    """Let go of a lease, if it is ours."""
    ours = (leases.c.name == name, leases.c.holder == str(holder))
    connection.execute(sa.delete(leases).where(*ours))
