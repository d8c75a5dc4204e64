"""Rows of watching to values and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fleet.model import Alert, Cause, Delivery, Flap, Incident, Notice, Selector, Silence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import sqlalchemy as sa

    from fleet.store.codec import Values

_SAME = (
    "phone_id",
    "rule",
    "subject",
    "site",
    "phone",
    "severity",
    "text",
    "code",
    "registrar",
    "state",
    "sightings",
    "confirmed",
    "first_seen",
    "reach",
    "opened",
    "resolved",
    "acked_at",
    "acked_by",
    "ack_until",
)


def incident_values(incident: Incident) -> Values:
    """Give an incident's row, without its id and its cause."""
    values = {name: getattr(incident, name) for name in _SAME}
    return values | {"line": incident.line or 0, "advice": incident.check}


def incident_of(row: sa.Row[Any], **instead: str) -> Incident:
    """Read an incident's row; `instead` names columns that are called otherwise in it."""
    fields = {name: getattr(row, instead.get(name, name)) for name in _SAME}
    number = getattr(row, instead.get("id", "id"))
    return Incident(**fields, line=row.line or None, check=row.advice, id=number)


def flap_values(flap: Flap) -> Values:
    """Give a flap's row."""
    changes = " ".join(f"{moment.timestamp():.3f}" for moment in flap.changes)
    return {
        "phone_id": flap.phone_id,
        "line": flap.line,
        "is_flapping": flap.is_flapping,
        "changes": changes,
    }


def flap_of(row: sa.Row[Any]) -> Flap:
    """Read a flap's row."""
    changes = tuple(datetime.fromtimestamp(float(each), UTC) for each in row.changes.split())
    return Flap(phone_id=row.phone_id, line=row.line, is_flapping=row.is_flapping, changes=changes)


def cause_values(cause: Cause) -> Values:
    """Give a cause's row, without its id and its members."""
    return {
        "kind": cause.kind,
        "name": cause.name,
        "began": cause.began,
        "well_since": cause.well_since,
        "ended": cause.ended,
        "failing": cause.failing,
        "looked_at": cause.looked_at,
        "codes": " ".join(f"{code}:{count}" for code, count in cause.codes),
        "acked_at": cause.acked_at,
        "acked_by": cause.acked_by,
        "ack_until": cause.ack_until,
    }


def cause_of(row: sa.Row[Any], members: Mapping[int, Iterable[int]]) -> Cause:
    """Read a cause's row."""
    codes = (each.partition(":") for each in row.codes.split())
    return Cause(
        kind=row.kind,
        name=row.name,
        began=row.began,
        well_since=row.well_since,
        ended=row.ended,
        failing=row.failing,
        looked_at=row.looked_at,
        codes=tuple((int(code), int(count)) for code, _, count in codes),
        members=frozenset(members.get(row.id, ())),
        acked_at=row.acked_at,
        acked_by=row.acked_by,
        ack_until=row.ack_until,
        id=row.id,
    )


def notice_of(row: sa.Row[Any]) -> Notice:
    """Read a row of notices joined with its incident."""
    return Notice(
        incident=incident_of(row, id="incident_id"),
        kind=row.kind,
        at=row.at,
        handled=row.handled,
        alert_id=row.alert_id,
        dropped=row.dropped,
        delayed_by=tuple(row.delayed_by.splitlines()),
        id=row.id,
    )


def alert_values(alert: Alert) -> Values:
    """Give an alert's row, without its id and its cause."""
    names = ("key", "kind", "severity", "at", "subject", "text", "html")
    return {name: getattr(alert, name) for name in names}


def delivery_of(row: sa.Row[Any]) -> Delivery:
    """Read a row of deliveries joined with its alert."""
    alert = Alert(
        key=row.key,
        kind=row.kind,
        severity=row.severity,
        at=row.at,
        subject=row.subject,
        text=row.text,
        html=row.html,
        cause_id=row.cause_id,
        id=row.alert_id,
    )
    return Delivery(
        alert=alert,
        route=row.route,
        state=row.state,
        due=row.due,
        attempts=row.attempts,
        error=row.error,
        sent=row.sent,
        id=row.id,
    )


def silence_values(silence: Silence) -> Values:
    """Give a silence's row, without its id."""
    selector = silence.selector
    return {
        "site": selector.site,
        "phone_id": selector.phone_id,
        "line": selector.line,
        "rule": selector.rule,
        "since": silence.since,
        "until": silence.until,
        "by": silence.by,
        "comment": silence.comment,
    }


def silence_of(row: sa.Row[Any]) -> Silence:
    """Read a silence's row."""
    selector = Selector(site=row.site, phone_id=row.phone_id, line=row.line, rule=row.rule)
    return Silence(
        selector=selector,
        since=row.since,
        until=row.until,
        by=row.by,
        comment=row.comment,
        id=row.id,
    )
