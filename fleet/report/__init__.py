"""Records as files: pure, streamed, to any binary stream."""

from fleet.report.audit import AuditReport, ChangeKind, Changes, Totals, accounting
from fleet.report.audit_formats import AUDIT_FORMATS, json_head
from fleet.report.audit_records import (
    AvailabilityRecord,
    ChangeRecord,
    CountRecord,
    DifferenceRecord,
    FirmwareRecord,
    FlaggedRecord,
    IncidentRecord,
    MissedRecord,
    NotReadRecord,
    PasswordRecord,
    SummaryRecord,
)
from fleet.report.audit_text import subject, summary
from fleet.report.availability import (
    Availability,
    DayAvailability,
    LineAvailability,
    SiteAvailability,
    Spans,
)
from fleet.report.formats import FORMATS, Writer, write_csv, write_json
from fleet.report.records import (
    HistoryRecord,
    LineRecord,
    PhoneRecord,
    Record,
    columns,
    json_object,
    yes_or_no,
)
from fleet.report.xlsx import write_xlsx

__all__ = [
    "AUDIT_FORMATS",
    "FORMATS",
    "AuditReport",
    "Availability",
    "AvailabilityRecord",
    "ChangeKind",
    "ChangeRecord",
    "Changes",
    "CountRecord",
    "DayAvailability",
    "DifferenceRecord",
    "FirmwareRecord",
    "FlaggedRecord",
    "HistoryRecord",
    "IncidentRecord",
    "LineAvailability",
    "LineRecord",
    "MissedRecord",
    "NotReadRecord",
    "PasswordRecord",
    "PhoneRecord",
    "Record",
    "SiteAvailability",
    "Spans",
    "SummaryRecord",
    "Totals",
    "Writer",
    "accounting",
    "columns",
    "json_head",
    "json_object",
    "subject",
    "summary",
    "write_csv",
    "write_json",
    "write_xlsx",
    "yes_or_no",
]
