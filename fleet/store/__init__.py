"""What fleet remembers: the one door for SQLAlchemy, Alembic, psycopg and cryptography."""

from fleet.store.holder import Holder
from fleet.store.incidents import TakeStep
from fleet.store.phones import Secrets
from fleet.store.secrets import Keyring, make_key_file, rotate_key_file
from fleet.store.store import Store
from fleet.store.values import (
    Alerting,
    Change,
    Event,
    EventKind,
    Evidence,
    EvidencePage,
    Known,
    LinePeriod,
    LineStatus,
    NewAlert,
    Period,
    PhoneStatus,
    Pruned,
    ReachPeriod,
    Recorded,
    StoredAudit,
    StoredPhone,
)

__all__ = [
    "Alerting",
    "Change",
    "Event",
    "EventKind",
    "Evidence",
    "EvidencePage",
    "Holder",
    "Keyring",
    "Known",
    "LinePeriod",
    "LineStatus",
    "NewAlert",
    "Period",
    "PhoneStatus",
    "Pruned",
    "ReachPeriod",
    "Recorded",
    "Secrets",
    "Store",
    "StoredAudit",
    "StoredPhone",
    "TakeStep",
    "make_key_file",
    "rotate_key_file",
]
