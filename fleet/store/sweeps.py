"""Sweeps, and the lease that keeps two of them from overlapping."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.errors import SweepRunning, SweepTaken
from fleet.model import Sweep, SweepCounts
from fleet.store import leases as lease
from fleet.store.engine import insert_into
from fleet.store.events import add_events
from fleet.store.holder import Holder
from fleet.store.tables import leases, sweeps
from fleet.store.values import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

_LEASE = "sweep"
_SKEW = timedelta(seconds=2)  # between the clocks of machines that share a database


def begin_sweep(
    connection: sa.Connection,
    *,
    trigger: str,
    selection: str,
    planned: int,
    holder: Holder,
    now: datetime,
    ttl: timedelta,
    schedule: str | None = None,
    planned_for: datetime | None = None,
) -> Sweep:
    """Take the lease and begin a sweep.

    Raises `SweepRunning` while another holds the lease, `SweepTaken` if another runner has had
    the sweep that the schedule planned for that moment.
    """
    if planned_for is not None and _is_taken(connection, schedule, planned_for, now):
        raise _taken()
    _take_lease(connection, holder, now, ttl)
    values = {
        "trigger": trigger,
        "selection": selection,
        "planned": planned,
        "schedule": schedule,
        "planned_for": planned_for,
        "started": now,
        "interrupted": False,
    }
    insert = insert_into(connection, sweeps).values(values).on_conflict_do_nothing()
    made = connection.execute(insert.returning(sweeps)).first()
    if made is None:
        raise _taken()
    _give_lease(connection, made.id)
    return sweep_of(made)


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
        raise SweepRunning("Another process continued that sweep; try again.")
    _give_lease(connection, sweep_id)
    return _load(connection, sweeps.c.id == sweep_id)


def interrupted_sweep(
    connection: sa.Connection,
    selection: str,
    *,
    since: datetime,
    me: Holder,
    now: datetime,
    ended: Collection[int] = (),
) -> Sweep | None:
    """Give the newest sweep of that selection if it was interrupted, and began after `since`.

    A sweep whose holder is gone is marked as cut off first, so that it is found; so is one of
    `ended`, those that could not give back their lease.
    """
    held = lease.lock(connection, _LEASE)
    if held is not None and (held.sweep_id in ended or lease.is_free(held, me, now)):
        _clear(connection, held, now)
    newest = (
        sa.select(sweeps)
        .where(sweeps.c.selection == selection)
        .order_by(sweeps.c.started.desc(), sweeps.c.id.desc())
        .limit(1)
    )
    row = connection.execute(newest).first()
    return sweep_of(row) if row and row.interrupted and row.started >= since else None


def renew_lease(connection: sa.Connection, sweep_id: int, *, now: datetime, ttl: timedelta) -> bool:
    """Keep the lease for longer; tell whether somebody waits for it.

    Raises `SweepRunning` if another has taken it.
    """
    renewed = connection.execute(
        sa.update(leases)
        .where(leases.c.name == _LEASE, leases.c.sweep_id == sweep_id)
        .values(until=now + ttl)
        .returning(leases.c.wanted_until)
    ).first()
    if renewed is None:
        raise _lost()
    wanted_until = renewed.wanted_until
    return wanted_until is not None and bool(now < wanted_until <= now + lease.LONGEST)


def want_lease(connection: sa.Connection, *, now: datetime, ttl: timedelta) -> bool:
    """Ask the planned sweep that runs now to give way; False if it is not a planned one.

    True as well where nothing holds the lease any more.
    """
    holds = sa.select(sweeps.c.planned_for).join(leases, leases.c.sweep_id == sweeps.c.id)
    row = connection.execute(holds.where(leases.c.name == _LEASE)).first()
    if row is not None and row.planned_for is None:
        return False
    wanted = sa.update(leases).where(leases.c.name == _LEASE).values(wanted_until=now + ttl)
    connection.execute(wanted)
    return True


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
        selection=row.selection,
        started=row.started,
        planned=row.planned,
        schedule=row.schedule,
        planned_for=row.planned_for,
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


def sweeping_since(connection: sa.Connection, now: datetime) -> datetime | None:
    """Give the beginning of the planned sweep that holds the lease; None if there is none."""
    until = (leases.c.until > now, leases.c.until <= now + lease.LONGEST)
    held = (leases.c.name == _LEASE, *until, sweeps.c.planned_for.is_not(None))
    query = sa.select(sweeps.c.started).join(leases, leases.c.sweep_id == sweeps.c.id)
    moment: datetime | None = connection.scalar(query.where(*held))
    return moment


def load_sweeps(
    connection: sa.Connection, *, since: datetime | None, until: datetime | None
) -> list[Sweep]:
    """Give the sweeps that began in [since, until), the oldest first; None sets no bound."""
    query = sa.select(sweeps).order_by(sweeps.c.started, sweeps.c.id)
    if since is not None:
        query = query.where(sweeps.c.started >= since)
    if until is not None:
        query = query.where(sweeps.c.started < until)
    return [sweep_of(row) for row in connection.execute(query)]


def _is_taken(
    connection: sa.Connection, schedule: str | None, planned_for: datetime, now: datetime
) -> bool:
    """Tell whether the slot has a sweep. One that ended in the future counts as none.

    It ran before the clock was set back, and leaves the slot to the one of now.
    """
    which = (sweeps.c.schedule == schedule, sweeps.c.planned_for == planned_for)
    row = connection.execute(sa.select(sweeps.c.id, sweeps.c.finished).where(*which)).first()
    if row is None:
        return False
    if row.finished is None or row.finished <= now + _SKEW:
        return True
    connection.execute(sa.update(sweeps).where(sweeps.c.id == row.id).values(planned_for=None))
    return False


def _taken() -> SweepTaken:
    return SweepTaken("Another runner has this planned sweep.")


def _load(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Sweep:
    return sweep_of(connection.execute(sa.select(sweeps).where(which)).one())


def _take_lease(connection: sa.Connection, holder: Holder, now: datetime, ttl: timedelta) -> None:
    held = lease.lock(connection, _LEASE)
    if held is None:
        _insert_lease(connection, holder, now, ttl)
        return
    if not lease.is_free(held, holder, now):
        raise SweepRunning(
            f"A sweep is running since {held.since:%Y-%m-%d %H:%M:%S} UTC "
            f"({Holder.parse(held.holder).label}); wait for it, or stop it."
        )
    _clear(connection, held, now)
    _insert_lease(connection, holder, now, ttl)


def _insert_lease(connection: sa.Connection, holder: Holder, now: datetime, ttl: timedelta) -> None:
    if not lease.insert(connection, _LEASE, holder, now, ttl):
        raise SweepRunning("Another process has just started a sweep; wait for it.")


def _give_lease(connection: sa.Connection, sweep_id: int) -> None:
    connection.execute(sa.update(leases).where(leases.c.name == _LEASE).values(sweep_id=sweep_id))


def _clear(connection: sa.Connection, held: sa.Row[Any], now: datetime) -> None:
    """Take a lease from a holder that is gone, and say that its sweep was cut off."""
    connection.execute(sa.delete(leases).where(leases.c.name == _LEASE))
    cut_off = connection.execute(
        sa.update(sweeps)
        .where(sweeps.c.id == held.sweep_id, sweeps.c.finished.is_(None))
        .values(interrupted=True)
    )
    if cut_off.rowcount:
        text = (
            f"The sweep begun {held.since:%Y-%m-%d %H:%M:%S} UTC by "
            f"{Holder.parse(held.holder).label} was cut off."
        )
        add_events(connection, [Event(at=now, kind=EventKind.SWEEP_INTERRUPTED, text=text)])


def _lost() -> SweepRunning:
    return SweepRunning(
        "Another process took over this sweep; the last results of this process were not recorded."
    )
