"""Incidents and notices for the tests of alerts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fleet.model import Incident, IncidentState, Notice, NoticeKind, Severity

START = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def incident(number: int, **fields: Any) -> Incident:
    """An open incident: line 1 of a phone with this number was refused."""
    made = Incident(
        id=number,
        phone_id=number,
        rule="line-failed",
        line=1,
        severity=Severity.CRITICAL,
        text="line 1: 401: wrong SIP password or auth name (1001@pbx.example)",
        check="Compare auth name and SIP password with the registrar's.",
        state=IncidentState.OPEN,
        first_seen=START - MINUTE,
        opened=START,
        sightings=2,
        site="berlin",
        phone=f"phone{number}",
        code=401,
        registrar="pbx.example",
    )
    return replace(made, **fields)


def resolved(one: Incident, at: datetime) -> Incident:
    """The incident, over."""
    return replace(one, state=IncidentState.RESOLVED, resolved=at)


def notice(one: Incident, kind: NoticeKind = NoticeKind.OPENED, **fields: Any) -> Notice:
    """A notice of it, numbered after it."""
    at = one.resolved if kind is NoticeKind.RESOLVED else one.opened
    number = (one.id or 0) * 10 + (kind is NoticeKind.RESOLVED)
    made = Notice(incident=one, kind=kind, at=at or START, id=number)
    return replace(made, **fields)
