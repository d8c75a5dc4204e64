"""The store as the rest of fleet sees it: one object, open, that remembers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.store import keymark, sweeps
from fleet.store.current import statuses
from fleet.store.events import add_events, load_events
from fleet.store.evidence import load_evidence
from fleet.store.fetching import FetchRecords
from fleet.store.find import find_phone
from fleet.store.history import history
from fleet.store.holder import Holder
from fleet.store.incidents import lock_findings, take_steps
from fleet.store.intended import load_inventory
from fleet.store.intending import Intending
from fleet.store.inventory import apply_inventory, forget_certificates, rehost, remove_phones
from fleet.store.paging import Paging
from fleet.store.phones import (
    Secrets,
    count_phones,
    load_known,
    load_phones,
    load_sites,
    mac_owners,
    read_with_settings_password,
    with_own_intents,
)
from fleet.store.recorder import record
from fleet.store.rolling import Rolling
from fleet.store.rotating import Rotating
from fleet.store.upkeep import Upkeep
from fleet.store.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from fleet.model import Inventory, Sighting, Site, Sweep, SweepCounts
    from fleet.store.incidents import TakeStep
    from fleet.store.values import (
        Change,
        Event,
        Evidence,
        IntentChange,
        Known,
        Period,
        PhoneStatus,
        Recorded,
        StoredPhone,
    )


class Store(Watching, Intending, FetchRecords, Rolling, Rotating, Paging, Upkeep):
    """An open database. Safe to use from many threads; every failure is a `StoreError`.

    What it gives as an iterator holds a connection until it is used up or closed.
    """

    # The inventory

    def load_inventory(self) -> Inventory:
        """Give all sites and phones and what is intended, with passwords and secrets."""
        with self._reading() as connection:
            return load_inventory(connection, self._keyring)

    def apply_inventory(
        self, sites: Sequence[Site], phones: Sequence[Change], intent: IntentChange | None = None
    ) -> None:
        """Make these sites and phones as given, all or nothing; leave all others alone."""
        with self._writing() as connection:
            apply_inventory(connection, self._keyring, sites, phones, intent)

    def phones(
        self,
        *,
        site: str | None = None,
        ids: Sequence[int] | None = None,
        secrets: Secrets = Secrets.ALL,
    ) -> list[StoredPhone]:
        """Give phones in the order they came: all, a site's, or those of `ids`.

        With all secrets they have their intents too, and are whole: fit to be changed and given
        back to `apply_inventory`.
        """
        with self._reading() as connection:
            found = load_phones(connection, self._keyring, secrets, site=site, ids=ids)
            return with_own_intents(connection, found) if secrets is Secrets.ALL else found

    def read_with_settings_password(self, ids: Sequence[int] | None) -> list[StoredPhone]:
        """Return the phones (of `ids`; None: all) last read with the password of the settings.

        They have their web UI passwords.
        """
        with self._reading() as connection:
            found = read_with_settings_password(connection, ids)
            return (
                load_phones(connection, self._keyring, Secrets.WEB_UI, ids=found) if found else []
            )

    def sites(self) -> list[Site]:
        """Give all sites, without their passwords."""
        with self._reading() as connection:
            return list(load_sites(connection, None, Secrets.NONE).values())

    def count_phones(self) -> int:
        """Tell how many phones there are."""
        with self._reading() as connection:
            return count_phones(connection)

    def mac_owners(self) -> dict[str, int]:
        """Give the phone of every known MAC."""
        with self._reading() as connection:
            return mac_owners(connection)

    def has_secrets(self) -> bool:
        """Tell whether a key belongs to this database already."""
        with self._reading() as connection:
            return keymark.is_set(connection)

    def find_phone(self, text: str) -> int:
        """Give the number of the phone with this MAC, host or name, else raise `PhoneNotFound`."""
        with self._reading() as connection:
            return find_phone(connection, text)

    def remove_phones(self, ids: Sequence[int], now: datetime) -> int:
        """Remove phones and their history; give how many there were."""
        with self._writing() as connection:
            return remove_phones(connection, ids, now)

    def rehost(self, hosts: Mapping[int, str], now: datetime) -> None:
        """Give phones new hosts, also each other's, and write an event for each."""
        with self._writing() as connection:
            rehost(connection, hosts, now)

    def forget_certificates(self, ids: Sequence[int]) -> None:
        """Trust whatever certificates these phones show next."""
        with self._writing() as connection:
            forget_certificates(connection, ids)

    # Sweeps

    def begin_sweep(
        self,
        *,
        trigger: str,
        selection: str,
        planned: int,
        now: datetime,
        ttl: timedelta,
        holder: Holder | None = None,
        schedule: str | None = None,
        planned_for: datetime | None = None,
    ) -> Sweep:
        """Begin a sweep that holds the lease for `ttl`, else raise `SweepRunning`.

        Raises `SweepTaken` if the one that the schedule planned for that moment was begun already.
        """
        with self._writing() as connection:
            return sweeps.begin_sweep(
                connection,
                trigger=trigger,
                selection=selection,
                planned=planned,
                holder=holder or Holder.this_process(),
                now=now,
                ttl=ttl,
                schedule=schedule,
                planned_for=planned_for,
            )

    def interrupted_sweep(
        self, selection: str, *, since: datetime, now: datetime, holder: Holder | None = None
    ) -> Sweep | None:
        """Give the selection's newest sweep if it was interrupted and began after `since`."""
        me = holder or Holder.this_process()
        with self._writing() as connection:
            return sweeps.interrupted_sweep(
                connection, selection, since=since, me=me, now=now, ended=self._ended_sweeps
            )

    def resume_sweep(
        self, sweep_id: int, *, now: datetime, ttl: timedelta, holder: Holder | None = None
    ) -> Sweep:
        """Carry on with a sweep that was cut off: phones whose `sweep_id` is its are done."""
        me = holder or Holder.this_process()
        with self._writing() as connection:
            return sweeps.resume_sweep(connection, sweep_id, holder=me, now=now, ttl=ttl)

    def renew_lease(self, sweep_id: int, *, now: datetime, ttl: timedelta) -> bool:
        """Hold the lease for longer, and tell whether somebody waits for it.

        Raises `SweepRunning` if another took it.
        """
        with self._writing() as connection:
            return sweeps.renew_lease(connection, sweep_id, now=now, ttl=ttl)

    def finish_sweep(
        self, sweep_id: int, counts: SweepCounts, now: datetime, *, interrupted: bool = False
    ) -> None:
        """End a sweep and give back its lease; `interrupted` if it is to be carried on with.

        Where the database cannot be used now, the lease counts as free for the next sweep.
        """
        try:
            with self._writing() as connection:
                sweeps.end_sweep(connection, sweep_id, counts, now, interrupted=interrupted)
        except BaseException:
            self._ended_sweeps.add(sweep_id)
            raise

    def last_sweep(self) -> Sweep | None:
        """Give the sweep that began last."""
        with self._reading() as connection:
            return sweeps.last_sweep(connection)

    def load_known(self, ids: Sequence[int] | None = None) -> dict[int, Known]:
        """Give what is known of phones before they are polled, without SIP passwords."""
        with self._reading() as connection:
            return load_known(connection, self._keyring, ids)

    def record(
        self, sweep_id: int, batch: Sequence[Recorded], step: TakeStep | None = None
    ) -> dict[int, Known]:
        """Write polls in one transaction; give what is known of their phones then.

        With `step`, their sightings are judged against the standing incidents in the same one.
        """
        with self._writing() as connection:
            if step is not None:
                lock_findings(connection)
            known = record(connection, sweep_id, batch)
            if step is not None:
                seen = (each.sighting for each in batch if each.sighting is not None)
                timely = [_in_time(one, known) for one in seen if one.phone_id in known]
                for phone_id, standing in take_steps(connection, timely, step).standing.items():
                    if known[phone_id].standing != standing:
                        known[phone_id] = replace(known[phone_id], standing=standing)
            return known

    def add_events(self, events: Sequence[Event]) -> None:
        """Write what changed by itself."""
        with self._writing() as connection:
            add_events(connection, events)

    # What was seen

    def statuses(
        self,
        *,
        site: str | None = None,
        ids: Sequence[int] | None = None,
        at: datetime | None = None,
        flagged_by: Collection[str] | None = None,
    ) -> Iterator[PhoneStatus]:
        """Give the states of phones and lines, now or as they were `at` a moment.

        `flagged_by`: only of phones with a finding of one of these rules.
        """
        with self._reading() as connection:
            yield from statuses(connection, site=site, ids=ids, at=at, flagged_by=flagged_by)

    def history(
        self,
        *,
        ids: Sequence[int] | None = None,
        line: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[Period]:
        """Give periods that touch [since, until), by phone and beginning, as they are read."""
        with self._reading() as connection:
            yield from history(connection, ids=ids, line=line, since=since, until=until)

    def evidence(self, phone_id: int) -> Evidence:
        """Give the phone's last page that could be read, and the last that could not."""
        with self._reading() as connection:
            return load_evidence(connection, phone_id)

    def events(self, *, phone_id: int | None = None, since: datetime | None = None) -> list[Event]:
        """Give what changed by itself, the newest first."""
        with self._reading() as connection:
            return load_events(connection, phone_id=phone_id, since=since)


def _in_time(sighting: Sighting, known: Mapping[int, Known]) -> Sighting:
    """Give a look the time that history has for it: a clock that went back takes none along."""
    observed = known[sighting.phone_id].observed
    if observed is None or sighting.at >= observed.at:
        return sighting
    return replace(sighting, at=observed.at)
