"""Deletes old revisions, and the files that no kept one has; never what somebody may yet need.

A revision holds only what it changed, and later ones have the rest from it. So one that is deleted
is first marked, and from then on it can be neither shown nor rolled back to; then those of its
files go that no kept revision has; and its own row goes with the last of them.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.store import keymark, rollouts, rotations
from fleet.store.engine import writing
from fleet.store.held_files import load_held
from fleet.store.piecemeal import delete
from fleet.store.provision_tables import (
    contents,
    journal,
    last_fetches,
    revision_files,
    revisions,
)
from fleet.store.provision_tables import rollouts as rollouts_table
from fleet.store.revisions import file_digests

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from fleet.store.values import KeptRevisions


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
    marked = sa.update(revisions).where(revisions.c.number == sa.bindparam("of"))
    connection.execute(marked.values(pruned=now), [{"of": number} for number in old])
    what = f"Deleted old revisions ([retention]): {spans(old)}."
    connection.execute(sa.insert(journal).values(at=now, by="fleet", what=what))


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
