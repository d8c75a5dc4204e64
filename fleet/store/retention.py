"""Deletes what is old, a little at a time, so that nobody waits; never what is so now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.model import DeliveryState, Reach
from fleet.store.audits import BY_HAND
from fleet.store.engine import is_sqlite, writing
from fleet.store.old_revisions import prune_revisions
from fleet.store.piecemeal import AT_ONCE, delete
from fleet.store.provision_tables import fetches
from fleet.store.tables import events, evidence, line_periods, phone_states, reach_periods, sweeps
from fleet.store.values import Pruned
from fleet.store.watch_tables import (
    alerts,
    audits,
    causes,
    deliveries,
    incidents,
    notices,
    silences,
)

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.store.values import KeptRevisions


def prune(
    engine: sa.Engine,
    *,
    history_before: datetime,
    evidence_before: datetime,
    sweeps_before: datetime,
    fetches_before: datetime | None,
    revisions: KeptRevisions | None,
) -> Pruned:
    """Delete ended periods, events, pages, sweeps and fetches older than these; give how many.

    The page of a phone that can be read is its present state, however long it has said the same.
    What a phone fetched last is kept in a table of its own.
    """
    periods = sum(
        delete(engine, table, table.c.id, table.c.until < history_before)
        for table in (reach_periods, line_periods)
    )
    readable = sa.select(phone_states.c.phone_id).where(phone_states.c.reach == Reach.OK)
    present = sa.and_(evidence.c.kind == "good", evidence.c.phone_id.in_(readable))
    pages = delete(
        engine, evidence, evidence.c.phone_id, evidence.c.at < evidence_before, sa.not_(present)
    )
    newest = sa.select(sa.func.max(sweeps.c.id)).scalar_subquery()
    over = sa.or_(sweeps.c.finished.is_not(None), sweeps.c.interrupted)
    old = delete(
        engine, sweeps, sweeps.c.id, sweeps.c.started < sweeps_before, over, sweeps.c.id != newest
    )
    told = delete(engine, events, events.c.id, events.c.at < history_before)
    ended = _delete_watched(engine, history_before)
    fetched = 0
    if fetches_before is not None:
        fetched = delete(engine, fetches, fetches.c.id, fetches.c.at < fetches_before)
    numbers, bodies = prune_revisions(engine, revisions) if revisions else ((), 0)
    _give_back_space(engine)
    return Pruned(
        periods=periods,
        pages=pages,
        sweeps=old,
        events=told,
        incidents=ended,
        fetches=fetched,
        revisions=numbers,
        contents=bodies,
    )


def _delete_watched(engine: sa.Engine, before: datetime) -> int:
    """Delete what watching has done with: incidents whose notices were all seen to, and the rest.

    Notices go with their incidents, deliveries with their alerts. Alerts and causes stay as long as
    any of their incidents: that somebody was told is why its end is told too.
    """
    waiting = sa.select(notices.c.incident_id).where(notices.c.handled.is_(None))
    ended = (incidents.c.resolved < before, incidents.c.id.not_in(waiting))
    deleted = delete(engine, incidents, incidents.c.id, *ended)
    explained = sa.select(incidents.c.cause_id).where(incidents.c.cause_id.is_not(None))
    delete(engine, causes, causes.c.id, causes.c.ended < before, causes.c.id.not_in(explained))
    delete(engine, alerts, alerts.c.id, *_is_done_with(before))
    delete(engine, silences, silences.c.id, silences.c.until < before)
    newest = sa.select(sa.func.max(audits.c.id)).group_by(
        audits.c.selection, audits.c.trigger == BY_HAND
    )
    delete(engine, audits, audits.c.id, audits.c.at < before, audits.c.id.not_in(newest))
    return deleted


def _is_done_with(before: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Whether an alert is old, delivered, and of nothing that is still kept."""
    undelivered = sa.select(deliveries.c.alert_id).where(
        deliveries.c.state == DeliveryState.WAITING
    )
    telling = sa.select(notices.c.alert_id).where(notices.c.alert_id.is_not(None))
    return (
        alerts.c.at < before,
        alerts.c.cause_id.is_(None),
        alerts.c.id.not_in(undelivered),
        alerts.c.id.not_in(telling),
    )


def _give_back_space(engine: sa.Engine) -> None:
    """Shrink a SQLite file in small steps; a full VACUUM would block every writer meanwhile."""
    while True:
        with writing(engine).begin() as connection:
            if not is_sqlite(connection):
                return
            if not connection.exec_driver_sql("PRAGMA freelist_count").scalar():
                return
            _vacuum(connection)


def _vacuum(connection: sa.Connection) -> None:
    driver = connection.connection.cursor()
    driver.execute(f"PRAGMA incremental_vacuum({AT_ONCE})")
    driver.fetchall()  # it frees a page at each step
    driver.close()
