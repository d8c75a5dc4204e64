"""Which lines and phones change between good and bad so often that the change is the news."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.judge.rules import LINE_FLAPPING, PHONE_FLAPPING, RULES, About
from fleet.model import Flap, Incident, IncidentState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet.model import Severity, Sighting, Watch

LINE_TROUBLE = frozenset(
    name for name, rule in RULES.items() if rule.flaps and rule.about is About.LINE
)
"""The rules that say how a line's registration is. While one of them holds, the line is bad."""

PHONE_TROUBLE = frozenset(
    name for name, rule in RULES.items() if rule.flaps and rule.about is About.PHONE
)

_KEPT = 50  # changes; one look a minute makes no more of them in an hour than this and a few

_CHECKS = {
    LINE_FLAPPING: "The line's registration comes and goes: check the registrar and the network "
    "between it and the phone, rather than the account.",
    PHONE_FLAPPING: "The phone comes and goes: check its cable, switch port and power, and the "
    "link to its site. Two devices with the same address show the same symptom.",
}


def track(
    before: Sequence[Incident],
    after: Sequence[Incident],
    flaps: Iterable[Flap],
    sighting: Sighting,
    watch: Watch,
) -> tuple[list[Flap], list[Incident]]:
    """Give the flaps of a phone that a look changes, and its flapping incidents that it changes.

    `before` and `after` are the phone's standing incidents, without and with what the look says.
    What could not be looked at keeps its flap as it is: nobody knows that it became steady.
    """
    known = {flap.line: flap for flap in flaps}
    standing = {each.line or 0: each for each in before if each.rule in _CHECKS}
    was, now = _bad_lines(before), _bad_lines(after)
    moved: list[Flap] = []
    turned: list[Incident] = []
    for line in sorted({*known, *standing, *was, *now}):
        if not _could_look(line, sighting) or (sighting.pushed and line not in now.keys() - was):
            continue
        flap = known.get(line) or Flap(phone_id=sighting.phone_id, line=line)
        new = _moved(flap, sighting, watch, changed=(line in was) != (line in now))
        if new != flap:
            moved.append(new)
        incident = _incident(standing.get(line), new, sighting, watch, is_bad=line in now)
        if incident is not None and incident != standing.get(line):
            turned.append(incident)
    return moved, turned


def _bad_lines(standing: Iterable[Incident]) -> dict[int, Incident]:
    troubles = LINE_TROUBLE | PHONE_TROUBLE
    return {each.line or 0: each for each in standing if each.rule in troubles}


def _could_look(line: int, sighting: Sighting) -> bool:
    return not (LINE_TROUBLE if line else PHONE_TROUBLE).isdisjoint(sighting.verdicts)


def _moved(flap: Flap, sighting: Sighting, watch: Watch, *, changed: bool) -> Flap:
    if _rule(flap.line) in watch.off:
        return replace(flap, changes=(), is_flapping=False)
    if flap.changes and sighting.at < flap.changes[-1]:
        return flap
    since = sighting.at - timedelta(seconds=watch.flap_window)
    changes = [moment for moment in flap.changes if moment > since]
    if changed:
        changes.append(sighting.at)
    changes = changes[-max(_KEPT, watch.flap_begin) :]
    return replace(
        flap, changes=tuple(changes), is_flapping=_flaps(flap, len(changes), sighting, watch)
    )


def _flaps(flap: Flap, changes: int, sighting: Sighting, watch: Watch) -> bool:
    """Begin with many changes and end with few, and never by what a phone says of itself."""
    if flap.is_flapping:
        return sighting.pushed or changes > min(watch.flap_end, watch.flap_begin - 1)
    return changes >= watch.flap_begin


def _incident(
    standing: Incident | None, flap: Flap, sighting: Sighting, watch: Watch, *, is_bad: bool
) -> Incident | None:
    if standing is None:
        return _begun(flap, sighting, watch, is_bad=is_bad) if flap.is_flapping else None
    if sighting.at < standing.first_seen:
        return standing
    if not flap.is_flapping:
        return replace(
            standing,
            state=IncidentState.RESOLVED,
            resolved=sighting.at,
            text=f"{_subject(flap.line)}no longer changes, {_state(flap.line, is_bad=is_bad)}",
        )
    return replace(
        standing,
        text=_text(flap, watch, is_bad=is_bad),
        severity=_severity(standing.rule, watch),
        confirmed=standing.confirmed or not sighting.pushed,
    )


def _begun(flap: Flap, sighting: Sighting, watch: Watch, *, is_bad: bool) -> Incident:
    rule = _rule(flap.line)
    return Incident(
        phone_id=sighting.phone_id,
        rule=rule,
        line=flap.line or None,
        severity=_severity(rule, watch),
        text=_text(flap, watch, is_bad=is_bad),
        check=_CHECKS[rule],
        state=IncidentState.OPEN,
        first_seen=sighting.at,
        reach=sighting.reach if flap.line else None,
        opened=sighting.at,
        site=sighting.site,
        phone=sighting.phone,
        confirmed=not sighting.pushed,
    )


def _rule(line: int) -> str:
    return LINE_FLAPPING if line else PHONE_FLAPPING


def _severity(rule: str, watch: Watch) -> Severity:
    return watch.severity.get(rule, RULES[rule].severity)


def _text(flap: Flap, watch: Watch, *, is_bad: bool) -> str:
    between = "good and bad" if flap.line else "answering and not answering"
    return (
        f"{_subject(flap.line)}changed {len(flap.changes)} times between {between} within "
        f"{watch.flap_window / 60:g} minutes, {_state(flap.line, is_bad=is_bad)}"
    )


def _subject(line: int) -> str:
    return f"line {line}: " if line else "the phone "


def _state(line: int, *, is_bad: bool) -> str:
    if line:
        return "now bad" if is_bad else "now good"
    return "and does not answer now" if is_bad else "and answers now"
