"""The use case of alerting: looks at what there is, decides, and writes it down at once.

A round may run as often as anybody likes, and in two processes at the same time: what another
round has seen to is not seen to again, and every alert has a key that is told once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fleet.alert.compose import word_of_fleet
from fleet.alert.diagnosing import to_diagnose
from fleet.alert.planner import Situation, beat_of, plan
from fleet.alert.presentation import Zones
from fleet.errors import PhoneNotFound
from fleet.judge import registrars_of
from fleet.model import AlertKind, IncidentState, Reach
from fleet.provision.rollout.messages import stopped_rollout
from fleet.store import Alerting as Decided
from fleet.store import NewAlert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from fleet.alert.compose import Composer
    from fleet.alert.planner import Diagnose, FindCauses, Plan, Policy
    from fleet.alert.windows import Window
    from fleet.model import Cause, Incident, Notice, Population
    from fleet.store import Store

_HOUR = timedelta(hours=1)
_NEWS_FOR = timedelta(days=1)  # what stopped before is known by now
_TRIES = 3  # another process may have seen to the same notices meanwhile


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """What a round came to: alerts written, and notices dropped and held."""

    alerts: int = 0
    dropped: int = 0
    held: int = 0


@dataclass(kw_only=True)
class Alerting:
    """Rounds of alerting. `find_causes` gives the causes that are new, changed or ended.

    `diagnose` finds out why lines are not registered, a sentence for an incident's id, in a time
    for which an alert may wait; None: nobody is asked.
    """

    store: Store
    policy: Policy
    find_causes: FindCauses
    composer: Composer
    windows: tuple[Window, ...] = ()
    diagnose: Diagnose | None = None
    _beats: set[str] = field(default_factory=set, repr=False)
    _reported: set[int] = field(default_factory=set, repr=False)
    _causeless: tuple[object, ...] | None = field(default=None, init=False, repr=False)

    def run(self, now: datetime) -> Round:
        """Do a round; raises `StoreError`."""
        self._report_stopped_rollout(now)
        policy, beat = self._policy_for(now)
        said: dict[int, str] = {}
        for _ in range(_TRIES):
            judged = self._judge(now, write=True, remind=policy.repeat_after is not None)
            if not (judged.notices or judged.causes or judged.standing):
                return Round()
            situation = self._situation(now, judged)
            decided = plan(situation, policy)
            self._diagnose(decided, situation, said)
            if self._apply(now, decided, judged.changed, said):
                self._beats.clear()
                self._beats.add(beat)
                return Round(
                    alerts=len(decided.tellings),
                    dropped=len(decided.dropped),
                    held=len(decided.held),
                )
        return Round()  # others are at it: what is left is looked at in the next round

    def _report_stopped_rollout(self, now: datetime) -> None:
        """Send one alert about a roll-out that stopped by itself, or was stopped."""
        found = stopped_rollout(self.store)
        if found is None or found[0].id in self._reported:
            return
        stopped, text = found
        self._reported.add(stopped.id)
        if stopped.ended is None or now - stopped.ended > _NEWS_FOR:
            return
        key = f"fleet-rollout-{stopped.id}-{stopped.revision}-stopped"
        subject = f"the roll-out of revision {stopped.revision} stopped"
        alert = word_of_fleet(AlertKind.DAEMON, key, now, subject, text)
        routes = [route for route in self.policy.routes if route.takes_of_fleet(alert.severity)]
        channels = tuple((name, now) for route in routes for name in route.channels)
        self.store.alerts.apply(Decided(at=now, alerts=(NewAlert(alert=alert, routes=channels),)))

    def _policy_for(self, now: datetime) -> tuple[Policy, str]:
        """Leave out reminders where those of this beat were seen to; give the beat, if there is."""
        every, hours = self.policy.repeat_after, self.policy.quiet_hours
        if every is None or (hours and hours.end(now)):
            return replace(self.policy, repeat_after=None), ""
        beat, _ = beat_of(now, every, self.policy.zone)
        if beat in self._beats:
            return replace(self.policy, repeat_after=None), beat
        return self.policy, beat

    def look(self, now: datetime) -> Plan:
        """Say what a round would decide now, and write nothing."""
        judged = self._judge(now, write=False, remind=False)
        return plan(self._situation(now, judged), replace(self.policy, repeat_after=None))

    def _diagnose(self, decided: Plan, situation: Situation, said: dict[int, str]) -> None:
        """Have lines diagnosed that are told now, each once in a round."""
        if self.diagnose is None:
            return
        chosen = to_diagnose(decided.tellings, situation.told_causes)
        if some := [one for one in chosen if one.id not in said]:
            said |= {one.id or 0: "" for one in some} | dict(self.diagnose(some))

    def _apply(
        self, now: datetime, decided: Plan, changed: Sequence[Cause], said: Mapping[int, str]
    ) -> bool:
        if not (changed or decided.tellings or decided.dropped or decided.delayed):
            return True
        zones = self._zones()
        alerts = tuple(
            NewAlert(
                alert=self.composer.compose(telling, zones, now, said),
                routes=tuple((channel, telling.due) for channel in telling.route.channels),
                notice_ids=telling.notice_ids,
                cause=telling.cause,
            )
            for telling in decided.tellings
        )
        return self.store.alerts.apply(
            Decided(
                at=now,
                causes=tuple(changed),
                alerts=alerts,
                dropped=decided.dropped,
                delayed=decided.delayed,
            )
        )

    def _zones(self) -> Zones:
        zones = {
            site.name: ZoneInfo(site.timezone)
            for site in self.store.inventory.sites()
            if site.timezone
        }
        return Zones(of_sites=zones, otherwise=self.policy.zone)

    # What there is

    def _judge(self, now: datetime, *, write: bool, remind: bool) -> _Judged:
        """Load what stands and judge its causes. New ones are written first: alerts name them."""
        notices = tuple(self.store.alerts.unhandled_notices())
        known = self.store.alerts.open_causes()
        polled = None if known else self._polled(notices)
        is_calm = not (notices or known)  # no cause can begin, and none end
        if is_calm or (polled is not None and polled == self._causeless):
            standing = self._standing() if remind else ()
            return _Judged(notices=notices, standing=_by_id(standing))
        standing = self._standing()
        population = self.store.phones.population(registrars_of(standing, known))
        changed = self.find_causes(standing, known, population, now)
        self._causeless = None if changed else polled
        new = [cause for cause in changed if cause.id is None and cause.ended is None]
        if new and write:
            self.store.alerts.apply(Decided(at=now, causes=tuple(new)))
            known = self.store.alerts.open_causes()
        changed = tuple(_as_written(cause, known) for cause in changed)
        ids = {cause.id for cause in changed}
        return _Judged(
            notices=notices,
            standing=_by_id(standing),
            changed=changed,
            causes=(*(cause for cause in known if cause.id not in ids), *changed),
            population=population,
        )

    def _polled(self, notices: Sequence[Notice]) -> tuple[object, ...] | None:
        """What a cause could begin by, to compare with another round; None while a sweep runs.

        The phones of a fleet are loaded only if it changed: a notice may wait for hours.
        """
        sweep = self.store.sweeps.mark()
        if sweep is None:
            return None
        return sweep, self.store.findings.open_mark(), frozenset(one.id for one in notices)

    def _standing(self) -> tuple[Incident, ...]:
        return tuple(self.store.findings.incidents(open_only=True, pending=True))

    def _situation(self, now: datetime, judged: _Judged) -> Situation:
        of_ended = {
            cause.id: tuple(self.store.findings.incidents(cause_id=cause.id))
            for cause in judged.causes
            if cause.id is not None and cause.ended
        }
        ids = {notice.incident.id for notice in judged.notices} | judged.standing.keys()
        looks = judged.population.phones if judged.population else ()
        return Situation(
            now=now,
            notices=judged.notices,
            standing=judged.standing,
            told=self.store.alerts.announced([i for i in ids if i is not None]),
            causes=judged.causes,
            members=self._members(judged, of_ended),
            of_ended=of_ended,
            told_causes=self.store.alerts.announced_causes(),
            flapping=frozenset(self.store.findings.flapping()),
            silences=tuple(self.store.silences.load(now)),
            windows=tuple(map(self._known_phones, self.windows)),
            sent=self.store.alerts.sent_since(now - _HOUR),
            sweeping_since=self.store.sweeps.running_since(now),
            unread=frozenset(look.phone_id for look in looks if look.reach not in (None, Reach.OK)),
        )

    def _members(
        self, judged: _Judged, of_ended: Mapping[int, Sequence[Incident]]
    ) -> dict[int, Cause]:
        """Whose cause is which: of what stands, and of what is over and nobody has seen to yet."""
        over = {n.incident.id for n in judged.notices if n.incident.resolved is not None}
        found: dict[int, Cause] = {}
        for cause in judged.causes if over else ():
            if cause.id is None:
                continue
            once = of_ended.get(cause.id) or self.store.findings.incidents(cause_id=cause.id)
            found |= {one.id: cause for one in once if one.id is not None and one.id in over}
        return found | {i: cause for cause in judged.causes for i in cause.members}

    def _known_phones(self, window: Window) -> Window:
        """Find the phones that a window names by MAC or host; one that is gone is none."""
        ids = set()
        for phone in window.phones:
            try:
                ids.add(self.store.phones.find(phone))
            except PhoneNotFound:
                continue
        return replace(window, phone_ids=frozenset(ids))


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """What stands, and its causes: those that changed, and all that last or just ended."""

    notices: tuple[Notice, ...] = ()
    standing: Mapping[int, Incident] = field(default_factory=dict)
    changed: tuple[Cause, ...] = ()
    causes: tuple[Cause, ...] = ()
    population: Population | None = None


def _by_id(incidents: Sequence[Incident]) -> dict[int, Incident]:
    """The open ones by their ids; what is pending only counts for causes."""
    opened = (one for one in incidents if one.state is IncidentState.OPEN)
    return {one.id: one for one in opened if one.id is not None}


def _as_written(cause: Cause, known: Sequence[Cause]) -> Cause:
    """Give a cause the id and the beginning that it has in the database, if it is in there."""
    for row in known:
        is_new = cause.id is None and cause.ended is None
        if row.id == cause.id or (is_new and (row.kind, row.name) == (cause.kind, cause.name)):
            return replace(cause, id=row.id, began=row.began)
    return cause
