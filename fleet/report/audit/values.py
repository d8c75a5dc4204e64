"""The audit as a value: everything that its files, its mail and the terminal say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.report.audit.records import AvailabilityRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fleet.model import Sweep
    from fleet.report.audit.availability import (
        DayAvailability,
        LineAvailability,
        SiteAvailability,
        Spans,
    )
    from fleet.report.audit.records import (
        ChangeRecord,
        CountRecord,
        DifferenceRecord,
        FirmwareRecord,
        FlaggedRecord,
        MissedRecord,
        NotReadRecord,
        PasswordRecord,
    )


class AuditChange(StrEnum):
    """What became of a finding between two audits, the worst first."""

    REGRESSION = "regression"  # flagged now; the audit before looked, and found nothing
    NEW = "new"  # flagged now; the audit before could not look
    STILL = "still"  # flagged in both
    UNSEEN = "not-seen"  # flagged before, and could not be looked at now: nobody knows
    RESOLVED = "resolved"  # flagged before; looked at now, and nothing was found


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What changed since the audit before. `since` None: nothing could be compared, `note` why."""

    since: datetime | None
    note: str = ""
    records: tuple[ChangeRecord, ...] = ()

    def of(self, *kinds: AuditChange) -> tuple[ChangeRecord, ...]:
        """Give the changes of some kinds."""
        return tuple(record for record in self.records if record.change in kinds)

    def count(self, kind: AuditChange) -> int:
        """Tell how many there are of a kind."""
        return len(self.of(kind))


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """Phones and lines of the audit. `lines` were seen, `flagged` of them have a finding."""

    phones: int
    not_read: int
    not_polled: int
    lines: int
    flagged: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """One audit of all phones, or of one site's.

    `selection` is what was audited, `site` empty for all. `zone` is the IANA time zone of its
    readers. `interval` is `[poll] interval` and `month` the history looked at, in seconds. `sweep`
    is None where nobody polled for it; `notes` is what that sweep had to say. `passwords` is None
    where the inventory's passwords could not be read.
    """

    at: datetime
    zone: str
    selection: str
    site: str
    interval: float
    month: int
    sweep: Sweep | None
    notes: tuple[str, ...]
    totals: Totals
    counts: tuple[CountRecord, ...]
    changes: Changes
    flagged: tuple[FlaggedRecord, ...]
    not_read: tuple[NotReadRecord, ...]
    firmware: tuple[FirmwareRecord, ...]
    differences: tuple[DifferenceRecord, ...]
    passwords: tuple[PasswordRecord, ...] | None
    lines: tuple[LineAvailability, ...]
    sites: tuple[SiteAvailability, ...]
    days: tuple[DayAvailability, ...]
    missed: tuple[MissedRecord, ...]

    @property
    def days_back(self) -> int:
        """The history looked at, in whole days."""
        return self.month // 86_400

    def counts_of(self, what: str) -> tuple[CountRecord, ...]:
        """Give the counts by state, site, model, firmware or code."""
        return tuple(each for each in self.counts if each.of == what)

    def line_rows(self) -> Iterator[AvailabilityRecord]:
        """Give the availability of each line."""
        for each in self.lines:
            bare = AvailabilityRecord(
                site=each.site, phone=each.phone, mac=each.mac, host=each.host, line=each.line
            )
            yield _with(bare, each.spans)

    def site_rows(self) -> Iterator[AvailabilityRecord]:
        """Give the availability of each site."""
        for each in self.sites:
            yield _with(AvailabilityRecord(site=each.site, lines=each.lines), each.spans)


def _with(bare: AvailabilityRecord, spans: Spans) -> AvailabilityRecord:
    day, week, month = spans.day, spans.week, spans.month
    return replace(
        bare,
        day_share_up=day.share_up,
        day_share_observed=day.share_observed,
        day_flaps=day.flaps,
        week_share_up=week.share_up,
        week_share_observed=week.share_observed,
        week_flaps=week.flaps,
        month_share_up=month.share_up,
        month_share_observed=month.share_observed,
        month_flaps=month.flaps,
        month_observed=month.observed,
        month_up=month.up,
        month_on_backup=month.on_backup,
        month_outages=month.outages,
        month_longest=month.longest,
    )


def accounting(report: AuditReport) -> tuple[str, ...]:
    """Say how availability is accounted for, in sentences."""
    return (
        "A line was observed while its phone could be read and a sweep that polled it had ended "
        f"at most {2 * report.interval:g} s before (twice [poll] interval).",
        "Time that was not observed counts neither as up nor as down; “observed” is the "
        "observed share of the whole window.",
        "Up means registered with any registrar; its share is of the observed time. A status "
        "that fleet does not understand does not count as up.",
        "A flap is one loss of a registration.",
        "Lines without an account, and lines configured not to register (0.0.0.0), are excluded.",
    )
