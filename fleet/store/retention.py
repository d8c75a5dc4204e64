"""Deletes what is old, a little at a time, so that nobody waits; never what is so now.

A revision of the files holds only what it changed, and later ones have the rest from it. So one
that is deleted is first marked, and from then on it can be neither shown nor rolled back to; then
those of its files go that no kept revision has; and its own row goes with the last of them.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.model import DeliveryState, JournalEntry, Reach
from fleet.store import keymark, rollouts, rotations
from fleet.store.audits import BY_HAND
from fleet.store.engine import is_sqlite, writing
from fleet.store.held_files import load_held
from fleet.store.journal import write_journal
from fleet.store.provision_tables import (
    contents,
    fetches,
    last_fetches,
    revision_files,
    revisions,
)
from fleet.store.provision_tables import rollouts as rollouts_table
from fleet.store.revisions import file_digests, mark_pruned
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
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from fleet.store.values import KeptRevisions


AT_ONCE = 1_000  # rows to a transaction


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


def delete(
    engine: sa.Engine,
    table: sa.Table,
    key: sa.Column[Any],
    *conditions: sa.ColumnElement[bool],
    hold: Callable[[sa.Connection], None] = lambda _: None,
) -> int:
    """Delete the rows that fulfil the conditions; give how many.

    `key` tells them apart. `hold` keeps others from what they may not do during a transaction.
    """
    some = sa.select(key).where(*conditions).limit(AT_ONCE)
    statement = sa.delete(table).where(key.in_(some), *conditions)
    deleted = 0
    while True:
        with writing(engine).begin() as connection:
            hold(connection)
            count = connection.execute(statement).rowcount
        deleted += count
        if not count:
            return deleted


def prune_revisions(engine: sa.Engine, keep: KeptRevisions) -> tuple[tuple[int, ...], int]:
    """Delete what is not to be kept; give the revisions' numbers, and how many bodies of files."""
    with writing(engine).begin() as connection:
        _hold(connection)
        old = tuple(_old(connection, keep))
        _mark(connection, old, keep.now)
    for number in _marked(engine):
        delete(
            engine,
            revision_files,
            revision_files.c.name,
            revision_files.c.revision == number,
            ~_is_needed(),
        )
    bodies = delete(engine, contents, contents.c.digest, *_is_nobodys(), hold=_hold)
    delete(engine, revisions, revisions.c.number, *_is_empty())
    return old, bodies


_hold = partial(keymark.hold, keyring=None, needed=False)  # whoever applies files waits meanwhile


def _old(connection: sa.Connection, keep: KeptRevisions) -> Iterator[int]:
    """The revisions to be deleted: old, not among the last ones, and needed by nobody."""
    query = sa.select(revisions.c.number, revisions.c.at).where(revisions.c.pruned.is_(None))
    known = connection.execute(query.order_by(revisions.c.number.desc())).all()
    needed = {*_of_rollouts(connection), *_of_fetches(connection), *load_held(connection).values()}
    for row in reversed(known[max(keep.at_least, 1) :]):
        if row.at < keep.since and row.number not in needed:
            yield row.number


def _of_rollouts(connection: sa.Connection) -> Iterator[int]:
    """What roll-outs need: the last done one's, the last one's, and what that is rolled back to.

    One that is not over is the last one.
    """
    known = rollouts.load_all(connection)
    yield from [each.revision for each in known if each.state is rollouts.DONE][:1]
    for last in known[:1]:
        yield last.revision
        before = rollouts.before(known, last)
        yield from (before, rotations.settled_after(connection, before))


def _of_fetches(connection: sa.Connection) -> Iterator[int]:
    """Where phones stand that have not fetched what is applied: the last revision at that time.

    What differs can be shown then, and until they fetch they are asked as they stand there.
    """
    applied = file_digests(connection)
    made = connection.execute(sa.select(revisions.c.at, revisions.c.number)).all()
    moments = sorted((row.at, row.number) for row in made)
    columns = (last_fetches.c.file, last_fetches.c.digest, last_fetches.c.revision)
    for row in connection.execute(sa.select(*columns, last_fetches.c.at)):
        found = applied.get(row.file)
        if row.revision is not None and (found is None or found.digest != row.digest):
            yield row.revision
            if place := bisect_right(moments, row.at, key=itemgetter(0)):
                yield moments[place - 1][1]


def _mark(connection: sa.Connection, old: Sequence[int], now: datetime) -> None:
    if not old:
        return
    mark_pruned(connection, old, now)
    what = f"Deleted old revisions ([retention]): {spans(old)}."
    write_journal(connection, [JournalEntry(at=now, by="fleet", what=what)])


def _marked(engine: sa.Engine) -> Sequence[int]:
    with engine.connect() as connection:
        marked = sa.select(revisions.c.number).where(revisions.c.pruned.is_not(None))
        return connection.scalars(marked.order_by(revisions.c.number)).all()


def _is_needed() -> sa.ColumnElement[bool]:
    """Whether a kept revision has a file from here: one before the file was changed next."""
    later = revision_files.alias("later")
    changed = (
        sa.select(sa.func.min(later.c.revision))
        .where(later.c.name == revision_files.c.name, later.c.revision > revision_files.c.revision)
        .correlate(revision_files)
        .scalar_subquery()
    )
    return (
        sa.select(revisions.c.number)
        .where(
            revisions.c.pruned.is_(None),
            revisions.c.number >= revision_files.c.revision,
            sa.or_(changed.is_(None), revisions.c.number < changed),
        )
        .correlate(revision_files)
        .exists()
    )


def _is_nobodys() -> tuple[sa.ColumnElement[bool], ...]:
    """Whether a body is in no file of any revision, nor what a phone fetched last."""
    in_file = sa.select(revision_files.c.name).where(revision_files.c.digest == contents.c.digest)
    fetched = sa.select(last_fetches.c.digest)
    return ~in_file.correlate(contents).exists(), contents.c.digest.not_in(fetched)


def _is_empty() -> tuple[sa.ColumnElement[bool], ...]:
    held = sa.select(revision_files.c.revision)
    rolled_out = sa.select(rollouts_table.c.revision)
    number = revisions.c.number
    return revisions.c.pruned.is_not(None), number.not_in(held), number.not_in(rolled_out)


def spans(numbers: Sequence[int]) -> str:
    """Write ascending numbers: `1 to 3, 7`."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ", ".join(f"{one[0]} to {one[-1]}" if len(one) > 1 else f"{one[0]}" for one in found)
