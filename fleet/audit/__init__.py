"""The use case: the nightly audit, from the sweep to the files and the next comparison."""

from fleet.audit.findings import Findings, Flag, decode, encode
from fleet.audit.mail import Recipients, Send
from fleet.audit.run import Audited, Auditor, AuditOrder, auditor_of

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
