"""A plain way from looks to incidents, for the store's tests: open at once, resolve when gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.model import (
    Finding,
    Flap,
    Incident,
    IncidentState,
    Notice,
    NoticeKind,
    Severity,
    Sighting,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.store import Store


def finding(line: int | None = 1, rule: str = "line-failed", **fields: object) -> Finding:
    """A finding about a line."""
    given = {"severity": Severity.CRITICAL, "text": "401", "check": "Look.", "code": 401, **fields}
    return Finding(rule=rule, line=line, registrar="pbx.example", **given)  # type: ignore[arg-type]


def sighting(phone_id: int, at: datetime, *findings: Finding) -> Sighting:
    """A look at which the rule of lines could look."""
    held: dict[str, tuple[Finding, ...]] = {"line-failed": ()}
    for one in findings:
        held[one.rule] = (*held.get(one.rule, ()), one)
    return Sighting(phone_id=phone_id, at=at, verdicts=held, site="berlin", phone="reception")


def step(standing: Sequence[Incident], _flaps: Sequence[Flap], seen: Sighting) -> Step:
    """Open what is new, resolve what is gone."""
    held = {(f.rule, f.line or 0): f for rule in seen.verdicts.values() for f in rule}
    there = {one.key for one in standing}
    opened = [_opened(f, seen) for key, f in held.items() if key not in there]
    gone = [
        replace(one, state=IncidentState.RESOLVED, resolved=seen.at)
        for one in standing
        if one.key not in held and one.rule in seen.verdicts
    ]
    notices = [Notice(incident=one, kind=NoticeKind.OPENED, at=seen.at) for one in opened]
    notices += [Notice(incident=one, kind=NoticeKind.RESOLVED, at=seen.at) for one in gone]
    return Step(incidents=(*opened, *gone), notices=tuple(notices))


def _opened(found: Finding, seen: Sighting) -> Incident:
    return Incident(
        phone_id=seen.phone_id,
        rule=found.rule,
        line=found.line,
        severity=found.severity,
        text=found.text,
        check=found.check,
        code=found.code,
        registrar=found.registrar,
        state=IncidentState.OPEN,
        first_seen=seen.at,
        opened=seen.at,
        site=seen.site,
        phone=seen.phone,
    )


def look(store: Store, phone_id: int, at: datetime, *findings: Finding) -> None:
    """Record one look."""
    store.findings.record([sighting(phone_id, at, *findings)], step)
