"""The words of polling and of the inventory: phones, lines, what was seen, what is held."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.model.intent import NO_INTENT, Intent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Reach(StrEnum):
    """How far one poll got. Says nothing about the lines unless it is `OK`."""

    OK = "ok"
    UNREACHABLE = "unreachable"  # no HTTP answer; not "the phone is off", see the reason
    REFUSED = "refused"  # the web UI rejected our login; not a SIP refusal
    UNREADABLE = "unreadable"  # answered, but with no status page we can read


class Reason(StrEnum):
    """Why a poll did not end with `Reach.OK`. Each reason belongs to exactly one reach."""

    NAME_NOT_FOUND = "name_not_found"
    NO_ROUTE = "no_route"
    NO_ANSWER = "no_answer"  # nothing answered the connection: off, unplugged or filtered
    CONNECTION_REFUSED = "connection_refused"  # the host is up, nothing listens: web UI off
    NO_REPLY = "no_reply"  # connected, then closed without a word
    SILENT = "silent"  # connected, then nothing within the read time-out
    TLS_TOO_OLD = "tls_too_old"
    TLS_FAILED = "tls_failed"
    CERTIFICATE_CHANGED = "certificate_changed"
    OTHER_PHONE = "other_phone"  # another phone, by its MAC, answers at this address

    WRONG_PASSWORD = "wrong_password"  # noqa: S105  a reason, not a secret
    NO_PASSWORD = "no_password"  # noqa: S105  it asks for a login, and we have none to send
    LOCKED_OUT = "locked_out"  # refused our login, and refuses every login for a while now
    FORBIDDEN = "forbidden"
    AUTH_UNSUPPORTED = "auth_unsupported"  # asks for something else than Basic

    NOT_AASTRA = "not_aastra"
    NOT_HTTP = "not_http"
    NOT_FOUND = "not_found"
    SERVER_ERROR = "server_error"
    REDIRECTED = "redirected"
    HTTPS_REQUIRED = "https_required"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    TRUNCATED = "truncated"
    BAD_ENCODING = "bad_encoding"
    SESSION_EXPIRED = "session_expired"
    NO_TABLE = "no_table"
    CONTRADICTORY = "contradictory"  # two tables, or two rows for one line, that disagree
    INTERNAL_ERROR = "internal_error"  # a bug of ours; costs this one phone

    @property
    def reach(self) -> Reach:
        """The reach that a poll ending for this reason has."""
        return _REACH_OF[self]


_REACH_OF = {
    **dict.fromkeys(Reason, Reach.UNREADABLE),
    **dict.fromkeys(
        (
            Reason.NAME_NOT_FOUND,
            Reason.NO_ROUTE,
            Reason.NO_ANSWER,
            Reason.CONNECTION_REFUSED,
            Reason.NO_REPLY,
            Reason.SILENT,
            Reason.TLS_TOO_OLD,
            Reason.TLS_FAILED,
            Reason.CERTIFICATE_CHANGED,
            Reason.OTHER_PHONE,
        ),
        Reach.UNREACHABLE,
    ),
    **dict.fromkeys(
        (
            Reason.WRONG_PASSWORD,
            Reason.NO_PASSWORD,
            Reason.LOCKED_OUT,
            Reason.FORBIDDEN,
            Reason.AUTH_UNSUPPORTED,
        ),
        Reach.REFUSED,
    ),
}


class Registration(StrEnum):
    """The state a phone shows for a line."""

    REGISTERED = "registered"  # at one of its registrars; see `Line.backup` for which
    FAILED = "failed"  # the registrar answered with a SIP error, `Line.code`
    UNREGISTERED = "unregistered"  # no code shown; not necessarily a failure (registrar 0.0.0.0)
    UNCONFIGURED = "unconfigured"  # a row without an account
    UNKNOWN = "unknown"  # a text we do not understand, or a line not looked at; never good


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A SIP account as the status table shows it.

    `raw` is the cell's text. `user`, `registrar` and `port` are what could be read from it:
    empty, empty and None where it could not. A port of 0 means DNS SRV (facts/provisioning 1.3).
    """

    raw: str
    user: str = ""
    registrar: str = ""
    port: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One row of the SIP status table. `backup` is None when not known, which is not "no"."""

    number: int
    registration: Registration
    account: Account | None = None
    code: int | None = None
    backup: bool | None = None
    status_text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a status page says. Empty texts are facts that the page does not give.

    `mac` is twelve upper-case hex digits with colons; `model` is the full name (`6753i`).
    """

    dialect: str
    lines: tuple[Line, ...]
    mac: str = ""
    model: str = ""
    firmware: str = ""
    boot_version: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """A login: a web UI's, or a SIP account's."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class IntendedAccount:
    """What the inventory says a line should be. Empty or None means: the inventory does not say."""

    line: int
    user: str = ""
    auth_name: str = ""
    sip_password: str = field(default="", repr=False)
    display_name: str = ""
    registrar: str = ""
    registrar_port: int | None = None
    backup_registrar: str = ""
    backup_registrar_port: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """A place with phones, and the defaults of its phones. `networks` are CIDR texts.

    `password` None: the site gives none. An empty one is a password, as the phones' `user` has it.

    `intent` is only there where whoever gives a site says so.
    """

    name: str
    timezone: str = ""
    networks: tuple[str, ...] = ()
    username: str = ""
    password: str | None = field(default=None, repr=False)
    legacy_tls: bool | None = None
    intent: Intent = NO_INTENT


@dataclass(frozen=True, kw_only=True, slots=True)
class Phone:
    """One device of the inventory. Its MAC is its identity once known; its host may change.

    `host` is `address[:port]`, or a URL of scheme and authority only. `username`, `password` and
    `legacy_tls` are the phone's own; an empty user name or None means the site's, else the
    settings'. An empty password is a password. `intent` is only there where whoever gives a phone
    says so.
    """

    host: str
    site: str = ""
    mac: str = ""
    model: str = ""
    name: str = ""
    username: str = ""
    password: str | None = field(default=None, repr=False)
    legacy_tls: bool | None = None
    accounts: tuple[IntendedAccount, ...] = ()
    intent: Intent = NO_INTENT

    @property
    def label(self) -> str:
        """What people call it: its name, else its MAC, else its host."""
        return self.name or self.mac or self.host


@dataclass(frozen=True, kw_only=True, slots=True)
class Inventory:
    """Everything there is to say of phones: with it, what they shall be.

    `models` is by full name, `profiles` by name; `secrets` are the values of the named secrets.
    """

    sites: tuple[Site, ...] = ()
    phones: tuple[Phone, ...] = ()
    fleet: Intent = NO_INTENT
    models: Mapping[str, Intent] = field(default_factory=dict)
    profiles: Mapping[str, Intent] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What one poll of one phone saw. A failed poll is an observation too.

    `facts` is None unless `reach` is `OK`; `reason` is None exactly then. `detail` is one plain
    sentence for people, free of secrets. `at` is when the poll ended, in UTC.
    """

    phone_id: int
    at: datetime
    reach: Reach
    reason: Reason | None = None
    detail: str = ""
    facts: Facts | None = None


class Severity(StrEnum):
    """How soon somebody should look."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a rule holds against an observation. `line` is None when it is about the phone.

    `text` says what is wrong; `check` says what it usually means and what to look at. `code` and
    `registrar` are the line's, where it is about one and they are known.
    """

    rule: str
    severity: Severity
    text: str
    check: str
    line: int | None = None
    code: int | None = None
    registrar: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepCounts:
    """How many phones of a sweep ended how."""

    ok: int = 0
    unreachable: int = 0
    refused: int = 0
    unreadable: int = 0
    backing_off: int = 0  # refused us before and were left alone this time
    not_polled: int = 0

    @property
    def polled(self) -> int:
        """Phones that were asked."""
        return self.ok + self.unreachable + self.refused + self.unreadable


@dataclass(frozen=True, kw_only=True, slots=True)
class Sweep:
    """One pass over the chosen phones. `finished` is None while it runs or when it was interrupted.

    `selection` names the choice: `all`, `site NAME`, `phones 1 2 3`. `planned` counts the phones.
    `planned_for` is the moment for which its `schedule` planned it; both are absent where somebody
    asked for it.
    """

    id: int
    trigger: str
    started: datetime
    planned: int
    selection: str = "all"
    schedule: str | None = None
    planned_for: datetime | None = None
    finished: datetime | None = None
    interrupted: bool = False
    counts: SweepCounts = field(default_factory=SweepCounts)
