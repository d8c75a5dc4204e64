"""Why a notice is not told yet. Whatever is held is looked at again in the next round."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.judge import LINE_FLAPPING, PHONE_FLAPPING
from fleet.model import NoticeKind, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.alert.routes import Route
    from fleet.alert.values import Allowance, Policy, Situation
    from fleet.model import Incident, Notice

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
