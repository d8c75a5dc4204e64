"""Tells once more of what stays open and was told, unless somebody works on it.

Reminders keep to a rhythm of the wall clock, the same for everything: one digest for each route,
and a daily one comes at seven in the morning. The beat is part of a reminder's key, so that each is
told once, whatever is restarted. What was told within the last half of a beat is left for the next.
"""

from __future__ import annotations

from datetime import datetime
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
    incidents, causes = list(_incidents(ledger, every)), list(_causes(ledger, every))
    slot = _slot(now, every, ledger.policy.zone)
    for route in ledger.policy.routes:
        if not route.urls or ledger.holding.allowance.is_used_up(route):
            continue
        taken = [one for one in incidents if route.takes(one)]
        of_causes = [each for each in causes if any(map(route.takes, members(ledger, each)))]
        if taken or of_causes:
            ledger.remind(route, taken, of_causes, slot)


def members(ledger: Ledger, cause: Cause) -> list[Incident]:
    """Give the incidents of a cause that stand."""
    standing = ledger.situation.standing
    return [standing[i] for i in sorted(cause.members) if i in standing]


def _incidents(ledger: Ledger, every: timedelta) -> Iterator[Incident]:
    situation = ledger.situation
    for number, incident in situation.standing.items():
        told = situation.told.get(number)
        if told is None or situation.now - told < every / 2 or number in situation.members:
            continue
        if not is_acked(incident, situation.now) and not ledger.holding.expected(incident):
            yield incident


def _causes(ledger: Ledger, every: timedelta) -> Iterator[Cause]:
    situation = ledger.situation
    for cause in situation.causes:
        told = situation.told_causes.get(cause.id or 0)
        if told is None or cause.ended or situation.now - told < every / 2:
            continue
        is_expected = all(map(ledger.holding.expected, members(ledger, cause)))
        if not is_acked(cause, situation.now) and not is_expected:
            yield cause


def is_acked(of: Incident | Cause, now: datetime) -> bool:
    """Tell whether somebody works on it."""
    return of.acked_at is not None and (of.ack_until is None or now < of.ack_until)


def _slot(now: datetime, every: timedelta, zone: tzinfo) -> str:
    """Number the beats; a clock that is put back counts one twice, which the key forgives."""
    wall = now.astimezone(zone).replace(tzinfo=None)
    return f"{every.total_seconds():g}/{(wall - _SEVEN) // every}"
