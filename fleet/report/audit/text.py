"""The audit in a few lines of plain text: for the terminal, and for the body of a mail."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from fleet.report.audit.values import AuditChange
from fleet.report.wording import at, counted, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.report.audit.records import ChangeRecord
    from fleet.report.audit.values import AuditReport

WIDTH = 80
MOST = 10  # changes that are named one by one

_NAMES = {
    AuditChange.REGRESSION: "regression",
    AuditChange.NEW: "new",
    AuditChange.STILL: "still",
    AuditChange.UNSEEN: "not seen this time",
    AuditChange.RESOLVED: "resolved",
}


def subject(report: AuditReport) -> str:
    """The subject of a mail: what got worse first."""
    worse = report.changes.count(AuditChange.REGRESSION)
    parts = [counted(worse, "regression")] if report.changes.since else []
    parts.append(f"{counted(report.totals.flagged, 'line')} flagged")
    if report.totals.not_read:
        parts.append(f"{counted(report.totals.not_read, 'phone')} not read")
    day = at(report.at, report.zone).partition(" ")[0]
    place = f" of {report.site}" if report.site else ""
    return f"fleet audit{place} {day}: {', '.join(parts)}"


def verdict(report: AuditReport) -> str:
    """One sentence: what got worse since the audit before, or that nothing did."""
    changes = report.changes
    if changes.since is None:
        return changes.note
    when = at(changes.since, report.zone)
    worse = changes.count(AuditChange.REGRESSION)
    if worse:
        return f"{counted(worse, 'regression')} since the audit of {when}."
    return f"Nothing got worse since the audit of {when}."


def change_counts(report: AuditReport) -> str:
    """How many findings are new, still there, resolved; empty where nothing was compared."""
    if report.changes.since is None:
        return ""
    some = ((report.changes.count(kind), _NAMES[kind]) for kind in AuditChange)
    return ", ".join(f"{number:,} {name}" for number, name in some if number) or "No findings."


def summary(report: AuditReport) -> list[str]:
    """The audit in lines of at most 80 columns: what changed first, then the counts."""
    sentences = [
        f"Audit of {_whole(report)}, {at(report.at, report.zone)} ({report.zone}).",
        verdict(report),
        *([f"Changes: {change_counts(report)}."] if report.changes.records else []),
    ]
    lines = [line for sentence in sentences for line in textwrap.wrap(sentence, WIDTH)]
    lines += _changed(report)
    lines += [line for sentence in _counts(report) for line in textwrap.wrap(sentence, WIDTH)]
    return lines


def _whole(report: AuditReport) -> str:
    return f"site {report.site}" if report.site else "all phones"


def _changed(report: AuditReport) -> Iterator[str]:
    worse = report.changes.of(AuditChange.REGRESSION, AuditChange.NEW)
    shown = [*worse, *report.changes.of(AuditChange.RESOLVED)]
    for record in shown[:MOST]:
        yield _shortened(f"  {record.change:<11} {named(record)}: {record.text}")
    if len(shown) > MOST:
        yield f"  … and {len(shown) - MOST:,} more"


def named(record: ChangeRecord) -> str:
    """Say whose finding it is: `berlin, reception, line 2`."""
    line = f"line {record.line}" if record.line else ""
    return ", ".join(part for part in (record.site, record.phone, line) if part)


def _shortened(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def _counts(report: AuditReport) -> Iterator[str]:
    totals = report.totals
    phones = [f"{totals.phones:,}", f"{totals.not_read:,} not read"]
    if totals.not_polled:
        phones.append(f"{totals.not_polled:,} not polled yet")
    yield f"Phones: {', '.join(phones)}. Lines: {totals.lines:,}, {totals.flagged:,} flagged."
    passwords = len(report.passwords or ())
    others = (
        (len(report.firmware), "phone", "on old firmware"),
        (len(report.differences), "difference", "from the inventory"),
        (passwords, "phone", "with the default password"),
        (sum(each.count or 0 for each in report.missed), "sweep", "missed or cut off"),
    )
    told = [f"{counted(number, noun)} {what}" for number, noun, what in others if number]
    if told:
        yield f"{', '.join(told)}."
    yield from _availability(report)


def _availability(report: AuditReport) -> Iterator[str]:
    if not report.sites:
        return
    spans = report.sites[0].spans
    for site in report.sites[1:]:
        spans = spans + site.spans
    shares = (
        (spans.day, "day"),
        (spans.week, "week"),
        (spans.month, f"{report.days_back} days"),
    )
    told = [
        f"{percent(each.share_up)} over the last {name}" for each, name in shares if each.observed
    ]
    observed = percent(spans.month.share_observed)
    if told:
        yield f"Registered: {', '.join(told)} ({observed} of that time was observed)."
