"""The flags of an audit: each finding of each phone, since when, and how often of late."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet.audit.findings import Flag
from fleet.judge import RULES, About, Trouble, rules_about
from fleet.model import IncidentState, Reach
from fleet.outages import is_down, runs
from fleet.report.audit import FlaggedRecord
from fleet.status import findings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from fleet.audit.availability import PhonePast
    from fleet.model import Incident, Line
    from fleet.outages import Run
    from fleet.store import LinePeriod, PhoneStatus

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
