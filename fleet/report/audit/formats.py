"""The audit's files. A format is a function in a table: to add one, name it in `AUDIT_FORMATS`.

The same report gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from fleet.report.audit.html import write_html
from fleet.report.audit.records import (
    AvailabilityRecord,
    ChangeRecord,
    CountRecord,
    DifferenceRecord,
    FirmwareRecord,
    FlaggedRecord,
    MissedRecord,
    NotReadRecord,
    PasswordRecord,
    SummaryRecord,
)
from fleet.report.audit.text import change_counts, verdict
from fleet.report.audit.values import AuditChange, AuditReport, accounting
from fleet.report.formats import write_csv
from fleet.report.records import iso, json_maker
from fleet.report.xlsx import write_book

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleet.report.records import Record

AuditWriter: TypeAlias = Callable[[AuditReport, BinaryIO], None]


def write_audit_csv(report: AuditReport, out: BinaryIO) -> None:
    """What is flagged, a row for each finding, neutralised for spreadsheets."""
    write_csv(report.flagged, FlaggedRecord, out)


def write_audit_xlsx(report: AuditReport, out: BinaryIO) -> None:
    """Everything, a sheet for each part, with typed cells."""
    write_book(_sheets(report), out, created=report.at)


def _sheets(report: AuditReport) -> Iterator[tuple[type[Record], Iterable[Record]]]:
    yield SummaryRecord, summary_records(report)
    yield FlaggedRecord, report.flagged
    yield ChangeRecord, report.changes.records
    yield NotReadRecord, report.not_read
    yield CountRecord, report.counts
    yield FirmwareRecord, report.firmware
    yield DifferenceRecord, report.differences
    yield PasswordRecord, report.passwords or ()
    yield AvailabilityRecord, _availability(report)
    yield MissedRecord, report.missed


def _availability(report: AuditReport) -> Iterator[AvailabilityRecord]:
    yield from report.site_rows()
    yield from report.line_rows()


def summary_records(report: AuditReport) -> Iterator[SummaryRecord]:
    """Give what is worth knowing of the audit as a whole."""
    totals, sweep = report.totals, report.sweep
    yield SummaryRecord(name="audit of", value=f"site {report.site}" if report.site else "all")
    yield SummaryRecord(name="at", value=report.at)
    yield SummaryRecord(name="compared with the audit of", value=report.changes.since)
    yield SummaryRecord(name="what changed", value=verdict(report))
    yield SummaryRecord(name="changes", value=change_counts(report))
    yield SummaryRecord(name="sweep begun", value=sweep.started if sweep else None)
    yield SummaryRecord(name="phones polled", value=sweep.counts.polled if sweep else None)
    yield SummaryRecord(name="phones", value=totals.phones)
    yield SummaryRecord(name="phones not read", value=totals.not_read)
    yield SummaryRecord(name="phones not polled yet", value=totals.not_polled)
    yield SummaryRecord(name="lines", value=totals.lines)
    yield SummaryRecord(name="lines flagged", value=totals.flagged)
    yield SummaryRecord(name="days of history", value=report.days_back)
    for sentence in accounting(report):
        yield SummaryRecord(name="availability", value=sentence)


def write_audit_json(report: AuditReport, out: BinaryIO) -> None:
    """Everything, as one JSON object in UTF-8, a record to a line."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    before = "{\n"
    for name, value in json_head(report).items():
        out.write(f"{before}{encode(name)}: {encode(value)}".encode("utf-8", "replace"))
        before = ",\n"
    for name, kind, records in _lists(report):
        out.write(f"{before}{encode(name)}: [".encode())
        as_object, within = json_maker(kind), "\n"
        for record in records:
            out.write(f"{within}{encode(as_object(record))}".encode("utf-8", "replace"))
            within = ",\n"
        out.write(b"\n]")
    out.write(b"\n}\n")


def _lists(report: AuditReport) -> Iterator[tuple[str, type[Record], Iterable[Record]]]:
    yield "changes", ChangeRecord, report.changes.records
    yield "flagged", FlaggedRecord, report.flagged
    yield "not_read", NotReadRecord, report.not_read
    yield "counts", CountRecord, report.counts
    yield "firmware", FirmwareRecord, report.firmware
    yield "inventory", DifferenceRecord, report.differences
    yield "default_passwords", PasswordRecord, report.passwords or ()
    yield "sites", AvailabilityRecord, report.site_rows()
    yield "lines", AvailabilityRecord, report.line_rows()
    yield "sweeps_missed", MissedRecord, report.missed


def json_head(report: AuditReport) -> dict[str, Any]:
    """Give what the JSON says of the audit as a whole."""
    since, totals, sweep = report.changes.since, report.totals, report.sweep
    return {
        "at": iso(report.at),
        "selection": report.selection,
        "site": report.site or None,
        "timezone": report.zone,
        "compared_with": iso(since) if since else None,
        "verdict": verdict(report),
        "change_counts": {kind: report.changes.count(kind) for kind in AuditChange}
        if since
        else None,
        "phones": totals.phones,
        "phones_not_read": totals.not_read,
        "phones_not_polled": totals.not_polled,
        "lines_seen": totals.lines,
        "lines_flagged": totals.flagged,
        "sweep": sweep.id if sweep else None,
        "notes": list(report.notes),
        "passwords_looked_at": report.passwords is not None,
        "days_of_history": report.days_back,
        "accounting": list(accounting(report)),
        "days": [{"ago": day.ago, "observed": day.observed, "up": day.up} for day in report.days],
    }


AUDIT_FORMATS: Mapping[str, AuditWriter] = {
    "html": write_html,
    "xlsx": write_audit_xlsx,
    "csv": write_audit_csv,
    "json": write_audit_json,
}
