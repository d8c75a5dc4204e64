"""Tells once more of what stays open and was told, unless somebody works on it.

Reminders keep to a rhythm of the wall clock, the same for everything: one digest for each route,
and a daily one comes at seven in the morning. The beat is part of a reminder's key, so that each is
told once, whatever is restarted. What was told within half a beat before it is left for the next.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta, tzinfo

    from fleet.alert.ledger import Ledger
    from fleet.model import Cause, Incident

_SEVEN = datetime(1970, 1, 5, 7)  # noqa: DTZ001  the wall clock of any zone; a Monday


def remind(ledger: Ledger) -> None:
    """Add the reminders of this beat; in quiet hours they wait for the morning."""
    every, hours = ledger.policy.repeat_after, ledger.policy.quiet_hours
    now = ledger.situation.now
    if every is None or (hours and hours.end(now)):
        return
    beat, began = beat_of(now, every, ledger.policy.zone)
    before = began - every / 2
    incidents, causes = list(_incidents(ledger, before)), list(_causes(ledger, before))
    for route in ledger.policy.routes:
        if not route.urls or ledger.holding.allowance.is_used_up(route):
            continue
        taken = [one for one in incidents if route.takes(one)]
        of_causes = [each for each in causes if any(map(route.takes, members(ledger, each)))]
        if taken or of_causes:
            ledger.remind(route, taken, of_causes, beat)


def members(ledger: Ledger, cause: Cause) -> list[Incident]:
    """Give the incidents of a cause that stand."""
    standing = ledger.situation.standing
    return [standing[i] for i in sorted(cause.members) if i in standing]


def _incidents(ledger: Ledger, before: datetime) -> Iterator[Incident]:
    situation = ledger.situation
    for number, incident in situation.standing.items():
        told = situation.told.get(number)
        if told is None or told > before or number in situation.members:
            continue
        if not is_acked(incident, situation.now) and not ledger.holding.expected(incident):
            yield incident


def _causes(ledger: Ledger, before: datetime) -> Iterator[Cause]:
    situation = ledger.situation
    for cause in situation.causes:
        told = situation.told_causes.get(cause.id or 0)
        if told is None or told > before or cause.ended:
            continue
        is_expected = all(map(ledger.holding.expected, members(ledger, cause)))
        if not is_acked(cause, situation.now) and not is_expected:
            yield cause


def is_acked(of: Incident | Cause, now: datetime) -> bool:
    """Tell whether somebody works on it."""
    return of.acked_at is not None and (of.ack_until is None or now < of.ack_until)


def beat_of(now: datetime, every: timedelta, zone: tzinfo) -> tuple[str, datetime]:
    """Name the beat that lasts, and say when it began.

    A clock that is put back counts one twice, which the key forgives.
    """
    wall = now.astimezone(zone).replace(tzinfo=None)
    number = (wall - _SEVEN) // every
    began = (_SEVEN + number * every).replace(tzinfo=zone)
    return f"{every.total_seconds():g}/{number}", began.astimezone(UTC)
