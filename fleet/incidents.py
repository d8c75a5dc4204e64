"""The use cases of people who work on incidents: acknowledge them, silence alerts about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.judge import RULES
from fleet.model import Selector, Silence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.model import Cause
    from fleet.store import Store


def cause_of(store: Store, cause_id: int) -> Cause:
    """Return a cause. Raises `UsageError` if there is none of that id."""
    cause = store.alerts.cause(cause_id)
    if cause is None:
        raise UsageError(f"There is no cause {cause_id}; fleet incidents lists the open causes.")
    return cause


def acknowledge(
    store: Store, ids: Sequence[int], *, by: str, now: datetime, until: datetime | None = None
) -> int:
    """Acknowledge open incidents, until a time or (None) until they end; return how many.

    Raises `UsageError`, and changes nothing, if one of them is not open.
    """
    is_open = {each.id for each in store.findings.incidents(ids=ids, open_only=True)}
    if unknown := [str(each) for each in ids if each not in is_open]:
        raise UsageError(f"Not open: {', '.join(unknown)}; see fleet incidents.")
    return store.findings.acknowledge(ids, by=by, at=now, until=until)


def acknowledge_cause(
    store: Store, cause_id: int, *, by: str, now: datetime, until: datetime | None = None
) -> None:
    """Acknowledge a cause, with all its incidents. Raises `UsageError` if it is not open."""
    if not store.findings.acknowledge_cause(cause_id, by=by, at=now, until=until):
        raise UsageError(f"Cause {cause_id} is not open; fleet incidents lists the open causes.")


def unacknowledge(store: Store, ids: Sequence[int]) -> int:
    """Withdraw the acknowledgement of open incidents; return how many.

    Raises `UsageError`, and changes nothing, if one of them is not open and acknowledged.
    """
    found = store.findings.incidents(ids=ids, open_only=True)
    acknowledged = {each.id for each in found if each.acked_at}
    if unknown := [str(each) for each in ids if each not in acknowledged]:
        raise UsageError(f"Not open and acknowledged: {', '.join(unknown)}; see fleet incidents.")
    return store.findings.unacknowledge(ids)


def unacknowledge_cause(store: Store, cause_id: int) -> None:
    """Withdraw the acknowledgement of a cause. Raises `UsageError` if it has none, or is over."""
    cause = cause_of(store, cause_id)
    if cause.acked_at is None or not store.findings.unacknowledge_cause(cause_id):
        raise UsageError(f"Cause {cause_id} is not open and acknowledged.")


def silence(
    store: Store, selector: Selector, *, until: datetime, by: str, comment: str, now: datetime
) -> int:
    """Silence what a selector matches; return the id of the silence.

    Raises `UsageError` for a rule that there is not.
    """
    if selector.rule and selector.rule not in RULES:
        raise UsageError(f"There is no rule {selector.rule}; rules: {', '.join(RULES)}.")
    return store.silences.add(
        Silence(selector=selector, since=now, until=until, by=by, comment=comment)
    )


def end_silence(store: Store, silence_id: int, now: datetime) -> None:
    """End a silence. Raises `UsageError` if none of that id is active."""
    if not store.silences.end(silence_id, now):
        raise UsageError(f"Silence {silence_id} is not active; see fleet incidents silences.")
