"""Looks at one phone, for the tests of what lasts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fleet.judge import advance, watch_for
from fleet.model import (
    Finding,
    Flap,
    Incident,
    IncidentState,
    Notice,
    Severity,
    Sighting,
    Step,
    Watch,
)

START = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LINE_RULES = ("line-failed", "line-unregistered", "line-on-backup", "line-unknown")
PHONE_RULES = ("phone-unreachable", "phone-refused")


def finding(
    rule: str,
    line: int | None = None,
    *,
    text: str = "bad",
    code: int | None = None,
    severity: Severity = Severity.CRITICAL,
    registrar: str = "pbx",
) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        text=text,
        check="check",
        line=line,
        code=code,
        registrar=registrar,
    )


def readable(*found: Finding, at: datetime = START, pushed: bool = False) -> Sighting:
    """A poll that could look at everything, or a push that says no more than what it found."""
    looked = {} if pushed else dict.fromkeys((*LINE_RULES, *PHONE_RULES, "line-missing"), ())
    verdicts: dict[str, tuple[Finding, ...]] = {**looked}
    for each in found:
        verdicts[each.rule] = (*verdicts.get(each.rule, ()), each)
    return Sighting(phone_id=1, at=at, verdicts=verdicts, site="here", phone="desk", pushed=pushed)


def unreachable(at: datetime = START) -> Sighting:
    verdicts = {"phone-unreachable": (finding("phone-unreachable"),)}
    return Sighting(phone_id=1, at=at, verdicts=verdicts, site="here", phone="desk")


class Watched:
    """A phone that is looked at again and again; what stands is kept as the store would."""

    def __init__(self, watch: Watch | None = None) -> None:
        self.watch = watch or watch_for({})
        self.standing: dict[tuple[str, int], Incident] = {}
        self.flaps: dict[int, Flap] = {}
        self.notices: list[Notice] = []
        self.next_id = 1

    def see(self, sighting: Sighting) -> Step:
        step = advance([*self.standing.values()], [*self.flaps.values()], sighting, self.watch)
        self.take(step)
        return step

    def take(self, step: Step) -> None:
        for incident in step.incidents:
            if incident.state is IncidentState.RESOLVED:
                del self.standing[incident.key]
            else:
                self.standing[incident.key] = incident
        for flap in step.flaps:
            self.flaps[flap.line] = flap
            if not flap.changes and not flap.is_flapping:
                del self.flaps[flap.line]
        self.notices += step.notices

    def look(self, *found: Finding, after: int = 0, pushed: bool = False) -> Step:
        """Look `after` minutes from the start."""
        return self.see(readable(*found, at=START + after * MINUTE, pushed=pushed))

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(notice.incident.rule, notice.kind.value) for notice in self.notices]
