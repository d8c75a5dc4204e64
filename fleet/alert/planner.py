"""Decides what an alerting run sends, delays or drops: values in, values out.

A run is level-triggered: what is not ripe is left as it is and looked at again by the next one, so
a restart loses nothing. Every notice comes out in exactly one of three ways: sent, delayed, or
dropped because its cause's alert covers it or it was over before anybody was alerted.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from fleet.judge import LINE_FLAPPING, PHONE_FLAPPING
from fleet.model import AlertKind, IncidentState, NoticeKind, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from fleet.alert.routes import Route
    from fleet.alert.windows import Window
    from fleet.clock import DailySpan
    from fleet.model import Cause, Incident, Notice, Population, Silence

    FindCauses: TypeAlias = Callable[
        [Sequence[Incident], Sequence[Cause], Population, datetime], tuple[Cause, ...]
    ]
    Diagnose: TypeAlias = Callable[[Sequence[Incident]], Mapping[int, str]]

WORST_FIRST = {severity: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Who is told of what and when. `repeat_after` None: what stays open is told once."""

    routes: tuple[Route, ...] = ()
    group_wait: timedelta = timedelta(seconds=10)
    repeat_after: timedelta | None = timedelta(days=1)
    quiet_hours: DailySpan | None = None
    most_per_hour: int = 30
    zone: tzinfo = UTC


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """Everything a round looks at.

    `standing` are the open incidents by their ids. `causes` are those that last or have just
    ended, as they are now judged; `members` gives the ids of those that belong or belonged to one,
    `of_ended` the incidents of the ended ones. `told` and `told_causes` say of which incidents and
    lasting causes an alert told, and when last; `sent` how many alerts each channel was given
    within the last hour. `unread` are phones that could not be read when they were looked at last.
    `sweeping_since` is the beginning of the planned sweep that goes on.
    """

    now: datetime
    notices: tuple[Notice, ...] = ()
    standing: Mapping[int, Incident] = field(default_factory=dict)
    told: Mapping[int, datetime] = field(default_factory=dict)
    causes: tuple[Cause, ...] = ()
    members: Mapping[int, Cause] = field(default_factory=dict)
    of_ended: Mapping[int, tuple[Incident, ...]] = field(default_factory=dict)
    told_causes: Mapping[int, datetime] = field(default_factory=dict)
    flapping: frozenset[tuple[int, int]] = frozenset()
    silences: tuple[Silence, ...] = ()
    windows: tuple[Window, ...] = ()
    sent: Mapping[str, int] = field(default_factory=dict)
    unread: frozenset[int] = frozenset()
    sweeping_since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """One alert to be written: who is told of which incidents or of which cause.

    `due` is when its channels are tried first. Of its notices, `late` were delayed, the first since
    `late_since`; `delays` counts them by recorded reason. A reminder may name `causes` besides its
    incidents.
    `unread` of a cause's incidents are on phones that cannot be read.
    """

    kind: AlertKind
    route: Route
    key: str
    severity: Severity
    due: datetime
    incidents: tuple[Incident, ...] = ()
    notice_ids: tuple[int, ...] = ()
    cause: Cause | None = None
    causes: tuple[Cause, ...] = ()
    unread: int = 0
    late: int = 0
    late_since: datetime | None = None
    delays: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A notice that is not told yet, and why, in a few words."""

    notice: Notice
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a round decides.

    `dropped` are ids of notices nobody needs to hear of, with why. `delayed` are ids of notices in
    `held` whose reason is new, each with all its reasons, to be recorded.
    """

    tellings: tuple[Telling, ...] = ()
    dropped: tuple[tuple[int, str], ...] = ()
    held: tuple[Held, ...] = ()
    delayed: tuple[tuple[int, tuple[str, ...]], ...] = ()


class Allowance:
    """How many more alerts each route may be given within this hour."""

    def __init__(self, sent: Mapping[str, int], most: int) -> None:
        self._sent, self._most = Counter(sent), most

    def is_used_up(self, route: Route) -> bool:
        """Tell whether one of the route's channels was given as many as it may."""
        return any(self._sent[channel] >= self._most for channel in route.channels)

    def use(self, route: Route) -> None:
        """Count an alert that the route is given now."""
        self._sent.update(route.channels.keys())


LONGEST_WAIT = timedelta(minutes=5)  # for a sweep to end, where sweeps take longer
NO_RECEIVER = "nobody is alerted: no receiver"
FLAPPING = (LINE_FLAPPING, PHONE_FLAPPING)  # rules of incidents that tell of flapping itself


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Answers why something is held; an empty text: it may be told."""

    situation: Situation
    policy: Policy
    allowance: Allowance

    def problem(self, notice: Notice) -> str:
        """Why a problem that belongs to no cause is held."""
        incident = notice.incident
        return (
            self._nobody([incident])
            or self.expected(incident)
            or self._flaps(incident)
            or self._waits(notice)
            or self._sweeping(notice)
            or self.quiet(incident.severity)
            or self.routes([incident])
        )

    def recovery(self, notice: Notice) -> str:
        """Why a recovery is held; whoever was told hears of it even while it is silenced."""
        incident = notice.incident
        return (
            self._nobody([incident])
            or self._flaps(incident)
            or self._sweeping(notice)
            or self.quiet(incident.severity)
            or self.routes([incident])
        )

    def member(self, incident: Incident, notice: Notice | None) -> str:
        """Why an incident gives no reason yet to tell of its cause."""
        return (
            self.expected(incident)
            or self._flaps(incident)
            or (self._waits(notice) if notice else "")
        )

    def expected(self, incident: Incident) -> str:
        """Who said that it need not be told now: a silence, or a maintenance window."""
        for silence in self.situation.silences:
            if silence.since <= self._now < silence.until and silence.selector.covers(incident):
                return f"silence {silence.id} until {self._clock(silence.until)}"
        for window in self.situation.windows:
            if window.covers(incident) and (end := window.ends(self._now)):
                return f"maintenance {window.name} until {self._clock(end)}"
        return ""

    def quiet(self, severity: Severity) -> str:
        """Whether it can wait for the end of the quiet hours."""
        end = self.quiet_end(severity)
        return f"quiet hours until {self._clock(end)}" if end else ""

    def quiet_end(self, severity: Severity) -> datetime | None:
        """Give the end of the quiet hours that are on now; None if they hold nothing like it."""
        hours = self.policy.quiet_hours
        return hours.end(self._now) if hours and severity is not Severity.CRITICAL else None

    def routes(self, incidents: Sequence[Incident]) -> str:
        """Whether there is anybody who can be told now."""
        if nobody := self._nobody(incidents):
            return nobody
        if all(self.allowance.is_used_up(route) for route in self.routes_of(incidents)):
            return f"limit of {self.policy.most_per_hour} alerts per hour"
        return ""

    def _nobody(self, incidents: Sequence[Incident]) -> str:
        """Whether no receiver takes it: no wait and no quiet hours explain that."""
        if not any(route.urls for route in self.policy.routes):
            return NO_RECEIVER
        return "" if self.routes_of(incidents) else "no route selects it"

    def routes_of(self, incidents: Sequence[Incident]) -> list[Route]:
        """Who is to be told of one of these."""
        return [
            route
            for route in self.policy.routes
            if route.urls and any(route.takes(incident) for incident in incidents)
        ]

    def _flaps(self, incident: Incident) -> str:
        if incident.phone_id is None or incident.rule in FLAPPING:
            return ""
        place = (incident.phone_id, incident.line or 0)
        return "flapping" if place in self.situation.flapping else ""

    def _waits(self, notice: Notice) -> str:
        ripe = notice.at + self.policy.group_wait
        if notice.kind is NoticeKind.RESOLVED or ripe <= self._now:
            return ""
        return f"waits until {self._clock(ripe, '%H:%M:%S')} for related problems"

    def _sweeping(self, notice: Notice) -> str:
        """Whether the sweep that saw it goes on: what else it sees is told with it, once."""
        since = self.situation.sweeping_since
        # What the phone itself pushed is told within seconds, also once a poll has confirmed it.
        is_of_sweep = since is not None and since <= notice.at and notice.incident.sightings > 0
        if not is_of_sweep or notice.at + LONGEST_WAIT <= self._now:
            return ""
        return "waits for the sweep to end"

    @property
    def _now(self) -> datetime:
        return self.situation.now

    def _clock(self, moment: datetime, form: str = "%H:%M") -> str:
        local = moment.astimezone(self.policy.zone)
        is_today = local.date() == self._now.astimezone(self.policy.zone).date()
        return local.strftime(f"{form} %Z" if is_today else f"%Y-%m-%d {form} %Z")


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


_SEVEN = datetime(1970, 1, 5, 7)  # noqa: DTZ001  the wall clock of any zone; a Monday


def remind(ledger: Ledger) -> None:
    """Add the reminders of this beat; in quiet hours they wait for the morning."""
    every, hours = ledger.policy.repeat_after, ledger.policy.quiet_hours
    now = ledger.situation.now
    if every is None or (hours and hours.end(now)):
        return
    beat, began = beat_of(now, every, ledger.policy.zone)
    before = began - every / 2
    incidents, causes = list(_incidents(ledger, before)), list(_causes(ledger, before))
    for route in ledger.policy.routes:
        if not route.urls or ledger.holding.allowance.is_used_up(route):
            continue
        taken = [one for one in incidents if route.takes(one)]
        of_causes = [each for each in causes if any(map(route.takes, members(ledger, each)))]
        if taken or of_causes:
            ledger.remind(route, taken, of_causes, beat)


def members(ledger: Ledger, cause: Cause) -> list[Incident]:
    """Give the incidents of a cause that stand."""
    standing = ledger.situation.standing
    return [standing[i] for i in sorted(cause.members) if i in standing]


def _incidents(ledger: Ledger, before: datetime) -> Iterator[Incident]:
    situation = ledger.situation
    for number, incident in situation.standing.items():
        told = situation.told.get(number)
        if told is None or told > before or number in situation.members:
            continue
        if not is_acked(incident, situation.now) and not ledger.holding.expected(incident):
            yield incident


def _causes(ledger: Ledger, before: datetime) -> Iterator[Cause]:
    situation = ledger.situation
    for cause in situation.causes:
        told = situation.told_causes.get(cause.id or 0)
        if told is None or told > before or cause.ended:
            continue
        is_expected = all(map(ledger.holding.expected, members(ledger, cause)))
        if not is_acked(cause, situation.now) and not is_expected:
            yield cause


def is_acked(of: Incident | Cause, now: datetime) -> bool:
    """Tell whether somebody works on it."""
    return of.acked_at is not None and (of.ack_until is None or now < of.ack_until)


def beat_of(now: datetime, every: timedelta, zone: tzinfo) -> tuple[str, datetime]:
    """Name the beat that lasts, and say when it began.

    A clock that is put back counts one twice, which the key forgives.
    """
    wall = now.astimezone(zone).replace(tzinfo=None)
    number = (wall - _SEVEN) // every
    began = (_SEVEN + number * every).replace(tzinfo=zone)
    return f"{every.total_seconds():g}/{number}", began.astimezone(UTC)


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
