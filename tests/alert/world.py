"""A world without a database: what happens in it, and rounds of alerting that are written down.

It keeps what the store keeps, by the same rules: a key is told once, a notice is handled once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fleet.alert import Plan, Policy, Route, Situation, Telling, plan
from fleet.model import (
    AlertKind,
    Cause,
    CauseKind,
    Incident,
    IncidentState,
    Notice,
    NoticeKind,
    Selector,
    Silence,
)
from tests.alert.makers import START, incident, notice, resolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ALL = Route(name="default", urls=("json://all",))
BONN = Route(name="bonn", urls=("json://bonn",), sites=frozenset({"bonn"}))
POLICY = Policy(routes=(ALL, BONN), repeat_after=None)


@dataclass
class World:
    policy: Policy = POLICY
    now: datetime = START
    incidents: dict[int, Incident] = field(default_factory=dict)
    notices: dict[int, Notice] = field(default_factory=dict)
    causes: dict[int, Cause] = field(default_factory=dict)
    cause_of: dict[int, int] = field(default_factory=dict)
    ending: set[int] = field(default_factory=set)
    silences: dict[int, Silence] = field(default_factory=dict)
    flapping: set[tuple[int, int]] = field(default_factory=set)
    sweeping_since: datetime | None = None
    alerts: dict[str, Telling] = field(default_factory=dict)
    written: dict[str, datetime] = field(default_factory=dict)
    rounds: list[Plan] = field(default_factory=list)
    alert_of: dict[int, str] = field(default_factory=dict)
    dropped: dict[int, str] = field(default_factory=dict)

    # What happens

    def open(self, line: int, **fields: object) -> Incident:
        """A line goes bad, if it is good."""
        for one in self.standing():
            if one.phone_id == line:
                return one
        number = len(self.incidents) + 1
        site = ("berlin", "bonn")[line % 2]
        made = incident(number, phone_id=line, site=site, opened=self.now, first_seen=self.now)
        made = replace(made, **fields)  # type: ignore[arg-type]
        self.incidents[number] = made
        opening = notice(made)
        self.notices[opening.id or 0] = opening
        return made

    def resolve(self, number: int) -> None:
        """An incident is over, if it stands."""
        one = self.incidents[number]
        if one.state is IncidentState.OPEN:
            self.incidents[number] = over = resolved(one, self.now)
            ending = notice(over, NoticeKind.RESOLVED)
            self.notices[ending.id or 0] = ending

    def explain(self, numbers: Iterable[int], name: str = "pbx") -> None:
        """Incidents have one cause, an old one or a new one."""
        free = {n for n in numbers if n not in self._members() and self._stands(n)}
        lasting = [c for c in self.causes.values() if c.name == name and not c.ended]
        if not lasting and len(free) > 1:
            number = len(self.causes) + 1
            began = self.now + timedelta(seconds=number)  # no two of one name in one second
            lasting = [
                Cause(
                    id=number,
                    kind=CauseKind.REGISTRAR,
                    name=name,
                    began=began,
                    failing=2,
                    looked_at=2,
                )
            ]
            self.causes[number] = lasting[0]
        for cause in lasting:
            self.cause_of |= dict.fromkeys(free, cause.id or 0)

    def end_cause(self, number: int) -> None:
        """A cause ends, and the next round sees it."""
        if not self.causes[number].ended:
            self.ending.add(number)

    def resolve_line(self, line: int) -> None:
        """A line is good again."""
        for one in self.standing():
            if one.phone_id == line:
                self.resolve(one.id or 0)

    def end_causes(self) -> None:
        """What lasts ends."""
        for number in self.causes:
            self.end_cause(number)

    def silence(self, selector: Selector, span: timedelta) -> int:
        """Somebody silences something."""
        number = len(self.silences) + 1
        self.silences[number] = Silence(
            id=number, selector=selector, since=self.now, until=self.now + span
        )
        return number

    # Rounds

    def round(self, after: timedelta = timedelta()) -> Plan:
        """Let time pass, decide, and write it down."""
        self.now += after
        decided = plan(self.situation(), self.policy)
        self.rounds.append(decided)
        for telling in decided.tellings:
            if telling.key not in self.alerts:
                self.alerts[telling.key] = telling
                self.written[telling.key] = self.now
            for number in telling.notice_ids:
                self.alert_of[number] = telling.key
        for number, why in decided.dropped:
            assert number not in self.dropped
            assert not self._stands(number // 10), "nobody would be told of it"
            self.dropped[number] = why
        for number, reasons in decided.delayed:
            self.notices[number] = replace(self.notices[number], delayed_by=reasons)
        for number in self.ending:
            self.causes[number] = replace(self.causes[number], ended=self.now)
        self.ending.clear()
        return decided

    def situation(self) -> Situation:
        """What a round looks at."""
        causes = [
            replace(
                cause,
                members=frozenset(self._standing_members(number)),
                ended=self.now if number in self.ending else None,
            )
            for number, cause in self.causes.items()
            if not cause.ended
        ]
        by_id = {cause.id: cause for cause in causes}
        return Situation(
            now=self.now,
            notices=tuple(self.unhandled()),
            standing={one.id or 0: one for one in self.standing()},
            told=self.told(),
            causes=tuple(causes),
            members={n: by_id[c] for n, c in self.cause_of.items() if c in by_id},
            of_ended={
                number: tuple(self.incidents[n] for n, c in self.cause_of.items() if c == number)
                for number in self.ending
            },
            told_causes=self.told_causes(),
            flapping=frozenset(self.flapping),
            sweeping_since=self.sweeping_since,
            silences=tuple(s for s in self.silences.values() if s.until > self.now),
            sent=self.sent(),
        )

    def standing(self) -> list[Incident]:
        return [one for one in self.incidents.values() if one.state is IncidentState.OPEN]

    def unhandled(self) -> Iterator[Notice]:
        for number, one in self.notices.items():
            if number not in self.alert_of and number not in self.dropped:
                yield replace(one, incident=self.incidents[one.incident.id or 0])

    def told(self) -> dict[int, datetime]:
        """Of which incidents an alert told, by itself or by their cause."""
        found = {
            n: self.written[self.alert_of[n * 10]]
            for n in self.incidents
            if n * 10 in self.alert_of
        }
        causes = self._told_of()
        return found | {n: causes[c] for n, c in self.cause_of.items() if c in causes}

    def announced(self) -> set[int]:
        """Of which incidents an alert told while they stood."""
        problems = [telling for plan_ in self.rounds for telling in plan_.tellings]
        problems = [telling for telling in problems if telling.kind is AlertKind.PROBLEM]
        named = {one.id or 0 for telling in problems for one in telling.incidents}
        return named | {number // 10 for telling in problems for number in telling.notice_ids}

    def told_causes(self) -> dict[int, datetime]:
        return {n: at for n, at in self._told_of().items() if not self.causes[n].ended}

    def sent(self) -> dict[str, int]:
        """How many alerts each route was given within the hour."""
        counts: dict[str, int] = {}
        for key, telling in self.alerts.items():
            if self.now - self.written[key] <= timedelta(hours=1):
                counts[telling.route.name] = counts.get(telling.route.name, 0) + 1
        return counts

    def of_kind(self, kind: AlertKind) -> list[Telling]:
        """The alerts of a kind that were written."""
        return [telling for telling in self.alerts.values() if telling.kind is kind]

    def _told_of(self) -> dict[int, datetime]:
        return {
            t.cause.id or 0: self.written[key]
            for key, t in self.alerts.items()
            if t.cause and t.kind is AlertKind.PROBLEM
        }

    def _stands(self, number: int) -> bool:
        return self.incidents[number].state is IncidentState.OPEN

    def _members(self) -> set[int]:
        return {n for n, c in self.cause_of.items() if not self.causes[c].ended}

    def _standing_members(self, cause: int) -> Iterator[int]:
        return (n for n, c in self.cause_of.items() if c == cause and self._stands(n))
