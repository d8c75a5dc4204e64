"""How findings become incidents: what lasts opens, and only a look that misses it resolves it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.judge.flapping import LINE_TROUBLE, track
from fleet.judge.rules import RULES
from fleet.model import Finding, Incident, IncidentState, Notice, NoticeKind, Reach, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Flap, Sighting, StrangerSighting, Watch

    _Look = Sighting | StrangerSighting

_Key = tuple[str, int]
_OPEN_AFTER = 2  # sightings, of a rule that `Watch.open_after` does not name


def advance(
    standing: Sequence[Incident], flaps: Sequence[Flap], sighting: Sighting, watch: Watch
) -> Step:
    """Say what one look at a phone changes of its standing incidents and flaps.

    A finding begins an incident, which opens once it was seen `watch.open_after` times in a row, or
    at once when the phone itself pushed it. Only a rule that could look resolves one, and never a
    push: it is evidence, not truth, so that "registered" too must be seen by a poll. A line that
    goes from one trouble into another goes on counting, or two that alternate would never open.
    A look older than what is known of an incident leaves it alone. What is judged again from what
    is stored is no look: it ends and changes incidents, and counts for none of them.
    """
    known, turned = _turned(standing, sighting, watch)
    moved: list[Flap] = []
    if not sighting.stored:
        after = [each for each in {**known, **turned}.values() if _stands(each)]
        moved, flapping = track(standing, after, flaps, sighting, watch)
        turned |= {incident.key: incident for incident in flapping}
    return _step(known, turned, moved)


def advance_strangers(
    standing: Sequence[Incident], sighting: StrangerSighting, watch: Watch
) -> Step:
    """Say what one look at strangers changes of the incidents of its subject that stand.

    As `advance` does, but nothing of it flaps.
    """
    known, turned = _turned(standing, sighting, watch)
    return _step(known, turned, ())


def _turned(
    standing: Sequence[Incident], sighting: _Look, watch: Watch
) -> tuple[dict[_Key, Incident], dict[_Key, Incident]]:
    """The standing incidents, and what a look makes of them and of what it finds."""
    held = _held(sighting.verdicts)
    known = {incident.key: incident for incident in standing}
    turned = {
        key: _resolved(incident, sighting.at)
        for key, incident in known.items()
        if _is_gone(incident, held, sighting)
    }
    counted = _counted_as_other_trouble(turned.values())
    for key, finding in held.items():
        if key in known:
            turned[key] = _seen_again(known[key], finding, sighting, watch)
        else:
            turned[key] = _begun(key, finding, sighting, watch, counted.get(key[1], 0))
    return known, turned


def _step(
    known: Mapping[_Key, Incident], turned: Mapping[_Key, Incident], moved: Sequence[Flap]
) -> Step:
    changed = tuple(new for key, new in turned.items() if new != known.get(key))
    return Step(incidents=changed, flaps=tuple(moved), notices=_notices(changed, known))


def _held(verdicts: Mapping[str, Iterable[Finding]]) -> dict[_Key, Finding]:
    """What is held, by rule and line; of two findings of one rule on one line, the first."""
    held: dict[_Key, Finding] = {}
    for rule, findings in verdicts.items():
        for finding in findings:
            held.setdefault((rule, finding.line or 0), finding)
    return held


def _is_gone(incident: Incident, held: Mapping[_Key, Finding], sighting: _Look) -> bool:
    return (
        not sighting.pushed
        and (incident.confirmed or not sighting.stored)
        and incident.rule in sighting.verdicts
        and incident.key not in held
        and sighting.at >= _latest(incident)
    )


def _counted_as_other_trouble(ended: Iterable[Incident]) -> dict[int, int]:
    """The sightings of a line's trouble so far, by line, where one kind of it ends here."""
    counted: dict[int, int] = {}
    for incident in ended:
        if incident.rule in LINE_TROUBLE:
            line = incident.line or 0
            counted[line] = max(incident.sightings, 1, counted.get(line, 0))
    return counted


def _begun(key: _Key, finding: Finding, sighting: _Look, watch: Watch, counted: int) -> Incident:
    rule, line = key
    incident = Incident(
        phone_id=sighting.phone_id,
        subject=sighting.subject,
        rule=rule,
        line=line or None,
        severity=finding.severity,
        text=finding.text,
        check=finding.check,
        state=IncidentState.PENDING,
        first_seen=sighting.at,
        reach=_needed_reach(rule, sighting),
        site=sighting.site,
        phone=sighting.phone,
        code=finding.code,
        registrar=finding.registrar,
        confirmed=not sighting.pushed,
    )
    sightings = _counts(sighting) + (counted if rule in LINE_TROUBLE else 0)
    return _with_sightings(incident, sightings, sighting, watch)


def _seen_again(incident: Incident, finding: Finding, sighting: _Look, watch: Watch) -> Incident:
    is_open = incident.state is IncidentState.OPEN
    if sighting.at < _latest(incident) or (sighting.stored and not incident.confirmed):
        return incident
    if sighting.pushed and is_open and incident.confirmed:
        return incident  # what a poll saw is not put into the phone's own words
    seen = replace(
        incident,
        severity=finding.severity,
        text=finding.text,
        check=finding.check,
        code=finding.code,
        registrar=finding.registrar,
        confirmed=incident.confirmed or not sighting.pushed,
    )
    if is_open or sighting.stored:
        return seen
    return _with_sightings(seen, seen.sightings + _counts(sighting), sighting, watch)


def _counts(sighting: _Look) -> int:
    return int(not (sighting.pushed or sighting.stored))


def _needed_reach(rule: str, sighting: _Look) -> Reach | None:
    """The reach with which a finding is shown: None where its rule can look with any."""
    known = RULES.get(rule)
    return None if known is None or known.reaches == frozenset(Reach) else sighting.reach


def _with_sightings(incident: Incident, sightings: int, sighting: _Look, watch: Watch) -> Incident:
    if not sighting.pushed and sightings < watch.open_after.get(incident.rule, _OPEN_AFTER):
        return replace(incident, sightings=sightings)
    return replace(incident, sightings=sightings, state=IncidentState.OPEN, opened=sighting.at)


def _resolved(incident: Incident, at: datetime) -> Incident:
    return replace(incident, state=IncidentState.RESOLVED, resolved=at)


def _latest(incident: Incident) -> datetime:
    return incident.opened or incident.first_seen


def _stands(incident: Incident) -> bool:
    return incident.state is not IncidentState.RESOLVED


def _notices(changed: Iterable[Incident], known: Mapping[_Key, Incident]) -> tuple[Notice, ...]:
    """A notice for each incident that opened here, and for each that had opened and is resolved."""
    notices = []
    for new in changed:
        old = known.get(new.key)
        if new.state is IncidentState.RESOLVED and new.opened and new.resolved:
            notices.append(Notice(incident=new, kind=NoticeKind.RESOLVED, at=new.resolved))
        elif new.state is IncidentState.OPEN and new.opened and not (old and old.opened):
            notices.append(Notice(incident=new, kind=NoticeKind.OPENED, at=new.opened))
    return tuple(notices)
