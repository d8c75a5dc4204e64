"""The words of provisioning: the files that say what a phone should be, and the proof.

Parameter and file names are those of the Aastra guides (facts/provisioning).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """One applied state of all configuration files, numbered from 1.

    `rolled_back_to` names the revision whose files it took up again.
    """

    number: int
    at: datetime
    by: str = ""
    comment: str = ""
    rolled_back_to: int | None = None
    files: int = 0  # that it changed


@dataclass(frozen=True, kw_only=True, slots=True)
class NewFile:
    """A configuration file to be applied; a `body` of None takes it away.

    `phone_id` is the phone whose own file it is, None for a file that phones share.
    """

    name: str
    phone_id: int | None = None
    body: bytes | None = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class FirmwareFile:
    """A firmware file: its name in lower case, its SHA-256, and the version that it contains.

    `version` is empty if it is not known.
    """

    name: str
    digest: str
    version: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppliedFile:
    """A configuration file as a revision has it.

    `digest` tells whether two bodies of this database are the same, and nothing of what they
    hold: it is keyed (HMAC-SHA-256, hex), for who knows all of a file but a short password could
    find that by trying where a plain digest is kept.
    """

    name: str
    revision: int
    digest: str
    body: bytes = field(repr=False)
    phone_id: int | None = None


class FetchOutcome(StrEnum):
    """What became of a request for a file. Only `SERVED` and `NOT_MODIFIED` gave it."""

    SERVED = "served"
    NOT_MODIFIED = "not-modified"
    CUT_OFF = "cut-off"  # the connection ended before the last byte
    NOT_FOUND = "not-found"
    UNKNOWN_MAC = "unknown-mac"
    NOT_APPROVED = "not-approved"  # an unknown phone was given the file of those who wait
    WRONG_NETWORK = "wrong-network"
    WRONG_AGENT = "wrong-agent"  # the User-Agent names another phone, or none
    SECOND_ADDRESS = "second-address"  # another address asks for a phone's file
    WRONG_LOGIN = "wrong-login"
    RATE_LIMITED = "rate-limited"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetch:
    """One request for a file: when, from where, by whom it said to be, and what it was given.

    `mac` is the User-Agent's, else the file name's. `revision` and `digest` are those of the
    `AppliedFile` served; `sent` counts bytes of the body. `modules` are the expansion modules that
    it says are fitted, in their order, as it calls them (`560M`).
    """

    at: datetime
    file: str
    address: str
    outcome: FetchOutcome
    mac: str = ""
    phone_id: int | None = None
    model: str = ""
    firmware: str = ""
    agent: str = ""
    protocol: str = "http"
    revision: int | None = None
    digest: str = ""
    sent: int = 0
    modules: tuple[str, ...] = ()
    id: int | None = None


class RolloutState(StrEnum):
    """How far a roll-out is."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"  # by itself: too many failures
    DONE = "done"
    ROLLED_BACK = "rolled-back"


class ProofState(StrEnum):
    """How far one phone of a roll-out is."""

    WAITING = "waiting"  # its stage has not begun
    TOLD = "told"  # asked to re-sync; says nothing of whether it heard
    FETCHED = "fetched"  # with the expected digest
    PROVEN = "proven"  # fetched, and every intended line registered since
    NOT_REACHED = "not-reached"  # no way to ask it was accepted; it is asked again
    ABSENT = "absent"  # it was out of reach or in trouble before: neither waited for nor counted
    FAILED = "failed"
    SKIPPED = "skipped"  # nothing changes for it


class ProofWay(StrEnum):
    """How it is known that a phone's lines are registered."""

    POLL = "poll"
    PUSH = "push"
    BOTH = "push and poll"  # some of its lines in the one way, some in the other


class RunBy(StrEnum):
    """Who is to run a roll-out; says nothing of whether anybody does."""

    FOREGROUND = "foreground"  # a command, until it ends
    DAEMON = "daemon"


@dataclass(frozen=True, kw_only=True, slots=True)
class LastPush:
    """What a phone said last of a user of its lines; an empty `user`: of none that is known.

    `registered` None: it said that it is there, and nothing of a registration. `code` is the SIP
    code of a failure.
    """

    phone_id: int
    user: str
    at: datetime
    registered: bool | None = None
    code: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """One phone of a roll-out. `how` says how it was asked to re-sync, and what came of it.

    `by` is how its registrations were seen; None while it is not proven. `trouble` is what was
    wrong with it before the roll-out; empty if nothing. `fetches` is how often it has to fetch yet:
    twice where its changes decide whether it comes back.
    """

    phone_id: int
    stage: int
    state: ProofState
    told_at: datetime | None = None
    fetched_at: datetime | None = None
    proven_at: datetime | None = None
    how: str = ""
    detail: str = ""
    by: ProofWay | None = None
    trouble: str = ""
    fetches: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollout:
    """The way of a revision to the phones, stage by stage.

    `deadline` is how long a phone may take for its proof, in seconds; `most_failures` the number
    of failed phones of a stage above which it stops. `stages` names them, the first for canaries.
    At most `at_once` phones are asked and have not fetched; a poll counts from `settle` seconds
    after the fetch. `hold`: a phone that was not asked yet is given its files as they were before.
    `web_ui`: a phone that cannot be asked otherwise may be restarted through its web UI. No phone
    is asked before `not_before`, nor outside its site's window unless it `ignores_windows`.
    `firmware`: the new files that phones are given once they were asked; all are, when it is done.
    """

    id: int
    revision: int
    state: RolloutState
    began: datetime
    stages: tuple[str, ...]
    stage: int = 0
    deadline: float = 1800.0
    most_failures: int = 0
    stage_began: datetime | None = None
    ended: datetime | None = None
    why: str = ""
    run_by: RunBy = RunBy.FOREGROUND
    at_once: int = 50
    settle: float = 30.0
    hold: bool = False
    web_ui: bool = False
    not_before: datetime | None = None
    ignores_windows: bool = False
    firmware: tuple[FirmwareFile, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalEntry:
    """What we did to phones or settings: who, when, what. Never a secret."""

    at: datetime
    by: str
    what: str
    phone_id: int | None = None
