"""The words of watching: findings and incidents, causes that explain many, notices to be sent.

A finding is a row with a beginning and an end, of one rule on one line of one phone (line None: the
phone itself); it is an incident once it is open. Everything here is kept in the database, so that a
restart forgets nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fleet.model.poll import Finding, Reach, Severity


class IncidentState(StrEnum):
    """How far an incident is. Says nothing about who was told of it."""

    PENDING = "pending"  # seen, but not often enough yet: nobody is told
    OPEN = "open"  # not "announced": a silence or a cause may keep it quiet
    RESOLVED = "resolved"  # a rule that could look no longer held it, or its phone was removed


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """A finding as it is stored: `rule` on `line` (None: the phone) of the phone `phone_id`.

    It holds from `first_seen` until `resolved` (None: it still does), and is open from `opened` on
    (None: it was never seen often enough). While `resolved` is None, it is shown where the phone's
    reach is `reach` (None: whatever it is): with another nobody can look. `sightings` counts polls
    that held it in a row, up to the one that opened it: none where the phone's own push opened it
    before anybody looked. `confirmed` is False while only the push says so. `site` is what people
    called the site when it began.
    `subject` is what it is about where that is no phone: the outcome with which strangers were
    refused; `phone` then says `strangers`.
    `code` and `registrar` are those of the line when it was last seen. `acked` by whom and until
    when (None: until it is resolved) tells that somebody works on it; repeats stop meanwhile.
    `id` is None until it is stored, `phone_id` None once its phone was removed.
    """

    phone_id: int | None
    rule: str
    line: int | None
    severity: Severity
    text: str
    check: str
    state: IncidentState
    first_seen: datetime
    reach: Reach | None = None
    sightings: int = 1
    subject: str = ""
    site: str = ""
    phone: str = ""
    code: int | None = None
    registrar: str = ""
    opened: datetime | None = None
    resolved: datetime | None = None
    confirmed: bool = True
    acked_at: datetime | None = None
    acked_by: str = ""
    ack_until: datetime | None = None
    id: int | None = None

    @property
    def key(self) -> tuple[str, int]:
        """What it is about on its phone: the rule, and the line (0: the phone itself)."""
        return self.rule, self.line or 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Flap:
    """How often a line (0: the phone itself) changed between good and bad of late.

    `changes` are the moments of the newest changes, oldest first. `is_flapping` has hysteresis: it
    begins with many changes in a window, and ends only with few.
    """

    phone_id: int
    line: int
    changes: tuple[datetime, ...] = ()
    is_flapping: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """The verdicts of one look at a phone: the findings of each rule that could look.

    A rule that could not look is absent from `verdicts`, which is not "clear". `pushed` marks what
    the phone said of itself, which opens at once but is not `confirmed`; `stored` what was judged
    again without a new poll, which does not count as seen once more.
    """

    phone_id: int
    at: datetime
    verdicts: Mapping[str, tuple[Finding, ...]]
    reach: Reach | None = None
    site: str = ""
    phone: str = ""
    pushed: bool = False
    stored: bool = False

    @property
    def subject(self) -> str:
        """Nothing: it is about the phone."""
        return ""


STRANGERS = "strangers"
"""What incidents about no phone call whom they are about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StrangerSighting:
    """One look at what strangers did, of one `subject` at one site, as incidents need it."""

    subject: str
    at: datetime
    verdicts: Mapping[str, tuple[Finding, ...]]
    site: str = ""
    phone: str = STRANGERS
    phone_id: None = None
    reach: None = None
    pushed: Literal[False] = False
    stored: Literal[False] = False


class NoticeKind(StrEnum):
    """Which change of state a notice tells of."""

    OPENED = "opened"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A change of state that somebody must hear about; `handled` None until it was seen to.

    It is written in the transaction that saw the change. Handled means: an alert tells of it
    (`alert_id`), or a sentence in `dropped` says why nobody needs to be told. `delayed_by` has the
    reasons for which rounds of alerting left it for later, the first one first.
    """

    incident: Incident
    kind: NoticeKind
    at: datetime
    handled: datetime | None = None
    alert_id: int | None = None
    dropped: str = ""
    delayed_by: tuple[str, ...] = ()
    id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one look changes: incidents that are new or changed, flaps that are, and notices."""

    incidents: tuple[Incident, ...] = ()
    flaps: tuple[Flap, ...] = ()
    notices: tuple[Notice, ...] = ()


class CauseKind(StrEnum):
    """What many incidents have in common."""

    OWN_NETWORK = "own-network"  # no phone at all answers: our own side is down
    SITE = "site"  # the phones of one site do not answer: the site, or its uplink
    NETWORK = "network"  # the phones of one network do not answer
    CREDENTIALS = "credentials"  # one shared web UI login is refused
    REGISTRAR = "registrar"  # the lines of one registrar fail, or went to the backup


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """Many incidents with one reason. `name` is the site, network, login or registrar.

    `failing` of `looked_at` members were bad when it was last judged. `ended` None: it lasts.
    `members` are the ids of its incidents. `codes` counts SIP codes, most
    frequent first. `well_since`: when so few failed that it is about to end; it does once the rest
    were looked at again after that, for until then they may just not have been seen well yet.
    """

    kind: CauseKind
    name: str
    began: datetime
    failing: int
    looked_at: int
    members: frozenset[int] = frozenset()
    codes: tuple[tuple[int, int], ...] = ()
    well_since: datetime | None = None
    ended: datetime | None = None
    acked_at: datetime | None = None
    acked_by: str = ""
    ack_until: datetime | None = None
    id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """How incidents open, and when a line counts as flapping.

    `open_after` gives sightings in a row, by rule; 2 where it says nothing. A line flaps with
    `flap_begin` changes within `flap_window` seconds, until there are at most `flap_end`. `off` are
    rules switched off, `severity` those of rules that the settings give another one: both matter
    here for flapping alone, for the verdicts have heeded them already.
    """

    open_after: Mapping[str, int] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    flap_window: float = 3600.0
    flap_begin: int = 5
    flap_end: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneLook:
    """When a phone was looked at last, and the groups it belongs to.

    `login` names the web UI login it shares with others: `settings`, or `site NAME`; empty for one
    of its own. `observed_at` is None for a phone never polled.
    """

    phone_id: int
    host: str
    site: str = ""
    login: str = ""
    reach: Reach | None = None
    observed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Population:
    """All phones, and for the registrars in question when each of their lines was looked at.

    `lines` leaves out lines of phones that cannot be read now. `networks` are the sites' CIDRs.
    """

    phones: tuple[PhoneLook, ...] = ()
    lines: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    networks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class MissedSweeps:
    """Sweeps of a schedule that were planned and did not take place, and why."""

    schedule: str
    first: datetime
    last: datetime
    count: int
    reason: str
