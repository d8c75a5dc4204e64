"""Partial indexes. Apart from the tables: their conditions load the code of both databases.

Only what makes or compares tables needs them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fleet.store.provision_tables import intents
from fleet.store.tables import line_periods, metadata, reach_periods
from fleet.store.watch_tables import causes, deliveries, incidents, notices

__all__ = ["metadata"]


def _partial(
    name: str,
    condition: sa.ColumnElement[bool] | sa.TextClause,
    *columns: sa.Column[Any],
    unique: bool = False,
) -> None:
    sa.Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


# What is so now is found quickly, and there can be no two of it; what has ended is found by age.
for _name, _columns in (
    ("reach_periods", (reach_periods.c.phone_id,)),
    ("line_periods", (line_periods.c.phone_id, line_periods.c.line)),
):
    _until = _columns[0].table.c.until
    _partial(f"uq_{_name}_open", _until.is_(None), *_columns, unique=True)
    _partial(f"ix_{_name}_ended", _until.is_not(None), _until)

_line = line_periods.c
# With `until`, SQLite counts from the index alone.
_partial("ix_line_periods_states", _line.until.is_(None), _line.state, _line.backup, _line.until)

_of = incidents.c
_partial(
    "uq_incidents_standing", _of.resolved.is_(None), _of.phone_id, _of.rule, _of.line, unique=True
)
_about_no_phone = sa.text("resolved IS NULL AND subject != ''")
_partial("uq_incidents_subject", _about_no_phone, _of.rule, _of.subject, _of.site, unique=True)
_partial("ix_incidents_ended", _of.resolved.is_not(None), _of.resolved, _of.first_seen)
_partial("uq_causes_open", causes.c.ended.is_(None), causes.c.kind, causes.c.name, unique=True)
_partial("ix_notices_unhandled", notices.c.handled.is_(None), notices.c.at)
_partial("ix_deliveries_waiting", sa.text("state = 'waiting'"), deliveries.c.due)
_profile = intents.c.phone_id.is_(None)
_partial("uq_intents_level_name", _profile, intents.c.level, intents.c.name, unique=True)
