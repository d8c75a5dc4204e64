"""The indexes over a part of a table; with them `metadata` says all that the migrations make.

Apart from the tables, for only migrations look at them: their words load the dialects of both
databases, which would be a part of every command's start.
"""

from __future__ import annotations

import sqlalchemy as sa

from fleet.store.tables import line_periods, metadata, reach_periods

__all__ = ["metadata"]

# What is so now is found quickly, and there can be no two of it; what has ended is found by age.
for _name, _columns in (
    ("reach_periods", (reach_periods.c.phone_id,)),
    ("line_periods", (line_periods.c.phone_id, line_periods.c.line)),
):
    _until = _columns[0].table.c.until
    _open, _ended = _until.is_(None), _until.is_not(None)
    sa.Index(f"uq_{_name}_open", *_columns, unique=True, sqlite_where=_open, postgresql_where=_open)
    sa.Index(f"ix_{_name}_ended", _until, sqlite_where=_ended, postgresql_where=_ended)
