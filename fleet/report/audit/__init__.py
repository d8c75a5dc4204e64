"""The audit as a value, and as files: pure."""

from fleet.report.audit.availability import (
    Availability,
    DayAvailability,
    LineAvailability,
    SiteAvailability,
    Spans,
)
from fleet.report.audit.formats import AUDIT_FORMATS, json_head
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
from fleet.report.audit.text import subject, summary
from fleet.report.audit.values import AuditChange, AuditReport, Changes, Totals, accounting

__all__ = [
    "AUDIT_FORMATS",
    "AuditChange",
    "AuditReport",
    "Availability",
    "AvailabilityRecord",
    "ChangeRecord",
    "Changes",
    "CountRecord",
    "DayAvailability",
    "DifferenceRecord",
    "FirmwareRecord",
    "FlaggedRecord",
    "LineAvailability",
    "MissedRecord",
    "NotReadRecord",
    "PasswordRecord",
    "SiteAvailability",
    "Spans",
    "SummaryRecord",
    "Totals",
    "accounting",
    "json_head",
    "subject",
    "summary",
]
