"""Sweeps, and the lease that keeps two of them from overlapping."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.errors import SweepRunning
from fleet.model import Sweep, SweepCounts
from fleet.store.engine import insert_into
from fleet.store.events import add_events
from fleet.store.holder import Holder
from fleet.store.tables import leases, sweeps
from fleet.store.values import Event, EventKind

if TYPE_CHECKING:
    from datetime import datetime, timedelta

_LEASE = "sweep"


def begin_sweep(
    connection: sa.Connection,
    *,
    trigger: str,
    selection: str,
    planned: int,
    holder: Holder,
    now: datetime,
    ttl: timedelta,
) -> Sweep:
    """Take the lease and begin a sweep. Raises `SweepRunning` while another holds it."""
    _take_lease(connection, holder, now, ttl)
    values = {
        "trigger": trigger,
        "selection": selection,
        "planned": planned,
        "started": now,
        "interrupted": False,
    }
    made = connection.execute(sa.insert(sweeps).values(values).returning(sweeps.c.id))
    sweep = Sweep(id=made.scalar_one(), trigger=trigger, started=now, planned=planned)
    _give_lease(connection, sweep.id)
    return sweep


def resume_sweep(
    connection: sa.Connection, sweep_id: int, *, holder: Holder, now: datetime, ttl: timedelta
) -> Sweep:
    """Take the lease and carry on with an interrupted sweep.

    Raises `SweepRunning` while another holds the lease, or if another has carried on with it.
    """
    _take_lease(connection, holder, now, ttl)
    carried_on = connection.execute(
        sa.update(sweeps)
        .where(sweeps.c.id == sweep_id, sweeps.c.interrupted)
        .values(interrupted=False)
    )
    if not carried_on.rowcount:
        raise SweepRunning("That sweep was carried on with by another process; try again.")
    _give_lease(connection, sweep_id)
    return _load(connection, sweeps.c.id == sweep_id)


def interrupted_sweep(
    connection: sa.Connection, selection: str, *, since: datetime, me: Holder, now: datetime
) -> Sweep | None:
    """Give the newest sweep of that selection if it was cut off, and began after `since`.

    A sweep whose holder is gone is marked as cut off first, so that it is found.
    """
    lease = _lock_lease(connection)
    if lease is not None and _is_free(lease, me, now):
        _clear(connection, lease, now)
    newest = (
        sa.select(sweeps)
        .where(sweeps.c.selection == selection)
        .order_by(sweeps.c.started.desc(), sweeps.c.id.desc())
        .limit(1)
    )
    row = connection.execute(newest).first()
    return sweep_of(row) if row and row.interrupted and row.started >= since else None


def renew_lease(connection: sa.Connection, sweep_id: int, *, now: datetime, ttl: timedelta) -> None:
    """Keep the lease for longer. Raises `SweepRunning` if another has taken it."""
    renewed = connection.execute(
        sa.update(leases)
        .where(leases.c.name == _LEASE, leases.c.sweep_id == sweep_id)
        .values(until=now + ttl)
    )
    if not renewed.rowcount:
        raise _lost()


def hold_lease(connection: sa.Connection, sweep_id: int) -> None:
    """Keep the lease from others during this transaction. Raises `SweepRunning` if it is lost."""
    query = sa.select(leases.c.sweep_id).where(leases.c.name == _LEASE).with_for_update()
    if connection.scalar(query) != sweep_id:
        raise _lost()


def end_sweep(
    connection: sa.Connection,
    sweep_id: int,
    counts: SweepCounts,
    now: datetime,
    *,
    interrupted: bool,
) -> None:
    """Write how a sweep ended and give back its lease. A sweep that lost its lease is let be."""
    hold_lease(connection, sweep_id)
    connection.execute(
        sa.update(sweeps)
        .where(sweeps.c.id == sweep_id)
        .values(finished=None if interrupted else now, interrupted=interrupted, **asdict(counts))
    )
    connection.execute(sa.delete(leases).where(leases.c.name == _LEASE))


def last_sweep(connection: sa.Connection) -> Sweep | None:
    """Give the sweep that began last."""
    query = sa.select(sweeps).order_by(sweeps.c.started.desc(), sweeps.c.id.desc()).limit(1)
    row = connection.execute(query).first()
    return sweep_of(row) if row else None


def sweep_of(row: sa.Row[Any]) -> Sweep:
    """Read a row of `sweeps`."""
    return Sweep(
        id=row.id,
        trigger=row.trigger,
        started=row.started,
        planned=row.planned,
        finished=row.finished,
        interrupted=row.interrupted,
        counts=SweepCounts(
            ok=row.ok,
            unreachable=row.unreachable,
            refused=row.refused,
            unreadable=row.unreadable,
            backing_off=row.backing_off,
            not_polled=row.not_polled,
        ),
    )


def _load(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Sweep:
    return sweep_of(connection.execute(sa.select(sweeps).where(which)).one())


def _take_lease(connection: sa.Connection, holder: Holder, now: datetime, ttl: timedelta) -> None:
    lease = _lock_lease(connection)
    if lease is None:
        _insert_lease(connection, holder, now, ttl)
        return
    if not _is_free(lease, holder, now):
        raise SweepRunning(
            f"A sweep is running since {lease.since:%Y-%m-%d %H:%M:%S} UTC "
            f"({Holder.parse(lease.holder).label}); wait for it, or stop it."
        )
    _clear(connection, lease, now)
    _insert_lease(connection, holder, now, ttl)


def _lock_lease(connection: sa.Connection) -> sa.Row[Any] | None:
    query = sa.select(leases).where(leases.c.name == _LEASE).with_for_update()
    return connection.execute(query).first()


def _insert_lease(connection: sa.Connection, holder: Holder, now: datetime, ttl: timedelta) -> None:
    values = {"name": _LEASE, "holder": str(holder), "since": now, "until": now + ttl}
    insert = insert_into(connection, leases)
    taken = insert.values(values).on_conflict_do_nothing().returning(leases.c.name)
    if (
        connection.execute(taken).first() is None
    ):  # another took it between our look and our insert (PostgreSQL)
        raise SweepRunning("A sweep was begun by another process just now; wait for it.")


def _give_lease(connection: sa.Connection, sweep_id: int) -> None:
    connection.execute(sa.update(leases).where(leases.c.name == _LEASE).values(sweep_id=sweep_id))


def _is_free(lease: sa.Row[Any], me: Holder, now: datetime) -> bool:
    return bool(now >= lease.until) or Holder.parse(lease.holder).is_surely_gone(me)


def _clear(connection: sa.Connection, lease: sa.Row[Any], now: datetime) -> None:
    """Take a lease from a holder that is gone, and say that its sweep was cut off."""
    connection.execute(sa.delete(leases).where(leases.c.name == _LEASE))
    cut_off = connection.execute(
        sa.update(sweeps)
        .where(sweeps.c.id == lease.sweep_id, sweeps.c.finished.is_(None))
        .values(interrupted=True)
    )
    if cut_off.rowcount:
        text = (
            f"The sweep begun {lease.since:%Y-%m-%d %H:%M:%S} UTC by "
            f"{Holder.parse(lease.holder).label} was cut off."
        )
        add_events(connection, [Event(at=now, kind=EventKind.SWEEP_INTERRUPTED, text=text)])


def _lost() -> SweepRunning:
    return SweepRunning(
        "Another process has taken this sweep's lease; what this one saw last was not written."
    )
