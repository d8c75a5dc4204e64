"""The use case: the nightly audit, from the sweep to the files and the next comparison."""

from fleet.audit.auditor import Audited, Auditor, AuditOrder, Recipients, Send, auditor_of
from fleet.audit.findings import Findings, Flag, decode, encode

__all__ = [
    "AuditOrder",
    "Audited",
    "Auditor",
    "Findings",
    "Flag",
    "Recipients",
    "Send",
    "auditor_of",
    "decode",
    "encode",
]
