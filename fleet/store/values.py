"""What goes into the store and comes out of it, beyond the project's common words."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.model import RunBy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from fleet.model import (
        Alert,
        Cause,
        Facts,
        FirmwareFile,
        Incident,
        Intent,
        Line,
        Observation,
        Phone,
        Proof,
        Reach,
        Reason,
        Sighting,
        Site,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredPhone:
    """A phone of the inventory with its number in the database.

    `phone` holds what the inventory says of the phone itself: its site's defaults are in `site`,
    not in it. `tls_fingerprint` is the certificate trusted so far, empty if none.
    `decrypt_more` returns its secrets that `phone` does not hold: those of its
    fetch login, and the SIP passwords where it was loaded without.
    """

    id: int
    phone: Phone
    site: Site | None = None
    tls_fingerprint: str = ""
    decrypt_more: Callable[[], tuple[str, ...]] = field(default=tuple, repr=False, compare=False)

    def secrets(self, *further: str | None) -> tuple[str, ...]:
        """Return the secrets that the phone may send back, with `further` ones, to redact them.

        A secret that is part of a user name, host or MAC of the inventory is left out: redacting
        it would change the accounts that rules compare, and the inventory shows it in clear.
        """
        phone, site = self.phone, self.site
        secrets = (
            phone.password,
            site.password if site else None,
            *(account.sip_password for account in phone.accounts),
            *self.decrypt_more(),
            *further,
        )
        shown = [phone.host, phone.mac or ""]
        for account in phone.accounts:
            shown += (
                account.user,
                account.auth_name,
                account.registrar,
                account.backup_registrar,
            )
        return tuple(
            dict.fromkeys(
                secret for secret in secrets if secret and not any(secret in text for text in shown)
            )
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A phone as it shall be. `id` None adds it; else every field of that phone is replaced."""

    id: int | None
    phone: Phone


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidencePage:
    """A page that a phone gave. `body` must be redacted already: the store only compresses it.

    `status` is the HTTP status; `dialect` is empty when no dialect could read it.
    """

    at: datetime
    path: str
    status: int
    dialect: str
    body: bytes = field(repr=False)
    charset: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """The last page that could be read and the last that could not, where kept."""

    good: EvidencePage | None
    failed: EvidencePage | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """All that is known of a phone before it is polled.

    `observed` is the last poll, None if there was none; `facts` are those of the last good poll,
    also while the phone cannot be read. `page_key` is that page's key. `refusals` counts the
    refusals in a row; until `next_try_at` the phone is left alone. `sweep_id` is the sweep that
    polled it last. `standing` are the findings that hold, open or pending: rules, each with its
    line (0: the phone itself). SIP passwords of the intended accounts are left out.
    `settings_password`: the last good poll sent the password of the settings.
    """

    stored: StoredPhone
    observed: Observation | None = None
    facts: Facts | None = None
    page_key: str = ""
    settings_password: bool = False
    refusals: int = 0
    next_try_at: datetime | None = None
    sweep_id: int | None = None
    standing: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """One poll to be written, with what was known before it.

    `page_key` belongs to the facts of a good poll, and is empty if their page shall be read anew
    next time; a failed poll leaves the stored one alone. An empty `fingerprint` leaves the stored
    one alone, `evidence` None the kept pages. `sighting` holds the verdicts of the rules.
    `settings_password`: the poll sent the password of the settings.
    """

    known: Known
    observation: Observation
    page_key: str = ""
    evidence: EvidencePage | None = None
    fingerprint: str = ""
    settings_password: bool = False
    refusals: int = 0
    next_try_at: datetime | None = None
    sighting: Sighting | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LineStatus:
    """A line and since when it is so. `last_known` is what was seen last of a line not seen now."""

    line: Line
    since: datetime
    last_known: LineStatus | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneStatus:
    """A phone's state at one moment; `reach` is None if it had not been polled by then.

    While the phone cannot be read, its lines are those last known with registration `unknown`,
    since the phone's `reach_since`. `findings` are those that somebody could see with that reach.
    Passwords are left out of `stored`.
    """

    stored: StoredPhone
    reach: Reach | None = None
    reason: Reason | None = None
    detail: str = ""
    reach_since: datetime | None = None
    observed_at: datetime | None = None
    lines: tuple[LineStatus, ...] = ()
    model: str = ""
    firmware: str = ""
    boot_version: str = ""
    dialect: str = ""
    sweep_id: int | None = None
    findings: tuple[Incident, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReachPeriod:
    """A phone's reach from `since` until `until` (None: still so)."""

    phone_id: int
    reach: Reach
    reason: Reason | None
    since: datetime
    until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LinePeriod:
    """A line's state from `since` until `until` (None: no look has found otherwise)."""

    phone_id: int
    line: Line
    since: datetime
    until: datetime | None


Period = ReachPeriod | LinePeriod


@dataclass(frozen=True, kw_only=True, slots=True)
class IntentChange:
    """What shall be intended beside sites and phones; what is not named stays as it is.

    An intent that says nothing takes the stored one away. `secrets` are values by name, kept from
    `at` on.
    """

    at: datetime
    fleet: Intent | None = None
    models: Mapping[str, Intent] = field(default_factory=dict)
    profiles: Mapping[str, Intent] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class FileDigest:
    """A configuration file without its body: the phone whose own it is, and its keyed digest."""

    phone_id: int | None
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RolloutStart:
    """A roll-out to be begun: the revision, its stages by name, and every phone in its stage."""

    revision: int
    stages: tuple[str, ...]
    proofs: tuple[Proof, ...]
    deadline: float
    most_failures: int
    run_by: RunBy = RunBy.FOREGROUND
    at_once: int = 50
    settle: float = 30.0
    hold: bool = False
    web_ui: bool = False
    not_before: datetime | None = None
    ignores_windows: bool = False
    firmware: tuple[FirmwareFile, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnFile:
    """A phone's own file as it is applied now: the revision that changed it last, and when."""

    name: str
    digest: str
    revision: int
    at: datetime


class EventKind(StrEnum):
    """What changed by itself, without anybody telling the inventory."""

    PHONE_MOVED = "phone-moved"
    MAC_LEARNED = "mac-learned"
    MAC_CONFLICT = "mac-conflict"
    CERTIFICATE_TRUSTED = "certificate-trusted"
    PHONE_REMOVED = "phone-removed"
    SWEEP_INTERRUPTED = "sweep-interrupted"
    LINE_PUSHED = "line-pushed"  # a phone said another state of a line than it said before


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that changed by itself. `phone_id` is None when it is about no phone we have."""

    at: datetime
    kind: EventKind
    text: str
    phone_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptRevisions:
    """Which revisions are kept in any case: those made `since` then, and so many of the last."""

    since: datetime
    at_least: int
    now: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Pruned:
    """How many rows `prune` deleted; of `revisions` their numbers. `contents`: bodies of files."""

    periods: int = 0
    pages: int = 0
    sweeps: int = 0
    events: int = 0
    incidents: int = 0
    fetches: int = 0
    revisions: tuple[int, ...] = ()
    contents: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class NewAlert:
    """An alert to be written, the routes it goes by and from when, and the notices it sees to."""

    alert: Alert
    routes: tuple[tuple[str, datetime], ...]
    notice_ids: tuple[int, ...] = ()
    cause: Cause | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Alerting:
    """What one round of alerting decided, to be written at once or not at all.

    `causes` are new, changed or ended; `dropped` are notices nobody needs to hear of, with why.
    `delayed` are the reasons for which notices wait, the earlier ones included.
    """

    at: datetime
    causes: tuple[Cause, ...] = ()
    alerts: tuple[NewAlert, ...] = ()
    dropped: tuple[tuple[int, str], ...] = ()
    delayed: tuple[tuple[int, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredAudit:
    """An audit that ran; `findings` is what it flagged, as the audit's own room encodes it."""

    id: int
    at: datetime
    selection: str
    sweep_id: int | None
    findings: bytes = field(repr=False)
