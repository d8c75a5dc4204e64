"""The rows of the audit: what is flagged, what changed, what could not be read.

As in the exports a field is a column; texts are empty, numbers and times None, where there is
nothing to say. `share_…` are shares from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.report.records import Cell


@dataclass(frozen=True, kw_only=True, slots=True)
class FlaggedRecord:
    """One finding: on a line, or (line None) on the phone itself.

    `since` is when it began, as far as history tells; `times` how often it began anew within the
    history looked at, None where neither history nor incidents tell. `change` is what it is beside
    the audit before: `regression`, `new`, `still`; empty where nothing can be compared.
    """

    TITLE: ClassVar[str] = "Flagged"

    site: str = ""
    phone: str = ""
    mac: str = ""
    host: str = ""
    line: int | None = None
    rule: str = ""
    severity: str = ""
    text: str = ""
    check: str = ""
    account: str = ""
    code: int | None = None
    registrar: str = ""
    since: datetime | None = None
    times: int | None = None
    change: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeRecord:
    """One finding of this audit or of the one before; `change` says in which it is."""

    TITLE: ClassVar[str] = "Changes"

    change: str = ""
    site: str = ""
    phone: str = ""
    mac: str = ""
    host: str = ""
    line: int | None = None
    rule: str = ""
    text: str = ""
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NotReadRecord:
    """One phone whose lines nobody could see; `lines` is how many it showed last."""

    TITLE: ClassVar[str] = "Not read"

    site: str = ""
    phone: str = ""
    mac: str = ""
    host: str = ""
    model: str = ""
    reach: str = ""
    reason: str = ""
    text: str = ""
    check: str = ""
    since: datetime | None = None
    lines: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FirmwareRecord:
    """One phone whose firmware is older than the newest that the fleet has for its model."""

    TITLE: ClassVar[str] = "Firmware"

    site: str = ""
    phone: str = ""
    mac: str = ""
    host: str = ""
    model: str = ""
    firmware: str = ""
    newest: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DifferenceRecord:
    """One thing in which the phones differ from the inventory."""

    TITLE: ClassVar[str] = "Inventory"

    kind: str = ""
    site: str = ""
    phone: str = ""
    mac: str = ""
    host: str = ""
    line: int | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PasswordRecord:
    """One phone that the inventory says has the default password; never the password itself."""

    TITLE: ClassVar[str] = "Default passwords"

    site: str = ""
    phone: str = ""
    mac: str = ""
    host: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CountRecord:
    """How many phones and lines there are of one state, site, model, firmware or SIP code."""

    TITLE: ClassVar[str] = "Counts"

    of: str = ""
    name: str = ""
    phones: int | None = None
    not_read: int | None = None
    lines: int | None = None
    flagged: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AvailabilityRecord:
    """One line's availability, or (line None) that of all lines of a site, in seconds and shares.

    `share_up` is of the time observed, `share_observed` of the whole window.
    """

    TITLE: ClassVar[str] = "Availability"

    site: str = ""
    phone: str = ""
    mac: str = ""
    host: str = ""
    line: int | None = None
    lines: int | None = None
    day_share_up: float | None = None
    day_share_observed: float | None = None
    day_flaps: int | None = None
    week_share_up: float | None = None
    week_share_observed: float | None = None
    week_flaps: int | None = None
    month_share_up: float | None = None
    month_share_observed: float | None = None
    month_flaps: int | None = None
    month_observed: int | None = None
    month_up: int | None = None
    month_on_backup: int | None = None
    month_outages: int | None = None
    month_longest: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MissedRecord:
    """Sweeps that did not take place, or were cut off, and why."""

    TITLE: ClassVar[str] = "Sweeps missed"

    schedule: str = ""
    first: datetime | None = None
    last: datetime | None = None
    count: int | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryRecord:
    """One thing worth knowing of the audit as a whole."""

    TITLE: ClassVar[str] = "Summary"

    name: str = ""
    value: Cell = None
