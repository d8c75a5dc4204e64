"""The use case: sweep, judge, compare with the audit before, write the files, keep, send."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from fleet.audit.build import judged, report
from fleet.audit.differences import compare
from fleet.audit.files import write_files
from fleet.audit.findings import decode, encode
from fleet.audit.mail import Recipients, send_report
from fleet.audit.material import Question, gather, past
from fleet.errors import FleetError, SweepRunning

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from pathlib import Path

    from fleet.audit.build import Judged
    from fleet.audit.differences import Compared
    from fleet.audit.findings import Findings
    from fleet.audit.mail import Send
    from fleet.report.audit import AuditReport
    from fleet.settings import Settings
    from fleet.store import Store
    from fleet.sweep import Outcome

SweepNow: TypeAlias = "Callable[[], Awaitable[Outcome]]"


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditOrder:
    """What is audited, by whom asked, and what becomes of it.

    `site` None means all phones. An audit whose `trigger` is not "manual" is a baseline: later
    audits are compared with it. `against` compares with the last audit begun before that moment,
    whatever asked for it, in place of the last baseline. `planned_for` is the
    moment that a schedule planned it for: the database gives each to one runner. `send` None:
    nobody is sent anything.
    """

    output: Path
    formats: tuple[str, ...]
    site: str | None = None
    trigger: str = "manual"
    planned_for: datetime | None = None
    against: datetime | None = None
    send: Send | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """An audit that is done. `sent` counts messages; `troubles` are sentences about those not.

    `sweep` is what its sweep came to, None if it asked no phone.
    """

    report: AuditReport
    files: tuple[Path, ...]
    sweep: Outcome | None = None
    sent: int = 0
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Auditor:
    """Audits the phones of a store, with everything that it needs given to it.

    `rules` are those that are not switched off; `interval` is `[poll] interval` and `month` the
    history to look at, in seconds; `zone` the IANA time zone of the readers.
    """

    store: Store
    rules: frozenset[str]
    interval: float
    month: int
    zone: str
    clock: Callable[[], datetime]
    recipients: Recipients = field(default_factory=Recipients)

    async def run(self, order: AuditOrder, sweep: SweepNow | None) -> Audited | None:
        """Audit; `sweep` None takes what is stored. None if another runner has that planned audit.

        A sweep that is running already is not waited for: the audit says so, and goes on.
        """
        audit_id = await asyncio.to_thread(self._begin, order)
        if audit_id is None:
            return None
        outcome, notes = await _swept(sweep)
        return await asyncio.to_thread(self._audit, order, audit_id, outcome, notes)

    def _begin(self, order: AuditOrder) -> int | None:
        return self.store.audits.begin(
            trigger=order.trigger,
            selection=self._question(order).selection,
            planned_for=order.planned_for,
            now=self.clock(),
        )

    def _question(self, order: AuditOrder) -> Question:
        return Question(
            at=self.clock(),
            rules=self.rules,
            interval=self.interval,
            month=self.month,
            zone=self.zone,
            site=order.site,
        )

    def _audit(
        self, order: AuditOrder, audit_id: int, outcome: Outcome | None, notes: tuple[str, ...]
    ) -> Audited:
        question = self._question(order)
        material = gather(self.store, question)
        audit = judged(question, material, past(self.store, question, material))
        before, why = self._before(question.selection, audit_id, order.against)
        compared = compare(before, audit.findings, note=why)
        sweep = outcome.sweep if outcome else None
        whole = report(audit, compared, sweep=sweep, notes=notes)
        files = write_files(whole, order.output, order.formats)
        self.store.audits.finish(
            audit_id,
            sweep_id=sweep.id if sweep else None,
            findings=encode(compared.findings),
            now=self.clock(),
        )
        return self._sent(order, Audited(report=whole, files=files, sweep=outcome), audit, compared)

    def _before(
        self, selection: str, audit_id: int, against: datetime | None
    ) -> tuple[Findings | None, str]:
        """Return what the audit before found, or a sentence that says why there is none."""
        stored = self.store.audits.last(
            selection, before_id=audit_id, until=against, baselines_only=against is None
        )
        if stored is None:
            return None, (
                "This is the first audit of these phones, so there is nothing to compare with."
                if against is None
                else "There is no earlier audit of these phones, so there is nothing to compare "
                "with."
            )
        try:
            return decode(stored.findings), ""
        except FleetError as error:
            return None, f"Nothing is compared with the audit before: {error}"

    def _sent(self, order: AuditOrder, done: Audited, audit: Judged, compared: Compared) -> Audited:
        """Send the whole to everybody's recipients, and each site's part to that site's."""
        if order.send is None:
            return done
        told: list[str | None] = []
        if order.site is None and self.recipients.everybody:
            told.append(send_report(done.report, self.recipients.everybody, done.files, order.send))
        sites = {each.status.stored.phone.site for each in audit.phones}
        for site, urls in sorted(self.recipients.sites.items()):
            if order.site not in (None, site) or not urls:
                continue
            if site not in sites:
                told.append(f"The audit of {site} was not sent: that site has no phone.")
                continue
            part = report(audit, compared, site=site, sweep=done.report.sweep)
            files = write_files(part, order.output, order.formats)
            told.append(send_report(part, urls, files, order.send))
        troubles = tuple(trouble for trouble in told if trouble)
        return replace(done, sent=told.count(None), troubles=troubles)


async def _swept(sweep: SweepNow | None) -> tuple[Outcome | None, tuple[str, ...]]:
    if sweep is None:
        return None, ()
    try:
        outcome = await sweep()
    except SweepRunning as error:
        return None, (f"The audit did not sweep: {error}",)
    return outcome, outcome.notes


def auditor_of(
    settings: Settings,
    *,
    store: Store,
    rules: frozenset[str],
    clock: Callable[[], datetime],
) -> Auditor:
    """Make the auditor that the settings want; `rules` are those not switched off."""
    audit = settings.audit
    return Auditor(
        store=store,
        rules=rules,
        interval=settings.poll.interval,
        month=audit.history,
        zone=settings.audit_timezone,
        clock=clock,
        recipients=Recipients(
            everybody=tuple(url.get_secret_value() for url in audit.recipients),
            sites={
                name: tuple(url.get_secret_value() for url in site.recipients)
                for name, site in audit.sites.items()
            },
        ),
    )
