"""What fleet remembers: the one door for SQLAlchemy, Alembic, psycopg and cryptography."""

from fleet.store.values import (
    Change,
    Event,
    EventKind,
    Evidence,
    EvidencePage,
    Known,
    LinePeriod,
    LineStatus,
    Period,
    PhoneStatus,
    Pruned,
    ReachPeriod,
    Recorded,
    StoredPhone,
)

__all__ = [
    "Change",
    "Event",
    "EventKind",
    "Evidence",
    "EvidencePage",
    "Known",
    "LinePeriod",
    "LineStatus",
    "Period",
    "PhoneStatus",
    "Pruned",
    "ReachPeriod",
    "Recorded",
    "StoredPhone",
]
