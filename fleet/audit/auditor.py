"""The use case: sweep, compare with the audit before, write the files, record and send them."""

from __future__ import annotations

import asyncio
import io
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from fleet.audit.availability import DAY, LOOKS_HOLD_FOR
from fleet.audit.build import judged, report
from fleet.audit.differences import compare
from fleet.audit.findings import decode, encode
from fleet.errors import FleetError, StoreError, SweepRunning, UsageError
from fleet.files import replacing
from fleet.report.audit import AUDIT_FORMATS, subject, summary
from fleet.store import EventKind, Secrets

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Mapping
    from datetime import datetime

    from fleet.audit.build import Judged
    from fleet.audit.differences import Compared
    from fleet.audit.findings import Findings
    from fleet.model import Incident, MissedSweeps, Sweep
    from fleet.report.audit import AuditReport
    from fleet.settings import Settings
    from fleet.store import Event, Period, PhoneStatus, Store, StoredPhone
    from fleet.sweep import Outcome

# What these phones have from the factory (web-ui facts 1.2). It is looked for in the inventory
# alone, where an administrator wrote it; no phone is ever asked with it.
DEFAULT_PASSWORD = "22222"  # noqa: S105
_LONGEST_SWEEP = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is audited, and how: everything but the data. `site` None means all phones.

    `interval` is `[poll] interval`, `month` the history to look at, in seconds; `zone` the IANA
    time zone of the readers. `rules` are those that are not switched off.
    """

    at: datetime
    rules: frozenset[str]
    interval: float
    month: int
    zone: str
    site: str | None = None

    @property
    def selection(self) -> str:
        """What is audited, in words that stay the same from audit to audit."""
        return "all" if self.site is None else f"site {self.site}"

    @property
    def since(self) -> datetime:
        """The beginning of the history looked at."""
        return self.at - timedelta(seconds=self.month)


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """The data. `statuses` are those of the whole fleet, whatever is audited; the rest as well.

    `passwords` are the phones that the inventory says have the default password; None where its
    passwords cannot be read for want of the key.
    """

    statuses: tuple[PhoneStatus, ...]
    sweeps: tuple[Sweep, ...] = ()
    missed: tuple[MissedSweeps, ...] = ()
    incidents: tuple[Incident, ...] = ()
    conflicts: tuple[Event, ...] = ()
    passwords: frozenset[int] | None = frozenset()


def gather(store: Store, question: Question) -> Material:
    """Read the material, all but the history, which is streamed."""
    since = question.since
    # A sweep that ended within the history, or soon before, began earlier.
    began = since - timedelta(seconds=LOOKS_HOLD_FOR * question.interval) - _LONGEST_SWEEP
    events = store.events.load(since=question.at - timedelta(seconds=DAY))
    return Material(
        statuses=tuple(store.observations.statuses()),
        sweeps=tuple(store.sweeps.load(since=began, until=question.at)),
        missed=tuple(store.sweeps.missed(since)),
        incidents=tuple(store.findings.incidents(since=since, until=question.at)),
        conflicts=tuple(event for event in events if event.kind is EventKind.MAC_CONFLICT),
        passwords=_default_passwords(store),
    )


def past(store: Store, question: Question, material: Material) -> Iterator[Period]:
    """Stream the history looked at of the audited phones."""
    ids = None
    if question.site is not None:
        stored = (each.stored for each in material.statuses)
        ids = [each.id for each in stored if each.phone.site == question.site]
    return store.observations.history(ids=ids, since=question.since)


def _default_passwords(store: Store) -> frozenset[int] | None:
    try:
        stored = store.phones.load(secrets=Secrets.WEB_UI)
    except StoreError:
        return None
    return frozenset(each.id for each in stored if _password(each) == DEFAULT_PASSWORD)


def _password(stored: StoredPhone) -> str:
    """The password that the inventory gives for a phone: its own, else its site's."""
    return stored.phone.password or (stored.site.password if stored.site else None) or ""


_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def write_files(report: AuditReport, folder: Path, formats: Sequence[str]) -> tuple[Path, ...]:
    """Write the report in each format. Where the day has such files already, the time is added."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The folder {folder} cannot be made: {error.strerror}.") from None
    name = _free_name(report, folder, formats)
    written = []
    for form in dict.fromkeys(formats):
        path = folder / f"{name}.{form}"
        with replacing(path) as file:
            AUDIT_FORMATS[form](report, file)
        written.append(path)
    return tuple(written)


def _free_name(report: AuditReport, folder: Path, formats: Sequence[str]) -> str:
    """The first name under which no file is there: with the day, the minute, then the second."""
    local = report.at.astimezone(ZoneInfo(report.zone))
    plain = stem(report)
    day = local.date().isoformat()
    times = ("", f"-{local:%H%M}", f"-{local:%H%M%S}", f"-{local:%H%M%S-%f}")
    names = [plain.replace(day, f"{day}{time}", 1) for time in times]
    free = (n for n in names if not any((folder / f"{n}.{form}").exists() for form in formats))
    return next(free, names[-1])


def stem(report: AuditReport) -> str:
    """The files' name without its ending: `audit-2026-11-25`, `audit-2026-11-25-berlin`."""
    day = report.at.astimezone(ZoneInfo(report.zone)).date().isoformat()
    return f"audit-{day}-{_file_name(report.site)}" if report.site else f"audit-{day}"


def _file_name(site: str) -> str:
    """A site's name as a part of a file's; a name that has to give way keeps a mark of its own."""
    plain = _PLAIN.sub("-", site).strip("-.")
    return plain if plain == site else f"{plain}-{zlib.crc32(site.encode()):08x}".strip("-")


Send: TypeAlias = Callable[[Sequence[str], str, str, str, Sequence[Path]], None]
"""Sends to Apprise URLs: subject, text, HTML, attachments. Raises `FleetError` if it could not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipients:
    """Apprise URLs, which hold passwords: of those who get all of it, and of each site's."""

    everybody: tuple[str, ...] = field(default=(), repr=False)
    sites: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


def send_report(
    report: AuditReport, urls: Sequence[str], files: Sequence[Path], send: Send
) -> str | None:
    """Send a report; give a sentence if it could not be sent. The audit itself is done by then."""
    page = io.BytesIO()
    AUDIT_FORMATS["html"](report, page)
    text = "\n".join(summary(report)) + "\n"
    try:
        send(urls, subject(report), text, page.getvalue().decode(), files)
    except FleetError as error:
        whom = f"the recipients of site {report.site}" if report.site else "the recipients"
        return f"The audit could not be sent to {whom}: {error}"
    return None


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
