"""Keeps the decisions of a round while they are made, and the keys under which they are told."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.alert.holding import Holding
from fleet.alert.values import WORST_FIRST, Allowance, Held, Plan, Telling
from fleet.model import AlertKind, IncidentState, NoticeKind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from fleet.alert.routes import Route
    from fleet.alert.values import Policy, Situation
    from fleet.model import Cause, Incident, Notice

_LATE = timedelta(minutes=5)  # waiting for the end of a sweep is no delay
_CAPPED_FOR = timedelta(hours=1)


@dataclass(kw_only=True)
class Ledger:
    """What a round has decided so far."""

    situation: Situation
    policy: Policy
    holding: Holding
    tellings: list[Telling] = field(default_factory=list)
    dropped: list[tuple[int, str]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    delayed: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    @classmethod
    def open(cls, situation: Situation, policy: Policy) -> Ledger:
        """Begin a round."""
        allowance = Allowance(situation.sent, policy.most_per_hour)
        holding = Holding(situation=situation, policy=policy, allowance=allowance)
        return cls(situation=situation, policy=policy, holding=holding)

    def plan(self) -> Plan:
        """Give what was decided."""
        return Plan(
            tellings=tuple(self.tellings),
            dropped=tuple(self.dropped),
            held=tuple(self.held),
            delayed=tuple(self.delayed),
        )

    def hold(self, notice: Notice, why: str) -> None:
        """Leave a notice for a later round. The reason of a delay is recorded, without its end."""
        self.held.append(Held(notice=notice, why=why))
        reason = why.partition(" until ")[0]
        if notice.id is not None and self._is_late(notice) and reason not in notice.delayed_by:
            self.delayed.append((notice.id, (*notice.delayed_by, reason)))

    def drop(self, notices: Iterable[Notice], why: str) -> None:
        """Nobody needs to hear of these any more."""
        self.dropped += [(notice.id, why) for notice in notices if notice.id is not None]

    def digest(self, kind: AlertKind, notices: Sequence[Notice]) -> None:
        """Tell of notices: one alert for each route, the worst first."""
        for route in self.holding.routes_of([notice.incident for notice in notices]):
            some = [notice for notice in notices if route.takes(notice.incident)]
            ids = tuple(sorted(notice.id or 0 for notice in some))
            late = [notice for notice in some if self._is_late(notice)]
            delays = Counter(reason for notice in late for reason in notice.delayed_by)
            telling = self._telling(
                kind, route, [notice.incident for notice in some], *map(str, ids)
            )
            self._write(
                replace(
                    telling,
                    notice_ids=ids,
                    late=len(late),
                    late_since=min(map(self._ripe, late), default=None),
                    delays=tuple(delays.most_common()),
                )
            )

    def tell_cause(
        self,
        kind: AlertKind,
        cause: Cause,
        incidents: Sequence[Incident],
        notices: Sequence[Notice],
        routes: Sequence[Route],
    ) -> None:
        """Tell of a cause: one alert for each route, whose key lasts as long as the cause.

        Receivers who were told of it already are not told again: the key is theirs.
        """
        began = cause.began.isoformat(timespec="seconds")
        ids = tuple(notice.id for notice in notices if notice.id is not None)
        unread = sum(map(self._is_unread, incidents))
        for route in routes:
            telling = self._telling(kind, route, incidents, cause.kind, cause.name, began)
            self._write(replace(telling, cause=cause, notice_ids=ids, unread=unread))

    def remind(
        self, route: Route, incidents: Sequence[Incident], causes: Sequence[Cause], slot: str
    ) -> None:
        """Tell once more of what stays open."""
        telling = self._telling(AlertKind.REMINDER, route, incidents, slot)
        severity = Severity.CRITICAL if causes else telling.severity
        self._write(replace(telling, causes=tuple(causes), severity=severity))

    def _telling(
        self, kind: AlertKind, route: Route, incidents: Sequence[Incident], *of: str
    ) -> Telling:
        return Telling(
            kind=kind,
            route=route,
            key=_key(kind, route.name, *of),
            severity=worst(incidents),
            due=self.situation.now,
            incidents=tuple(sorted(incidents, key=_place)),
        )

    def _write(self, telling: Telling) -> None:
        """Keep an alert; what may not go out at once is written now and tried later."""
        due = telling.due
        if telling.kind is AlertKind.RECOVERY and telling.cause:
            due = self.holding.quiet_end(telling.severity) or due
        if self.holding.allowance.is_used_up(telling.route):
            due = max(due, self.situation.now + _CAPPED_FOR)
        self.holding.allowance.use(telling.route)
        self.tellings.append(replace(telling, due=due))

    def _is_late(self, notice: Notice) -> bool:
        return self.situation.now - self._ripe(notice) > _LATE

    def _ripe(self, notice: Notice) -> datetime:
        if notice.kind is NoticeKind.RESOLVED:
            return notice.at
        return notice.at + self.policy.group_wait

    def _is_unread(self, incident: Incident) -> bool:
        """Whether nobody can know how a line is that was bad when it was last seen."""
        return (
            incident.state is not IncidentState.RESOLVED
            and incident.line is not None
            and incident.phone_id in self.situation.unread
        )


def worst(incidents: Iterable[Incident]) -> Severity:
    """Give the worst severity; critical where there is none to look at."""
    return min((one.severity for one in incidents), key=WORST_FIRST.__getitem__,
               default=Severity.CRITICAL)  # fmt: skip


def _place(incident: Incident) -> tuple[int, str, str, int, int]:
    severity = WORST_FIRST[incident.severity]
    return severity, incident.site, incident.phone, incident.line or 0, incident.id or 0


def _key(*parts: str) -> str:
    """Make an idempotency key that is short enough for a header and a subject."""
    return "fleet-" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:20]
