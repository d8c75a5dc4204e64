"""The last page of a phone that could be read, and the last that could not."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.store.tables import evidence
from fleet.store.values import Evidence, EvidencePage

if TYPE_CHECKING:
    from typing import Any


def load_evidence(connection: sa.Connection, phone_id: int) -> Evidence:
    """Give what is kept of a phone's pages."""
    rows = connection.execute(sa.select(evidence).where(evidence.c.phone_id == phone_id))
    pages = {row.kind: _page(row) for row in rows}
    return Evidence(good=pages.get("good"), failed=pages.get("failed"))


def _page(row: sa.Row[Any]) -> EvidencePage:
    return EvidencePage(
        at=row.at,
        path=row.path,
        status=row.status,
        dialect=row.dialect,
        body=zlib.decompress(row.body),
        charset=row.charset,
    )
