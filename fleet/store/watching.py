"""The part of the store that watches: incidents, alerts, silences, planned sweeps and audits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.store import alerting, audits, incidents, planned, silences, sweeps
from fleet.store.database import Database
from fleet.store.holder import Holder
from fleet.store.phones import Secrets, load_known
from fleet.store.population import population
from fleet.store.watch_tables import causes as causes_table
from fleet.store.watch_tables import incidents as incidents_table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from fleet.model import (
        Cause,
        Delivery,
        DeliveryState,
        Finding,
        Incident,
        MissedSweeps,
        Notice,
        Population,
        Sighting,
        Silence,
        Sweep,
    )
    from fleet.store.incidents import StrangerKey, TakeStep, TakeStrangerStep
    from fleet.store.values import Alerting, Known, StoredAudit


class Watching(Database):
    """What `Store` knows of incidents and what becomes of them."""

    # Incidents

    def record_sightings(self, sightings: Sequence[Sighting], step: TakeStep) -> list[Notice]:
        """Judge what phones pushed, in one transaction; give the notices it wrote."""
        with self._writing() as connection:
            return incidents.take_steps(connection, sightings, step).notices

    def record_strangers(
        self,
        rule: str,
        held: Mapping[StrangerKey, Finding],
        at: datetime,
        step: TakeStrangerStep,
    ) -> list[Notice]:
        """Judge all that a rule holds of strangers, in one transaction; give the notices."""
        with self._writing() as connection:
            return incidents.take_stranger_steps(connection, rule, held, at, step)

    def incidents(
        self,
        *,
        open_only: bool = False,
        pending: bool = False,
        ids: Collection[int] | None = None,
        phone_id: int | None = None,
        site: str | None = None,
        cause_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Incident]:
        """Give incidents, the newest first: those that opened, `pending` ones too if asked.

        `open_only`: those that stand. [since, until) is the time that they touch.
        """
        with self._reading() as connection:
            asked = incidents.conditions(
                open_only=open_only,
                pending=pending,
                ids=ids,
                phone_id=phone_id,
                site=site,
                cause_id=cause_id,
                since=since,
                until=until,
            )
            return incidents.load_incidents(connection, asked)

    def judge_all_again(self, settings: str, rules: Collection[str], now: datetime) -> bool:
        """Have all phones judged again, if they were judged with other `settings` so far.

        What stands of rules that are not among `rules` is resolved: they are switched off.
        """
        with self._writing() as connection:
            return incidents.judge_all_again(connection, settings, rules, now)

    def judge_again(
        self,
        judge: Callable[[Known], Sighting | None],
        step: TakeStep,
        *,
        limit: int,
    ) -> int:
        """Judge stored states of up to `limit` phones that are to be judged again; return how many.

        One transaction: killed in it, the same phones are still to be judged.
        """
        with self._writing() as connection:
            ids = incidents.next_unjudged(connection, limit)
            if ids:
                known = load_known(connection, None, ids, Secrets.NONE)
                made = [judge(each) for each in known.values()]
                incidents.take_steps(connection, [each for each in made if each], step)
            return len(ids)

    def flagged_phones(self, rules: Collection[str]) -> set[int]:
        """Return the phones with a finding of one of these rules now."""
        with self._reading() as connection:
            return incidents.flagged_phones(connection, rules)

    def has_unjudged(self) -> bool:
        """Return whether there are phones to be judged again."""
        with self._reading() as connection:
            return incidents.has_unjudged(connection)

    def flapping(self) -> set[tuple[int, int]]:
        """Give phone and line (0: the phone itself) of what flaps now."""
        with self._reading() as connection:
            return incidents.flapping_lines(connection)

    def acknowledge(
        self, ids: Collection[int], *, by: str, at: datetime, until: datetime | None = None
    ) -> int:
        """Note who works on open incidents, until when (None: to their end); give how many."""
        with self._writing() as connection:
            return incidents.acknowledge(
                connection, incidents_table, ids, by=by, at=at, until=until
            )

    def acknowledge_cause(
        self, cause_id: int, *, by: str, at: datetime, until: datetime | None = None
    ) -> bool:
        """Note who works on a lasting cause; False if there is none of that id."""
        with self._writing() as connection:
            return bool(
                incidents.acknowledge(
                    connection, causes_table, [cause_id], by=by, at=at, until=until
                )
            )

    def unacknowledge(self, ids: Collection[int]) -> int:
        """Take back the acknowledgement of open incidents; return how many there were."""
        with self._writing() as connection:
            return incidents.acknowledge(
                connection, incidents_table, ids, by="", at=None, until=None
            )

    def unacknowledge_cause(self, cause_id: int) -> bool:
        """Take back the acknowledgement of a lasting cause; False if there is none of that id."""
        with self._writing() as connection:
            return bool(
                incidents.acknowledge(
                    connection, causes_table, [cause_id], by="", at=None, until=None
                )
            )

    # Alerting

    def unhandled_notices(self) -> list[Notice]:
        """Give what nobody has seen to, the oldest first, each with its incident as it is now."""
        with self._reading() as connection:
            return alerting.unhandled_notices(connection)

    def announced(self, ids: Collection[int]) -> dict[int, datetime]:
        """Give the incidents that an alert told of, by itself or by their cause, and when last."""
        with self._reading() as connection:
            return alerting.announced(connection, ids)

    def open_causes(self) -> list[Cause]:
        """Give the causes that last, with their members that stand."""
        with self._reading() as connection:
            return alerting.open_causes(connection)

    def cause(self, cause_id: int) -> Cause | None:
        """Give a cause, ended or not; None if there is none of that id."""
        with self._reading() as connection:
            return alerting.load_cause(connection, cause_id)

    def caused(self) -> dict[int, str]:
        """Give what each incident is part of, such as `registrar pbx.example`, by its id."""
        with self._reading() as connection:
            return alerting.caused(connection)

    def announced_causes(self) -> dict[int, datetime]:
        """Give the lasting causes that an alert told of, and when last."""
        with self._reading() as connection:
            return alerting.announced_causes(connection)

    def alerts_since(self, moment: datetime) -> dict[str, int]:
        """Tell how many alerts each route was given since then."""
        with self._reading() as connection:
            return alerting.alerts_since(connection, moment)

    def population(self, registrars: Collection[str]) -> Population:
        """Give all phones, and when the lines of these registrars were looked at."""
        with self._reading() as connection:
            return population(connection, registrars)

    def apply_alerting(self, decided: Alerting) -> bool:
        """Write what a round decided; False, and nothing, if another round saw to its notices."""
        with self._writing() as connection:
            return alerting.apply_alerting(connection, decided)

    def claim_deliveries(
        self, *, now: datetime, until: datetime, limit: int = 100
    ) -> list[Delivery]:
        """Give deliveries that are due, kept from others until then (then they are due again)."""
        with self._writing() as connection:
            return alerting.claim_deliveries(connection, now=now, until=until, limit=limit)

    def mark_delivery(self, delivery: Delivery) -> None:
        """Write what became of a try."""
        with self._writing() as connection:
            alerting.mark_delivery(connection, delivery)

    def deliveries(
        self, states: Collection[DeliveryState] | None = None, *, limit: int = 100
    ) -> list[Delivery]:
        """Give deliveries with their alerts, in the order in which they are due."""
        with self._reading() as connection:
            return alerting.load_deliveries(connection, states=states, limit=limit)

    # Silences

    def add_silence(self, silence: Silence) -> int:
        """Write a silence; give its id."""
        with self._writing() as connection:
            return silences.add_silence(connection, silence)

    def end_silence(self, silence_id: int, now: datetime) -> bool:
        """End a silence now; False if there is none of that id that lasts."""
        with self._writing() as connection:
            return silences.end_silence(connection, silence_id, now)

    def silences(self, now: datetime, *, past: bool = False) -> list[Silence]:
        """Give the silences that last or are to come; the past ones too if asked."""
        with self._reading() as connection:
            return silences.load_silences(connection, now, past=past)

    # What was planned

    def want_lease(self, *, now: datetime, ttl: timedelta) -> bool:
        """Ask the planned sweep that runs to give way; False if what runs is not a planned one."""
        with self._writing() as connection:
            return sweeps.want_lease(connection, now=now, ttl=ttl)

    def sweeps(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[Sweep]:
        """Give the sweeps that began in [since, until), the oldest first."""
        with self._reading() as connection:
            return sweeps.load_sweeps(connection, since=since, until=until)

    def sweeping_since(self, now: datetime) -> datetime | None:
        """Give the beginning of the planned sweep that goes on; None if there is none."""
        with self._reading() as connection:
            return sweeps.sweeping_since(connection, now)

    def planned_sweeps(self, schedule: str, since: datetime) -> list[datetime]:
        """Give the moments from `since` on whose planned sweep somebody began, in order."""
        with self._reading() as connection:
            return planned.planned_sweeps(connection, schedule, since)

    def last_planned_sweep(self, schedule: str) -> datetime | None:
        """Give the newest moment whose planned sweep was begun, or noted as missed."""
        with self._reading() as connection:
            return planned.last_planned_sweep(connection, schedule)

    def add_missed(self, missed: MissedSweeps) -> None:
        """Write down that planned sweeps did not take place."""
        with self._writing() as connection:
            planned.add_missed(connection, missed)

    def missed(self, since: datetime) -> list[MissedSweeps]:
        """Give what was missed from then on, the oldest first."""
        with self._reading() as connection:
            return planned.load_missed(connection, since)

    def begin_audit(
        self,
        *,
        trigger: str,
        selection: str,
        planned_for: datetime | None,
        now: datetime,
        holder: Holder | None = None,
    ) -> int | None:
        """Begin an audit; None if another runner has the one planned for that moment.

        One whose runner is gone before it was finished is begun anew.
        """
        with self._writing() as connection:
            return audits.begin_audit(
                connection,
                trigger=trigger,
                selection=selection,
                planned_for=planned_for,
                now=now,
                holder=holder or Holder.this_process(),
            )

    def finish_audit(
        self, audit_id: int, *, sweep_id: int | None, findings: bytes, now: datetime
    ) -> None:
        """Keep what an audit flagged."""
        with self._writing() as connection:
            audits.finish_audit(connection, audit_id, sweep_id=sweep_id, findings=findings, now=now)

    def last_audit(
        self,
        selection: str,
        before_id: int | None = None,
        *,
        until: datetime | None = None,
        baselines_only: bool = False,
    ) -> StoredAudit | None:
        """Return the selection's newest finished audit.

        Older than `before_id` and begun before `until` where they are given. `baselines_only`
        leaves out audits by hand.
        """
        with self._reading() as connection:
            return audits.last_audit(
                connection,
                selection,
                before_id=before_id,
                until=until,
                baselines_only=baselines_only,
            )

    def last_planned_audit(self, until: datetime | None = None) -> datetime | None:
        """Return the newest moment, up to `until`, whose planned audit was finished."""
        with self._reading() as connection:
            return audits.last_planned_audit(connection, until)
