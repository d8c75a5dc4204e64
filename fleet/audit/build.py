"""From the material to the report: pure, but for the history that is streamed in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from fleet.audit import differences as differing
from fleet.audit.availability import Books, by_phone
from fleet.audit.counts import Recurrence, by_id, counts, flags_of, look_at_all, newest, totals
from fleet.audit.findings import Findings
from fleet.model import IncidentState
from fleet.report.audit import AuditReport, DayAvailability, MissedRecord, SiteAvailability

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from fleet.audit.auditor import Material, Question
    from fleet.audit.counts import Looked
    from fleet.audit.differences import Compared
    from fleet.audit.findings import Flag
    from fleet.model import Sweep
    from fleet.report.audit import Changes, LineAvailability
    from fleet.store import Period, PhoneStatus

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """An audit before it is compared and laid out.

    `days` are the last days' availability by site. `findings` do not know yet what changed.
    """

    question: Question
    material: Material
    phones: tuple[Looked, ...]
    findings: Findings
    lines: tuple[LineAvailability, ...]
    days: Mapping[str, tuple[DayAvailability, ...]]


def judged(question: Question, material: Material, history: Iterable[Period]) -> Judged:
    """Judge the audited phones, and account for their lines in one pass over the history."""
    phones = look_at_all(_chosen(question, material))
    flags = by_id(flag for looked in phones for flag in flags_of(looked))
    recurrence = Recurrence(material.incidents, question.since)
    books = Books(question, material.sweeps, phones)
    told = {phone_id: [recurrence.told(flag, None) for flag in f] for phone_id, f in flags.items()}
    for past in by_phone(history):
        books.enter(past)
        if some := flags.get(past.phone_id):
            told[past.phone_id] = [recurrence.told(flag, past) for flag in some]
    ordered = (flag for looked in phones for flag in told.get(looked.status.stored.id, ()))
    return Judged(
        question=question,
        material=material,
        phones=phones,
        findings=_findings(question, phones, ordered),
        lines=books.lines(),
        days=books.days(),
    )


def _findings(question: Question, phones: Iterable[Looked], flags: Iterable[Flag]) -> Findings:
    polled = [each for each in phones if each.status.reach is not None]
    return Findings(
        selection=question.selection,
        at=question.at,
        rules=question.rules,
        polled=frozenset(each.status.stored.id for each in polled),
        readable=frozenset(each.status.stored.id for each in polled if each.is_read),
        flags=tuple(flags),
    )


def _chosen(question: Question, material: Material) -> Iterator[PhoneStatus]:
    for status in material.statuses:
        if question.site is None or status.stored.phone.site == question.site:
            yield status


def report(
    audit: Judged,
    compared: Compared,
    *,
    sweep: Sweep | None = None,
    notes: Sequence[str] = (),
    site: str | None = None,
) -> AuditReport:
    """Lay out the report: the whole, or with `site` that site's part of it."""
    question = audit.question
    flagged = [flag.record for flag in compared.findings.flags]
    lines = _of_site(audit.lines, site)
    return AuditReport(
        at=question.at,
        zone=question.zone,
        selection=question.selection,
        site=question.site or site or "",
        interval=question.interval,
        month=question.month,
        sweep=sweep,
        notes=(
            *(notes if site is None else ()),
            *_strangers(audit.material, question.site or site),
        ),
        changes=_changes(compared.changes, site),
        flagged=_of_site(flagged, site),
        lines=lines,
        sites=tuple(_sites(lines)),
        days=_days(audit.days, site),
        missed=tuple(_missed(audit.material, question.since)),
        **_of_phones(_of_site(audit.phones, site, "status.stored.phone.site"), audit.material),
    )


def _strangers(material: Material, site: str | None) -> Iterator[str]:
    """Say of each site, or of one, what strangers asked for of late."""
    for incident in material.incidents:
        stands = incident.subject and incident.state is IncidentState.OPEN
        if stands and site in (None, incident.site):
            where = f" at {incident.site}" if incident.site else ""
            yield f"Strangers{where}: {incident.text}"


def _of_phones(phones: Sequence[Looked], material: Material) -> dict[str, Any]:
    """Give those parts of a report that its phones' state tells."""
    seen = ((status.model, status.firmware) for status in material.statuses)
    ids = material.passwords
    return {
        "totals": totals(phones),
        "counts": counts(phones),
        "not_read": tuple(differing.not_read(phones)),
        "firmware": tuple(differing.old_firmware(phones, newest(seen))),
        "differences": differing.differences(phones, material.conflicts),
        "passwords": None if ids is None else tuple(differing.default_passwords(phones, ids)),
    }


def _of_site(records: Iterable[T], site: str | None, name: str = "site") -> tuple[T, ...]:
    site_of = attrgetter(name)
    return tuple(each for each in records if site is None or site_of(each) == site)


def _changes(changes: Changes, site: str | None) -> Changes:
    return replace(changes, records=_of_site(changes.records, site))


def _sites(lines: Iterable[LineAvailability]) -> Iterator[SiteAvailability]:
    sums: dict[str, SiteAvailability] = {}
    for line in lines:
        before = sums.get(line.site)
        sums[line.site] = SiteAvailability(
            site=line.site,
            lines=before.lines + 1 if before else 1,
            spans=before.spans + line.spans if before else line.spans,
        )
    yield from (each for _, each in sorted(sums.items()))


def _days(
    by_site: Mapping[str, Sequence[DayAvailability]], site: str | None
) -> tuple[DayAvailability, ...]:
    """Add up the days of the sites asked for."""
    some = [days for name, days in by_site.items() if site in (None, name)]
    return tuple(
        DayAvailability(
            ago=same[0].ago,
            observed=sum(day.observed for day in same),
            up=sum(day.up for day in same),
        )
        for same in zip(*some, strict=True)
    )


def _missed(material: Material, since: datetime) -> Iterator[MissedRecord]:
    """Give the planned sweeps that did not take place, and those that were cut off."""
    for missed in material.missed:
        yield MissedRecord(
            schedule=missed.schedule,
            first=missed.first,
            last=missed.last,
            count=missed.count,
            reason=missed.reason,
        )
    for sweep in material.sweeps:
        if sweep.interrupted and sweep.started >= since:
            name, moment = sweep.schedule or sweep.trigger, sweep.planned_for or sweep.started
            yield MissedRecord(
                schedule=name, first=moment, last=moment, count=1, reason="it was interrupted"
            )
