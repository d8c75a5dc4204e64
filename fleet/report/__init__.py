"""Records as files: pure, streamed, to any binary stream."""

from fleet.report.formats import FORMATS, Writer, write_csv, write_json
from fleet.report.records import (
    HistoryRecord,
    IncidentRecord,
    LineRecord,
    PhoneRecord,
    Record,
    columns,
    json_object,
    yes_or_no,
)
from fleet.report.xlsx import write_xlsx

__all__ = [
    "FORMATS",
    "HistoryRecord",
    "IncidentRecord",
    "LineRecord",
    "PhoneRecord",
    "Record",
    "Writer",
    "columns",
    "json_object",
    "write_csv",
    "write_json",
    "write_xlsx",
    "yes_or_no",
]
