"""The use case of asking: what is wrong now, or was at a time, as records. Nothing judges here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fleet.judge import FLAGGING, RULES
from fleet.model import Account, Reach, Registration, Severity
from fleet.report import HistoryRecord, IncidentRecord, LineRecord, PhoneRecord, yes_or_no

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Incident, Line, Phone
    from fleet.store import Period, PhoneStatus

_WORST_FIRST = list(Severity)
_ORDER = {name: place for place, name in enumerate(RULES)}


def findings_of(status: PhoneStatus) -> Sequence[Incident]:
    """Return what flags a phone and its lines: the phone's first, then by line and rule."""
    return sorted(
        (each for each in status.findings if each.rule in FLAGGING),
        key=lambda each: (each.line or 0, _ORDER[each.rule]),
    )


def worst(findings: Iterable[Incident]) -> Severity | None:
    """Return the worst severity, which colours and icons follow; None where nothing is wrong."""
    return min((each.severity for each in findings), key=_WORST_FIRST.index, default=None)


def worst_of_rules(names: Iterable[str]) -> Severity | None:
    """Return the worst severity that these rules have by default: records name rules alone."""
    severities = (RULES[name].severity for name in names if name in RULES)
    return min(severities, key=_WORST_FIRST.index, default=None)


def line_records(statuses: Iterable[PhoneStatus]) -> Iterator[LineRecord]:
    """One record per line; a phone without known lines has one with an empty line.

    A line that the inventory wants and the phone does not show has a record of its own.
    """
    for status in statuses:
        findings = findings_of(status)
        on_phone = [finding.rule for finding in findings if finding.line is None]
        shown = {each.line.number for each in status.lines}
        missing = sorted({f.line for f in findings if f.line is not None} - shown)
        for each in status.lines:
            number, flags = each.line.number, _flags(findings, each.line.number, on_phone)
            fields = _line_fields(each.line)
            yield _record(status, flags, line=number, since=each.since, **fields)
        for number in missing:
            flags = _flags(findings, number, on_phone)
            yield _record(status, flags, line=number, state=Registration.UNKNOWN)
        if not status.lines and not missing:
            yield _record(status, " ".join(on_phone), since=status.reach_since)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """How many lines were seen, how many of them are flagged, and phones whose lines were not."""

    lines: int
    flagged: int
    not_read: int
    not_polled: int


def totals(records: Iterable[LineRecord]) -> Totals:
    """Count what line records say. A line as last known, of a phone not read, was not seen."""
    each = list(records)
    seen = [record for record in each if record.reach == Reach.OK and record.line is not None]
    return Totals(
        lines=len(seen),
        flagged=sum(1 for record in seen if record.flags),
        not_read=len({record.host for record in each if was_not_read(record)}),
        not_polled=len({record.host for record in each if not record.reach}),
    )


def was_not_read(record: LineRecord) -> bool:
    """Whether the phone was polled last without its lines being seen."""
    return bool(record.reach) and record.reach != Reach.OK


def one_per_unread_phone(records: Iterable[LineRecord]) -> list[LineRecord]:
    """Leave out all but one record of phones that could not be read: no line was looked at."""
    shown: dict[object, LineRecord] = {}
    for record in records:
        if was_not_read(record):
            shown.setdefault(record.host, replace(record, line=None, account=""))
        else:
            shown[record.host, record.line] = record
    return list(shown.values())


def phone_records(statuses: Iterable[PhoneStatus]) -> Iterator[PhoneRecord]:
    """One record per phone; its flags are the rules that hold for it or its lines."""
    for status in statuses:
        phone, findings = status.stored.phone, findings_of(status)
        yield PhoneRecord(
            site=phone.site,
            phone=phone.label,
            mac=phone.mac,
            host=phone.host,
            model=status.model or phone.model,
            firmware=status.firmware,
            boot_version=status.boot_version,
            dialect=status.dialect,
            reach=status.reach or "",
            reason=status.reason or "",
            detail=status.detail,
            since=status.reach_since,
            observed_at=status.observed_at,
            lines=len(status.lines),
            flagged_lines=len({f.line for f in findings if f.line is not None}),
            flags=" ".join(dict.fromkeys(finding.rule for finding in findings)),
        )


def history_records(
    periods: Iterable[Period], phones: Mapping[int, Phone], now: datetime
) -> Iterator[HistoryRecord]:
    """One record per period; `seconds` is how long it lasted, or has lasted until `now`."""
    from fleet.store import LinePeriod  # helps of commands that print lines load no database

    for period in periods:
        phone = phones[period.phone_id]
        bare = HistoryRecord(
            site=phone.site,
            phone=phone.label,
            mac=phone.mac,
            host=phone.host,
            since=period.since,
            until=period.until,
            seconds=round(((period.until or now) - period.since).total_seconds()),
        )
        if isinstance(period, LinePeriod):
            yield replace(bare, line=period.line.number, **_line_fields(period.line))
        else:
            yield replace(bare, reach=period.reach, reason=period.reason or "")


def incident_records(
    incidents: Iterable[Incident],
    phones: Mapping[int, Phone],
    causes: Mapping[int, str],
    now: datetime,
) -> Iterator[IncidentRecord]:
    """One record per incident; `causes` says what incidents are part of, by their ids."""
    for incident in incidents:
        phone = phones.get(incident.phone_id or 0)  # None: it was removed
        lasted = (incident.resolved or now) - incident.first_seen
        yield IncidentRecord(
            site=incident.site,
            phone=incident.phone,
            mac=phone.mac if phone else "",
            host=phone.host if phone else "",
            rule=incident.rule,
            line=incident.line,
            severity=incident.severity,
            state=incident.state,
            text=incident.text,
            code=incident.code,
            registrar=incident.registrar,
            first_seen=incident.first_seen,
            opened=incident.opened,
            resolved=incident.resolved,
            seconds=round(lasted.total_seconds()),
            acked_by=incident.acked_by,
            cause=causes.get(incident.id or 0, ""),
        )


def _flags(findings: Sequence[Incident], number: int, on_phone: Sequence[str]) -> str:
    on_line = (finding.rule for finding in findings if finding.line == number)
    return " ".join([*on_phone, *on_line])


def _record(status: PhoneStatus, flags: str, **line: Any) -> LineRecord:
    phone = status.stored.phone
    return LineRecord(
        site=phone.site,
        phone=phone.label,
        mac=phone.mac,
        host=phone.host,
        model=status.model or phone.model,
        firmware=status.firmware,
        reach=status.reach or "",
        reason=status.reason or "",
        observed_at=status.observed_at,
        flags=flags,
        **line,
    )


def _line_fields(line: Line) -> dict[str, Any]:
    account = line.account or Account(raw="")
    return {
        "account": account.raw,
        "user": account.user,
        "registrar": account.registrar,
        "port": account.port,
        "state": line.registration,
        "code": line.code,
        "backup": yes_or_no(line.backup),
        "status_text": line.status_text,
    }
