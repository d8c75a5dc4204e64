"""Decides what is told, held or dropped: values in, values out.

A round is level-triggered: what is not ripe is left as it is and looked at again by the next one,
so a restart loses nothing. Every notice comes out in exactly one of three ways: told, held, or
dropped because its cause's alert tells of it or it was over before anybody was alerted.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from fleet.alert.ledger import Ledger, worst
from fleet.alert.reminders import members, remind
from fleet.model import AlertKind, IncidentState, NoticeKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet.alert.values import Plan, Policy, Situation
    from fleet.model import Cause, Incident, Notice

_UNTOLD = "it was over before anybody was alerted"


def plan(situation: Situation, policy: Policy) -> Plan:
    """Decide a round."""
    ledger = Ledger.open(situation, policy)
    by_cause = _by_cause(situation)
    rest = list(by_cause.pop(None, ()))
    for place, cause in enumerate(situation.causes):
        rest += _see_to_cause(ledger, cause, by_cause.get(place, ()))
    _see_to_rest(ledger, rest)
    remind(ledger)
    return ledger.plan()


def _by_cause(situation: Situation) -> dict[int | None, list[Notice]]:
    """Sort the notices by the place of their cause; None: they have none."""
    places = {(cause.kind, cause.name, cause.id): n for n, cause in enumerate(situation.causes)}
    sorted_: dict[int | None, list[Notice]] = defaultdict(list)
    for notice in situation.notices:
        cause = situation.members.get(notice.incident.id or 0)
        sorted_[places[cause.kind, cause.name, cause.id] if cause else None].append(notice)
    return sorted_


def _see_to_cause(ledger: Ledger, cause: Cause, notices: Sequence[Notice]) -> Sequence[Notice]:
    """Decide on a cause and its notices; give those that are to be seen to by themselves."""
    was_told = cause.id is not None and cause.id in ledger.situation.told_causes
    if not was_told:
        return notices if cause.ended else _announce(ledger, cause, notices)
    if cause.ended:
        return _end(ledger, cause, notices)
    _join(ledger, cause, notices)
    return ()


def _announce(ledger: Ledger, cause: Cause, notices: Sequence[Notice]) -> Sequence[Notice]:
    """Tell of a cause as soon as one of its members could be told."""
    standing, over = _standing_or_over(notices)
    incidents = members(ledger, cause)
    why = _why_untold(ledger, incidents, {n.incident.id: n for n in standing})
    for notice in standing if why else ():
        ledger.hold(notice, why)
    if incidents and not why:
        routes = ledger.holding.routes_of(incidents)
        ledger.tell_cause(AlertKind.PROBLEM, cause, incidents, standing, routes)
    return over


def _why_untold(
    ledger: Ledger, incidents: Sequence[Incident], openings: Mapping[int | None, Notice]
) -> str:
    holding = ledger.holding
    reasons = [holding.member(one, openings.get(one.id)) for one in incidents]
    if not reasons:
        return "none of its cause's incidents is open"
    if all(reasons):
        return reasons[0]
    return holding.routes(incidents) or holding.quiet(worst(incidents))


def _join(ledger: Ledger, cause: Cause, notices: Sequence[Notice]) -> None:
    """Fold in who joined a cause late: its alert has told of it, but for receivers that are new."""
    standing, over = _standing_or_over(notices)
    covered = f"covered by cause {cause.id}"
    ledger.drop(over, covered)
    ripe = []
    for notice in standing:
        is_taken = ledger.holding.routes_of([notice.incident])
        why = ledger.holding.problem(notice) if is_taken else ""
        if why:
            ledger.hold(notice, why)
        else:
            ripe.append(notice)
    routes = ledger.holding.routes_of([notice.incident for notice in ripe])
    if routes:
        ledger.tell_cause(AlertKind.PROBLEM, cause, members(ledger, cause), ripe, routes)
    else:
        ledger.drop(ripe, covered)


def _end(ledger: Ledger, cause: Cause, notices: Sequence[Notice]) -> Sequence[Notice]:
    """Tell that a cause is over. What still fails has a life of its own from now on."""
    standing, over = _standing_or_over(notices)
    incidents = ledger.situation.of_ended.get(cause.id or 0, ())
    routes = ledger.holding.routes_of(incidents) or [r for r in ledger.policy.routes if r.urls]
    ledger.tell_cause(AlertKind.RECOVERY, cause, incidents, over, routes)
    if not routes:
        ledger.drop(over, f"covered by cause {cause.id}")
    return standing


def _standing_or_over(notices: Sequence[Notice]) -> tuple[list[Notice], list[Notice]]:
    """Part the notices of what stands from those of what is over."""
    parts: tuple[list[Notice], list[Notice]] = [], []
    for notice in notices:
        parts[notice.incident.state is IncidentState.RESOLVED].append(notice)
    return parts


def _see_to_rest(ledger: Ledger, notices: Sequence[Notice]) -> None:
    """Decide on notices that no cause explains."""
    standing, over = _standing_or_over(sorted(notices, key=lambda notice: (notice.at, notice.id)))
    told = ledger.situation.told
    ledger.drop([n for n in over if n.incident.id not in told], _UNTOLD)
    over = [n for n in over if n.incident.id in told]
    ledger.drop([n for n in over if n.kind is NoticeKind.OPENED], "sent with its cause")
    recovered = [n for n in over if n.kind is NoticeKind.RESOLVED]
    for kind, some, why_held in (
        (AlertKind.PROBLEM, standing, ledger.holding.problem),
        (AlertKind.RECOVERY, recovered, ledger.holding.recovery),
    ):
        reasons = [why_held(notice) for notice in some]
        for notice, why in zip(some, reasons, strict=True):
            if why:
                ledger.hold(notice, why)
        ledger.digest(kind, [n for n, why in zip(some, reasons, strict=True) if not why])
