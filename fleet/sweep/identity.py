"""Who answered where: phones that moved, and two addresses that claim one MAC. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
