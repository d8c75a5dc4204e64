"""What fleet remembers: the one door for SQLAlchemy, Alembic, psycopg and cryptography."""

from fleet.store.backup import restore as restore_database
from fleet.store.fetches import FetchingPhone, FetchLogin, StrangerFetches, UnknownPhone
from fleet.store.findings import Flagged, TakeStep
from fleet.store.holder import Holder
from fleet.store.observations import NOT_READ, States
from fleet.store.phones import Secrets, without_collecting
from fleet.store.retention import spans
from fleet.store.secrets import Keyring, make_key_file, rotate_key_file
from fleet.store.store import Store
from fleet.store.values import (
    Alerting,
    Change,
    Event,
    EventKind,
    Evidence,
    EvidencePage,
    FileDigest,
    IntentChange,
    KeptRevisions,
    Known,
    LinePeriod,
    LineStatus,
    NewAlert,
    OwnFile,
    Period,
    PhoneStatus,
    Pruned,
    ReachPeriod,
    Recorded,
    RolloutStart,
    StoredAudit,
    StoredPhone,
)

__all__ = [
    "NOT_READ",
    "Alerting",
    "Change",
    "Event",
    "EventKind",
    "Evidence",
    "EvidencePage",
    "FetchLogin",
    "FetchingPhone",
    "FileDigest",
    "Flagged",
    "Holder",
    "IntentChange",
    "KeptRevisions",
    "Keyring",
    "Known",
    "LinePeriod",
    "LineStatus",
    "NewAlert",
    "OwnFile",
    "Period",
    "PhoneStatus",
    "Pruned",
    "ReachPeriod",
    "Recorded",
    "RolloutStart",
    "Secrets",
    "States",
    "Store",
    "StoredAudit",
    "StoredPhone",
    "StrangerFetches",
    "TakeStep",
    "UnknownPhone",
    "make_key_file",
    "restore_database",
    "rotate_key_file",
    "spans",
    "without_collecting",
]
