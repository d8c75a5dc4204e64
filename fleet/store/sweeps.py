"""Sweeps, and the lease that keeps two of them from overlapping."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.errors import SweepRunning, SweepTaken
from fleet.model import MissedSweeps, Sweep, SweepCounts
from fleet.store import leases as lease
from fleet.store.database import Repository
from fleet.store.engine import insert_into
from fleet.store.events import add_events
from fleet.store.holder import Holder
from fleet.store.tables import leases, sweeps
from fleet.store.values import Event, EventKind
from fleet.store.watch_tables import missed_sweeps

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.store.database import Database

_LEASE = "sweep"
_SKEW = timedelta(seconds=2)  # between the clocks of machines that share a database


class Sweeps(Repository):
    """The sweeps, their lease, and the planned ones that were missed."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._ended = set[int]()  # sweeps of this process that could not give back their lease

    def begin(
        self,
        *,
        trigger: str,
        selection: str,
        planned: int,
        now: datetime,
        ttl: timedelta,
        holder: Holder | None = None,
        schedule: str | None = None,
        planned_for: datetime | None = None,
    ) -> Sweep:
        """Begin a sweep that holds the lease for `ttl`, else raise `SweepRunning`.

        Raises `SweepTaken` if the one that the schedule planned for that moment was begun already.
        """
        with self._writing() as connection:
            holder = holder or Holder.this_process()
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
            lease.belong_to_sweep(connection, _LEASE, made.id)
            return sweep_of(made)

    def interrupted(
        self, selection: str, *, since: datetime, now: datetime, holder: Holder | None = None
    ) -> Sweep | None:
        """Return the selection's newest sweep if it was cut off and began after `since`.

        A sweep whose holder is gone, or that could not give back its lease, is marked as cut off.
        """
        me = holder or Holder.this_process()
        with self._writing() as connection:
            held = lease.lock(connection, _LEASE)
            if held is not None and (held.sweep_id in self._ended or lease.is_free(held, me, now)):
                _clear(connection, held, now)
            newest = (
                sa.select(sweeps)
                .where(sweeps.c.selection == selection)
                .order_by(sweeps.c.started.desc(), sweeps.c.id.desc())
                .limit(1)
            )
            row = connection.execute(newest).first()
            return sweep_of(row) if row and row.interrupted and row.started >= since else None

    def resume(
        self, sweep_id: int, *, now: datetime, ttl: timedelta, holder: Holder | None = None
    ) -> Sweep:
        """Carry on with a sweep that was cut off: phones whose `sweep_id` is its are done."""
        with self._writing() as connection:
            _take_lease(connection, holder or Holder.this_process(), now, ttl)
            carried_on = connection.execute(
                sa.update(sweeps)
                .where(sweeps.c.id == sweep_id, sweeps.c.interrupted)
                .values(interrupted=False)
            )
            if not carried_on.rowcount:
                raise SweepRunning("Another process continued that sweep; try again.")
            lease.belong_to_sweep(connection, _LEASE, sweep_id)
            return _load(connection, sweeps.c.id == sweep_id)

    def renew_lease(self, sweep_id: int, *, now: datetime, ttl: timedelta) -> bool:
        """Hold the lease for longer, and tell whether somebody waits for it.

        Raises `SweepRunning` if another took it.
        """
        with self._writing() as connection:
            renewed = lease.renew_of_sweep(connection, _LEASE, sweep_id, now + ttl)
            if renewed is None:
                raise _lost()
            wanted_until = renewed.wanted_until
            return wanted_until is not None and bool(now < wanted_until <= now + lease.LONGEST)

    def finish(
        self, sweep_id: int, counts: SweepCounts, now: datetime, *, interrupted: bool = False
    ) -> None:
        """End a sweep and give back its lease; `interrupted` if it is to be carried on with.

        Where the database cannot be used now, the lease counts as free for the next sweep.
        """
        values = asdict(counts) | {
            "finished": None if interrupted else now,
            "interrupted": interrupted,
        }
        try:
            with self._writing() as connection:
                hold_lease(connection, sweep_id)
                connection.execute(sa.update(sweeps).where(sweeps.c.id == sweep_id).values(values))
                lease.drop(connection, _LEASE)
        except BaseException:
            self._ended.add(sweep_id)
            raise

    def last(self) -> Sweep | None:
        """Give the sweep that began last."""
        with self._reading() as connection:
            query = sa.select(sweeps).order_by(sweeps.c.started.desc(), sweeps.c.id.desc()).limit(1)
            row = connection.execute(query).first()
            return sweep_of(row) if row else None

    def mark(self) -> tuple[object, ...] | None:
        """Return what changes with every sweep that begins or ends; None while one runs."""
        newest = sa.select(sweeps.c.id, sweeps.c.finished).order_by(sweeps.c.id.desc()).limit(1)
        with self._reading() as connection:
            if connection.scalar(sa.select(leases.c.name).where(leases.c.name == _LEASE)):
                return None
            return tuple(connection.execute(newest).first() or ())

    def want_lease(self, *, now: datetime, ttl: timedelta) -> bool:
        """Ask the planned sweep that runs to give way; False if what runs is not a planned one."""
        with self._writing() as connection:
            holds = sa.select(sweeps.c.planned_for).join(leases, leases.c.sweep_id == sweeps.c.id)
            row = connection.execute(holds.where(leases.c.name == _LEASE)).first()
            if row is not None and row.planned_for is None:
                return False
            lease.want(connection, _LEASE, now + ttl)
            return True

    def load(self, *, since: datetime | None = None, until: datetime | None = None) -> list[Sweep]:
        """Give the sweeps that began in [since, until), the oldest first."""
        with self._reading() as connection:
            query = sa.select(sweeps).order_by(sweeps.c.started, sweeps.c.id)
            if since is not None:
                query = query.where(sweeps.c.started >= since)
            if until is not None:
                query = query.where(sweeps.c.started < until)
            return [sweep_of(row) for row in connection.execute(query)]

    def running_since(self, now: datetime) -> datetime | None:
        """Give the beginning of the planned sweep that goes on; None if there is none."""
        with self._reading() as connection:
            until = (leases.c.until > now, leases.c.until <= now + lease.LONGEST)
            held = (leases.c.name == _LEASE, *until, sweeps.c.planned_for.is_not(None))
            query = sa.select(sweeps.c.started).join(leases, leases.c.sweep_id == sweeps.c.id)
            moment: datetime | None = connection.scalar(query.where(*held))
            return moment

    def planned(self, schedule: str, since: datetime) -> list[datetime]:
        """Give the moments from `since` on whose planned sweep somebody began, in order."""
        with self._reading() as connection:
            which = (sweeps.c.schedule == schedule, sweeps.c.planned_for >= since)
            query = sa.select(sweeps.c.planned_for).where(*which).order_by(sweeps.c.planned_for)
            return list(connection.scalars(query))

    def last_planned(self, schedule: str) -> datetime | None:
        """Give the newest moment whose planned sweep was begun, or noted as missed."""
        with self._reading() as connection:
            began = sa.select(sa.func.max(sweeps.c.planned_for)).where(
                sweeps.c.schedule == schedule
            )
            missed = sa.select(sa.func.max(missed_sweeps.c.last)).where(
                missed_sweeps.c.schedule == schedule
            )
            known = [moment for query in (began, missed) if (moment := connection.scalar(query))]
            return max(known, default=None)

    def add_missed(self, missed: MissedSweeps) -> None:
        """Write down that planned sweeps did not take place."""
        with self._writing() as connection:
            values = {
                "schedule": missed.schedule,
                "first": missed.first,
                "last": missed.last,
                "count": missed.count,
                "reason": missed.reason,
            }
            connection.execute(
                insert_into(connection, missed_sweeps).values(values).on_conflict_do_nothing()
            )

    def missed(self, since: datetime) -> list[MissedSweeps]:
        """Give what was missed from then on, the oldest first."""
        with self._reading() as connection:
            times = missed_sweeps.c.count.label("times")  # `count` is a method of rows
            query = sa.select(missed_sweeps, times).where(missed_sweeps.c.last >= since)
            return [
                MissedSweeps(
                    schedule=row.schedule,
                    first=row.first,
                    last=row.last,
                    count=row.times,
                    reason=row.reason,
                )
                for row in connection.execute(query.order_by(missed_sweeps.c.first))
            ]


def hold_lease(connection: sa.Connection, sweep_id: int) -> None:
    """Keep the lease from others during this transaction. Raises `SweepRunning` if it is lost."""
    query = sa.select(leases.c.sweep_id).where(leases.c.name == _LEASE).with_for_update()
    if connection.scalar(query) != sweep_id:
        raise _lost()


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


def _clear(connection: sa.Connection, held: sa.Row[Any], now: datetime) -> None:
    """Take a lease from a holder that is gone, and say that its sweep was cut off."""
    lease.drop(connection, _LEASE)
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
