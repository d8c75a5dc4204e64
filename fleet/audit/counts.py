"""The flags of an audit, and how many phones and lines there are of each state, model and code."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from fleet.audit.findings import Flag
from fleet.judge import RULES, About, Trouble, rules_about, sip_code
from fleet.model import IncidentState, Reach, Registration
from fleet.outages import is_down, runs
from fleet.report.audit import CountRecord, FlaggedRecord, Totals
from fleet.status import findings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from fleet.audit.availability import PhonePast
    from fleet.model import Incident, Line
    from fleet.outages import Run
    from fleet.store import LinePeriod, PhoneStatus

Version: TypeAlias = tuple[int, ...]
_NUMBERS = re.compile(r"\d{1,9}(?:\.\d{1,9})*", re.ASCII)


def version(text: str) -> Version | None:
    """Read the numbers of a version such as `3.3.1.4365-SIP`; None if there are none.

    Zeros at its end say nothing: 4.2 and 4.2.0 are one.
    """
    found = _NUMBERS.search(text)
    if found is None:
        return None
    numbers = [int(part) for part in found[0].split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def newest(seen: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give the newest firmware of each model, from pairs of model and firmware."""
    found: dict[str, str] = {}
    for model, firmware in sorted(set(seen)):
        if model and version(firmware) and is_older(found.get(model, "0"), firmware):
            found[model] = firmware
    return found


def is_older(firmware: str, than: str) -> bool:
    """Whether a version is older; what has no numbers cannot be told."""
    one, other = version(firmware), version(than)
    return one is not None and other is not None and one < other


_OF_FILES = rules_about(About.FILES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """A phone's state and what is held against it."""

    status: PhoneStatus
    findings: tuple[Incident, ...]

    @property
    def is_read(self) -> bool:
        """Whether its lines were seen."""
        return self.status.reach is Reach.OK

    def lines(self) -> Iterator[tuple[Line | None, bool]]:
        """Give each line seen and whether it is flagged; None for one that is not there."""
        against = {each.line for each in self.findings if each.rule not in _OF_FILES}
        shown = {each.line.number for each in self.status.lines}
        for each in self.status.lines if self.is_read else ():
            yield each.line, None in against or each.line.number in against
        for _ in against - shown - {None}:
            yield None, True


def look_at_all(statuses: Iterable[PhoneStatus]) -> tuple[Looked, ...]:
    """Put phones beside what is wrong with them."""
    return tuple(Looked(status=status, findings=tuple(findings_of(status))) for status in statuses)


def flags_of(looked: Looked) -> Iterator[Flag]:
    """Give a phone's flags, as far as its present state tells."""
    status, phone = looked.status, looked.status.stored.phone
    lines = {each.line.number: each for each in status.lines}
    for finding in looked.findings:
        line = lines.get(finding.line) if finding.line else None
        account = line.line.account if line else None
        record = FlaggedRecord(
            site=phone.site,
            phone=phone.label,
            mac=phone.mac,
            host=phone.host,
            line=finding.line,
            rule=finding.rule,
            severity=finding.severity,
            text=finding.text.removeprefix(f"line {finding.line}: "),
            check=finding.check,
            account=account.raw if account else "",
            code=finding.code,
            registrar=finding.registrar,
            since=_since(finding, status, line.since if line else None),
        )
        yield Flag(phone_id=status.stored.id, record=record)


def _since(finding: Incident, status: PhoneStatus, line_since: datetime | None) -> datetime | None:
    return line_since if finding.line else status.reach_since


class Recurrence:
    """Tells of flags how often each came of late, and since when it stands.

    History tells of registrations, backups and reach. Of other rules the incidents tell; how often
    is None where they say nothing.
    """

    def __init__(self, incidents: Iterable[Incident], since: datetime) -> None:
        self._opened: Counter[tuple[int | None, str, int]] = Counter()
        self._standing: dict[tuple[int | None, str, int], datetime] = {}
        for incident in incidents:
            key = (incident.phone_id, *incident.key)
            self._opened[key] += incident.opened is not None and incident.opened >= since
            if incident.state is not IncidentState.RESOLVED:
                self._standing[key] = incident.first_seen

    def told(self, flag: Flag, past: PhonePast | None) -> Flag:
        """Give the flag with what is known of its past."""
        record = flag.record
        known = _runs(record.rule, record.line, past) if past else None
        if known:
            since = known[-1].since if known[-1].until is None else record.since
            return replace(flag, record=replace(record, times=len(known), since=since))
        key = (flag.phone_id, record.rule, record.line or 0)
        since = record.since or self._standing.get(key)
        times = self._opened[key] or None
        return replace(flag, record=replace(record, times=times, since=since))


def _runs(name: str, line: int | None, past: PhonePast) -> list[Run]:
    rule = RULES.get(name)
    if rule and rule.trouble is Trouble.REACH:
        return list(runs(past.reaches, lambda period: period.reach is not Reach.OK))
    periods: Sequence[LinePeriod] = past.lines.get(line, []) if line else []
    if rule and rule.trouble is Trouble.REGISTRATION:
        return list(runs(periods, lambda period: is_down(period.line)))
    if rule and rule.flaps:
        return list(runs(periods, lambda period: period.line.backup is True))
    return []


def by_id(flags: Iterable[Flag]) -> dict[int, list[Flag]]:
    """Put flags together by phone."""
    found: dict[int, list[Flag]] = defaultdict(list)
    for flag in flags:
        found[flag.phone_id].append(flag)
    return found


NOT_SEEN = "not seen"
NOT_SHOWN = "not shown"
ON_BACKUP = "on backup"
_STATES = (
    Registration.FAILED,
    Registration.UNREGISTERED,
    Registration.UNKNOWN,
    NOT_SHOWN,
    ON_BACKUP,
    Registration.REGISTERED,
    Registration.UNCONFIGURED,
    NOT_SEEN,
)


@dataclass(kw_only=True, slots=True)
class _Count:
    phones: int = 0
    not_read: int = 0
    lines: int = 0
    flagged: int = 0


def totals(phones: Sequence[Looked]) -> Totals:
    """Count everything once."""
    lines = [is_flagged for looked in phones for _, is_flagged in looked.lines()]
    return Totals(
        phones=len(phones),
        not_read=sum(1 for each in phones if each.status.reach and not each.is_read),
        not_polled=sum(1 for each in phones if each.status.reach is None),
        lines=len(lines),
        flagged=sum(lines),
    )


def counts(phones: Sequence[Looked]) -> tuple[CountRecord, ...]:
    """Count by state, site, model, firmware and SIP code, each in an order that stays the same."""
    return tuple(
        record
        for records in (_by_state(phones), _by_phone(phones), _by_code(phones))
        for record in records
    )


def state_of(line: Line | None) -> str:
    """What a line's state is called here; None is a line that the phone does not show."""
    if line is None:
        return NOT_SHOWN
    if line.backup and line.registration is Registration.REGISTERED:
        return ON_BACKUP
    return line.registration


def _by_state(phones: Sequence[Looked]) -> Iterator[CountRecord]:
    found: dict[str, _Count] = defaultdict(_Count)
    for looked in phones:
        for line, is_flagged in looked.lines():
            count = found[state_of(line)]
            count.lines, count.flagged = count.lines + 1, count.flagged + is_flagged
        if not looked.is_read:
            found[NOT_SEEN].lines += len(looked.status.lines)
    for state in _STATES:
        if state in found:
            lines, flagged = found[state].lines, found[state].flagged
            yield CountRecord(of="state", name=state, lines=lines, flagged=flagged)


def _by_phone(phones: Sequence[Looked]) -> Iterator[CountRecord]:
    found: dict[str, dict[str, _Count]] = {"site": {}, "model": {}, "firmware": {}}
    for looked in phones:
        status, phone = looked.status, looked.status.stored.phone
        model = status.model or phone.model
        named = (phone.site, model, f"{model} {status.firmware}" if status.firmware else "")
        lines = [is_flagged for _, is_flagged in looked.lines()]
        for counted, name in zip(found.values(), named, strict=True):
            count = counted.setdefault(name, _Count())
            count.phones += 1
            count.not_read += not looked.is_read
            count.lines += len(lines)
            count.flagged += sum(lines)
    for of, counted in found.items():
        for name, count in sorted(counted.items()):
            yield CountRecord(
                of=of,
                name=name,
                phones=count.phones,
                not_read=count.not_read,
                lines=count.lines,
                flagged=count.flagged,
            )


def _by_code(phones: Sequence[Looked]) -> Iterator[CountRecord]:
    found: dict[int, _Count] = defaultdict(_Count)
    for looked in phones:
        for line, is_flagged in looked.lines():
            if line and line.code is not None:
                found[line.code].lines += 1
                found[line.code].flagged += is_flagged
    for code, count in sorted(found.items(), key=lambda each: (-each[1].lines, each[0])):
        name = f"{code} {sip_code(code).name}"
        yield CountRecord(of="code", name=name, lines=count.lines, flagged=count.flagged)
