"""Phones that moved, and two addresses that claim one MAC: reconciled at the end of a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.sweep.observe import as_other_phone, as_phone, without_mac

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from fleet.store import Recorded, Store
    from fleet.sweep.observe import Polled
    from fleet.sweep.run import Job, Pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The phone `phone_id` was asked at `host`, and what answered there said to be `mac`."""

    phone_id: int
    host: str
    mac: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What claims come to.

    `moved` gives phones the host of another: phone id -> id of the phone whose host it has now.
    `conflicts` are the claims of a MAC that answers at more than one host; nothing is changed for
    them. `strangers` are claims of a MAC that no phone of the inventory has.
    """

    moved: Mapping[int, int]
    conflicts: Sequence[Claim]
    strangers: Sequence[Claim]


def settle(claims: Sequence[Claim], *, owners: Mapping[str, int], at_home: set[str]) -> Settled:
    """Settle the claims of MACs that are not the asked phone's own.

    `owners` maps every known MAC to its phone; `at_home` holds the MACs that answered at their own
    phone's host just now.
    """
    claimed: dict[str, list[Claim]] = {}
    for claim in claims:
        claimed.setdefault(claim.mac, []).append(claim)
    moved: dict[int, int] = {}
    conflicts: list[Claim] = []
    strangers: list[Claim] = []
    for mac, group in claimed.items():
        if len(group) > 1 or mac in at_home:
            conflicts += group
        elif mac in owners:
            moved[owners[mac]] = group[0].phone_id
        else:
            strangers += group
    return Settled(moved=moved, conflicts=conflicts, strangers=strangers)


def new_hosts(moved: Mapping[int, int], hosts: Mapping[int, str]) -> dict[int, str]:
    """Give every phone that moved its new host, and those that were displaced a freed one.

    A phone whose host now answers as another, and which was not seen elsewhere itself, is given
    one of the hosts that became free: two phones that swapped addresses are the usual case, and an
    inventory never loses a host or a phone.
    """
    taken = set(moved.values())
    freed = [hosts[phone] for phone in sorted(moved) if phone not in taken]
    displaced = [phone for phone in sorted(taken) if phone not in moved]
    return {phone: hosts[place] for phone, place in moved.items()} | dict(
        zip(displaced, freed, strict=True)
    )


AT_ONCE = 8  # owners of MACs that are asked at the same time


@dataclass(frozen=True, kw_only=True, slots=True)
class Settling:
    """Decides who answered where, from what a pass held back.

    `jobs` makes the jobs for phones by id: the owner of a MAC that turned up elsewhere is asked at
    its own host before anything is moved.
    """

    store: Store
    clock: Callable[[], datetime]
    jobs: Callable[[Sequence[int]], list[Job]]

    async def run(self, sweep: Pass, asked: set[int]) -> list[str]:
        """Settle, write, and say in a sentence each what was found. `asked` were polled already."""
        if not sweep.held:
            return []
        owners = {sweep.owners[claim.mac] for claim, _ in sweep.held if claim.mac in sweep.owners}
        if unasked := owners - asked:
            await sweep.run(self.jobs(sorted(unasked)), concurrency=min(len(unasked), AT_ONCE))
        claims = [claim for claim, _ in sweep.held]
        settled = settle(claims, owners=sweep.owners, at_home=sweep.at_home)
        notes = self._rehost(sweep, settled)
        batch: list[Recorded] = []
        for claim, polled in sweep.held:
            told, note = _told(sweep, claim, polled, settled)
            notes += [note] if note else []
            batch += map(sweep.judged, told)
        sweep.known.update(sweep.write(batch))
        return notes

    def _rehost(self, sweep: Pass, settled: Settled) -> list[str]:
        moved = settled.moved
        if not moved:
            return []
        concerned = set(moved) | set(moved.values())
        phones = {phone_id: sweep.known[phone_id].stored.phone for phone_id in concerned}
        changes = new_hosts(moved, {phone_id: phone.host for phone_id, phone in phones.items()})
        self.store.inventory.rehost(changes, self.clock())
        sweep.known.update(self.store.observations.known(sorted(changes)))
        return [
            f"{phones[phone_id].label} moved from {phones[phone_id].host} to {host}."
            if phone_id in moved
            else f"{phones[phone_id].label} lost its address {phones[phone_id].host} to another "
            f"phone; {host}, which became free, is used for it from now on."
            for phone_id, host in changes.items()
        ]


def _told(sweep: Pass, claim: Claim, polled: Polled, settled: Settled) -> tuple[list[Polled], str]:
    """Say of which phones the poll tells, and the sentence for people, if any."""
    asked = sweep.known[claim.phone_id].stored.phone
    elsewhere = f"A phone with the MAC {claim.mac} answers at {claim.host}"
    if claim in settled.conflicts:
        note = f"{elsewhere}, and at another address too; nothing was changed."
        if asked.mac:
            return [as_other_phone(polled, note)], note
        return [without_mac(polled)], note
    if claim in settled.strangers:
        note = (
            f"{elsewhere} in place of {asked.mac}. If the phone was replaced, remove {asked.mac} "
            "from the inventory and import the new one."
        )
        return [as_other_phone(polled, note)], note
    told = [as_phone(polled, sweep.owners[claim.mac])]
    if claim.phone_id not in settled.moved:
        told.append(as_other_phone(polled, f"{elsewhere}, which was this phone's address."))
    return told, ""
