"""What was planned: sweeps that were missed, and audits that ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.model import MissedSweeps
from fleet.store.engine import insert_into
from fleet.store.tables import sweeps
from fleet.store.watch_tables import missed_sweeps

if TYPE_CHECKING:
    from datetime import datetime


def planned_sweeps(connection: sa.Connection, schedule: str, since: datetime) -> list[datetime]:
    """Give the moments from `since` on whose planned sweep somebody began, in order."""
    which = (sweeps.c.schedule == schedule, sweeps.c.planned_for >= since)
    query = sa.select(sweeps.c.planned_for).where(*which).order_by(sweeps.c.planned_for)
    return list(connection.scalars(query))


def last_planned_sweep(connection: sa.Connection, schedule: str) -> datetime | None:
    """Give the newest moment whose planned sweep somebody began, or missed and said so."""
    began = sa.select(sa.func.max(sweeps.c.planned_for)).where(sweeps.c.schedule == schedule)
    missed = sa.select(sa.func.max(missed_sweeps.c.last)).where(
        missed_sweeps.c.schedule == schedule
    )
    known = [moment for query in (began, missed) if (moment := connection.scalar(query))]
    return max(known, default=None)


def add_missed(connection: sa.Connection, missed: MissedSweeps) -> None:
    """Write down that planned sweeps did not take place; once, whoever notices."""
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


def load_missed(connection: sa.Connection, since: datetime) -> list[MissedSweeps]:
    """Give what was missed from then on, the oldest first."""
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
