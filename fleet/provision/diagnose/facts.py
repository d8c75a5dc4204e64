"""The facts of a diagnosis, and what is concluded of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.model import Line, Reach
    from fleet.phone.sip.query import OptionsAnswer, RegistrationAnswer


class Role(StrEnum):
    """Which of a line's registrars."""

    PRIMARY = "primary"
    BACKUP = "backup"


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistrarFacts:
    """A registrar and what it said of the line's user; None: it was asked a moment ago."""

    role: Role
    name: str
    answer: RegistrationAnswer | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LineFacts:
    """A line as intended, what its registrars say, and what the phone showed last."""

    number: int
    user: str
    registrars: tuple[RegistrarFacts, ...] = ()
    seen: Line | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFacts:
    """The phone's own file. `is_pending`: the inventory wants another password than was applied.

    `fetched_at` is its last fetch of any revision, `is_current` whether that was the applied one.
    """

    is_applied: bool = False
    is_pending: bool = False
    fetched_at: datetime | None = None
    is_current: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneFacts:
    """The phone. `address` is empty where its host is a name; `options` None: it was not asked."""

    label: str
    address: str = ""
    reach: Reach | None = None
    polled_at: datetime | None = None
    options: OptionsAnswer | None = None
    file: FileFacts = FileFacts()


class What(StrEnum):
    """What was concluded."""

    WELL = "well"
    NO_REGISTRAR = "no-registrar"
    ASKED_BEFORE = "asked-before"
    REGISTRAR_DEAD = "registrar-dead"
    NO_TLS = "no-tls"  # it is there, but its certificate or its TLS will not do
    UNKNOWN_USER = "unknown-user"
    NO_AOR = "no-address-of-record"
    NO_QUERIES = "no-queries"  # the registrar cannot be asked without registering
    WRONG_PASSWORD = "wrong-password"  # noqa: S105  the inventory's
    NO_PASSWORD = "no-password"  # noqa: S105
    UNDECIDED = "undecided"
    NOT_LOOKED_AT = "not-looked-at"
    OLD_PASSWORD = "old-password"  # noqa: S105  the phone's
    ELSEWHERE = "registered-elsewhere"
    SECOND_DEVICE = "second-device"
    NOT_THERE = "not-registered-there"
    STALE_BINDING = "shown-otherwise"
    ON_BACKUP = "on-backup"
    PHONE_SILENT = "phone-silent"
    NOT_APPLIED = "not-applied"
    NOT_FETCHED = "not-fetched"


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclusion:
    """One sentence and what to do; `line` None: it is about the whole phone."""

    what: What
    text: str
    check: str = ""
    line: int | None = None
