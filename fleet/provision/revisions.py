"""The use case: apply the files of an older revision again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.findings import rejudge

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fleet.findings import Judge
    from fleet.model import Revision
    from fleet.store import Store


def roll_back(
    store: Store,
    judge: Judge,
    number: int,
    *,
    by: str,
    comment: str,
    clock: Callable[[], datetime],
) -> Revision:
    """Apply the files of revision `number` again, and judge the phones by them.

    Returns the new revision. Raises `StoreError` if there is no such revision, or if another one
    was applied at the same time.
    """
    last = store.revisions.last()
    applied = store.revisions.roll_back(number, by=by, comment=comment, now=clock(), expected=last)
    rejudge(store, judge, clock)
    return applied
