"""Audits: which ran, for which selection of phones, and what each of them flagged."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.store.database import Repository
from fleet.store.engine import insert_into
from fleet.store.holder import Holder
from fleet.store.values import StoredAudit
from fleet.store.watch_tables import audits

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.store.codec import Values

_LONGEST_AUDIT = timedelta(hours=6)  # after which its runner, on another machine, is given up
BY_HAND = "manual"  # the trigger of an audit that is no baseline for later ones


class Audits(Repository):
    """The audits: which began, and what each flagged."""

    def begin(
        self,
        *,
        trigger: str,
        selection: str,
        planned_for: datetime | None,
        now: datetime,
        holder: Holder | None = None,
    ) -> int | None:
        """Begin an audit; None if another runner has the one planned for that moment.

        One whose runner is gone before it was finished is begun anew.
        """
        with self._writing() as connection:
            holder = holder or Holder.this_process()
            values = {
                "trigger": trigger,
                "selection": selection,
                "planned_for": planned_for,
                "at": now,
                "holder": str(holder),
            }
            insert = insert_into(connection, audits).values(values).on_conflict_do_nothing()
            made: int | None = connection.scalar(insert.returning(audits.c.id))
            return made or _take_over(connection, values, holder)

    def finish(
        self, audit_id: int, *, sweep_id: int | None, findings: bytes, now: datetime
    ) -> None:
        """Keep what an audit flagged."""
        with self._writing() as connection:
            values = {"sweep_id": sweep_id, "findings": findings, "finished": now}
            connection.execute(sa.update(audits).where(audits.c.id == audit_id).values(values))

    def last(
        self,
        selection: str,
        before_id: int | None = None,
        *,
        until: datetime | None = None,
        baselines_only: bool = False,
    ) -> StoredAudit | None:
        """Return the selection's newest finished audit.

        Older than `before_id` and begun before `until` where they are given. `baselines_only`
        leaves out audits by hand.
        """
        with self._reading() as connection:
            query = sa.select(audits).where(
                audits.c.selection == selection, audits.c.finished.is_not(None)
            )
            if before_id is not None:
                query = query.where(audits.c.id < before_id)
            if until is not None:
                query = query.where(audits.c.at < until)
            if baselines_only:
                query = query.where(audits.c.trigger != BY_HAND)
            row = connection.execute(query.order_by(audits.c.id.desc()).limit(1)).first()
            if row is None:
                return None
            return StoredAudit(
                id=row.id,
                at=row.at,
                selection=row.selection,
                sweep_id=row.sweep_id,
                findings=row.findings,
            )

    def last_planned(self, until: datetime | None = None) -> datetime | None:
        """Return the newest moment, up to `until`, whose planned audit was finished."""
        with self._reading() as connection:
            query = sa.select(sa.func.max(audits.c.planned_for)).where(
                audits.c.finished.is_not(None)
            )
            if until is not None:
                query = query.where(audits.c.planned_for <= until)
            moment: datetime | None = connection.scalar(query)
            return moment


def _take_over(connection: sa.Connection, values: Values, me: Holder) -> int | None:
    query = sa.select(audits).where(audits.c.planned_for == values["planned_for"])
    row = connection.execute(query.with_for_update()).one()
    gone = Holder.parse(row.holder).is_surely_gone(me) or row.at < values["at"] - _LONGEST_AUDIT
    if row.finished is not None or not gone:
        return None
    connection.execute(sa.update(audits).where(audits.c.id == row.id).values(values))
    number: int = row.id
    return number
