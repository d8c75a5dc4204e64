"""Which lines are diagnosed before an alert tells of them: few, and new ones only. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from fleet.alert.presentation import MOST_NAMED, named
from fleet.judge import LINE_FAILED, LINE_UNREGISTERED
from fleet.model import AlertKind, IncidentState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from fleet.alert.planner import Telling
    from fleet.model import Incident

MOST_OF_ROUND = 5  # each is a try of a password at a registrar
FEW_OF_CAUSE = 2  # what is true of two lines of a registrar is true of the others
_REFUSED = (401, 403, 407)


def to_diagnose(tellings: Sequence[Telling], told_causes: Collection[int]) -> tuple[Incident, ...]:
    """Choose what to diagnose of a round's alerts; `told_causes` were told of before."""
    chosen: dict[int, Incident] = {}
    for telling in tellings:
        if telling.kind is AlertKind.PROBLEM and not _was_told(telling, told_causes):
            most = FEW_OF_CAUSE if telling.cause else MOST_NAMED
            chosen |= {one.id or 0: one for one in islice(_worth_it(telling), most)}
    return tuple(islice(chosen.values(), MOST_OF_ROUND))


def _was_told(telling: Telling, told_causes: Collection[int]) -> bool:
    return telling.cause is not None and telling.cause.id in told_causes


def _worth_it(telling: Telling) -> Iterator[Incident]:
    """The lines that an alert names and whose registrar can say more than the phone did."""
    return (one for one in named(telling) if _can_say_more(one))


def _can_say_more(one: Incident) -> bool:
    refused = one.rule == LINE_FAILED and one.code in _REFUSED
    is_line = one.phone_id is not None and one.line is not None
    is_open = one.state is IncidentState.OPEN
    return is_open and is_line and (refused or one.rule == LINE_UNREGISTERED)
