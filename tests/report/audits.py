"""A made-up audit, with something in each of its parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fleet.model import Sweep, SweepCounts
from fleet.report.audit import (
    AuditChange,
    AuditReport,
    Availability,
    ChangeRecord,
    Changes,
    CountRecord,
    DayAvailability,
    DifferenceRecord,
    FirmwareRecord,
    FlaggedRecord,
    LineAvailability,
    MissedRecord,
    NotReadRecord,
    PasswordRecord,
    SiteAvailability,
    Spans,
    Totals,
)

AT = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
DAY = 86_400
WHO = {"site": "berlin", "phone": "Empfang <1>", "mac": "00:08:5D:12:64:11", "host": "10.0.0.1"}
CHANGE = ChangeRecord(
    change=AuditChange.REGRESSION, line=2, rule="line-failed",
    text="401 Unauthorized: wrong SIP password or auth name (1002@pbx.example)", since=AT, **WHO,
)  # fmt: skip
FLAGGED = FlaggedRecord(
    line=2, rule="line-failed", severity="critical",
    text="401 Unauthorized: wrong SIP password or auth name (1002@pbx.example)",
    check="Compare the password.", account="=cmd|' /C calc'!A1", code=401,
    registrar="pbx.example", since=AT - timedelta(hours=3), times=4,
    change=AuditChange.REGRESSION, **WHO,
)  # fmt: skip


def spans(down: int = 0, lines: int = 1) -> Spans:
    """Spans of a line that was down for so many seconds, in each of them."""
    day, week, month = (
        Availability(
            seconds=length * lines, observed=length * lines, up=length * lines - down,
            flaps=down > 0, outages=down > 0, longest=down,
        )
        for length in (DAY, 7 * DAY, 30 * DAY)
    )  # fmt: skip
    return Spans(day=day, week=week, month=month)


def line(number: int, down: int = 0) -> LineAvailability:
    return LineAvailability(line=number, spans=spans(down), **WHO)


def audit(**fields: Any) -> AuditReport:
    """The audit, with some of its fields otherwise."""
    made: dict[str, Any] = {
        "at": AT,
        "zone": "Europe/Berlin",
        "selection": "all",
        "site": "",
        "interval": 300,
        "month": 30 * DAY,
        "sweep": Sweep(
            id=7, trigger="audit", started=AT, finished=AT, planned=2, counts=SweepCounts(ok=2)
        ),
        "notes": ("A phone moved.",),
        "totals": Totals(phones=2, not_read=1, not_polled=0, lines=2, flagged=1),
        "counts": (
            CountRecord(of="state", name="failed", lines=1, flagged=1),
            CountRecord(of="state", name="registered", lines=1, flagged=0),
            CountRecord(of="site", name="berlin", phones=2, not_read=1, lines=2, flagged=1),
            CountRecord(of="model", name="6753i", phones=2, not_read=1, lines=2, flagged=1),
            CountRecord(of="code", name="401 Unauthorized", lines=1, flagged=1),
        ),
        "changes": Changes(since=AT - timedelta(days=1), records=(CHANGE,)),
        "flagged": (FLAGGED,),
        "not_read": (
            NotReadRecord(
                model="6753i",
                reach="unreachable",
                reason="no_answer",
                text="Nothing answers.",
                check="Check power.",
                since=AT,
                lines=2,
                **WHO,
            ),
        ),
        "firmware": (FirmwareRecord(model="6753i", firmware="3.2", newest="3.3", **WHO),),
        "differences": (DifferenceRecord(kind="never-seen", text="never polled", **WHO),),
        "passwords": (PasswordRecord(text="default password", **WHO),),
        "lines": (line(1), line(2, 7200)),
        "sites": (SiteAvailability(site="berlin", lines=2, spans=spans(7200, 2)),),
        "days": tuple(
            DayAvailability(ago=ago, observed=2 * DAY * (ago != 3), up=2 * DAY * (ago != 3))
            for ago in range(30)
        ),
        "missed": (MissedRecord(schedule="poll", first=AT, last=AT, count=2, reason="It slept."),),
        **fields,
    }
    return AuditReport(**made)
