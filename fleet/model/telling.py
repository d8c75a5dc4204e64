"""The words of telling: alerts, their deliveries, and what keeps notices back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.model.poll import Severity
    from fleet.model.watch import Incident


class AlertKind(StrEnum):
    """What an alert is for."""

    PROBLEM = "problem"
    RECOVERY = "recovery"
    REMINDER = "reminder"  # what stays open, after `repeat_after`
    TEST = "test"
    DAEMON = "daemon"  # of fleet itself: an alert given up, a sweep missed


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """One message: one cause, or a digest of incidents. Delivered by route, at least once.

    `key` is its idempotency key: the same in every repeated delivery. `subject`, `text` and `html`
    are complete when it is written, so that a restart sends the same.
    """

    key: str
    kind: AlertKind
    severity: Severity
    at: datetime
    subject: str
    text: str
    html: str = ""
    cause_id: int | None = None
    id: int | None = None


class DeliveryState(StrEnum):
    """How far a delivery is."""

    WAITING = "waiting"  # also after a failed try, until the next
    SENT = "sent"  # the channel took it; not "somebody read it"
    GIVEN_UP = "given-up"  # tried for too long; shown by doctor, and told on other routes


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """An alert on its way by one route. `due` is when it is tried next."""

    alert: Alert
    route: str
    state: DeliveryState
    due: datetime
    attempts: int = 0
    error: str = ""
    sent: datetime | None = None
    id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Selector:
    """What a silence or a maintenance window covers; an empty field covers everything.

    `phone_id` names a phone, `line` a line of it.
    """

    site: str = ""
    phone_id: int | None = None
    line: int | None = None
    rule: str = ""

    def covers(self, incident: Incident) -> bool:
        """Tell whether the incident is covered."""
        return (
            self.site in ("", incident.site)
            and self.phone_id in (None, incident.phone_id)
            and self.line in (None, incident.line)
            and self.rule in ("", incident.rule)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence:
    """Notices about what `selector` covers are kept back from `since` until `until`."""

    selector: Selector
    since: datetime
    until: datetime
    by: str = ""
    comment: str = ""
    id: int | None = None
