"""Incidents by what they have in common, and how much of each group was looked at since when."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache
from ipaddress import ip_address, ip_network
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from fleet.judge.rules import RULES
from fleet.model import CauseKind, IncidentState, Reach

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Incident, PhoneLook, Population

ALL_PHONES = ""  # the group of all phones, which has no name
_RULES: Mapping[CauseKind, frozenset[str]] = {
    kind: frozenset(name for name, rule in RULES.items() if kind in rule.causes)
    for kind in CauseKind
}
_PREFIX = {4: 24, 6: 64}  # how large a network is taken to be that no site names


def group_of_incident(
    kind: CauseKind, incident: Incident, look: PhoneLook, population: Population
) -> str | None:
    """The name of the group by which a cause of this kind may explain an incident, if one may."""
    if incident.rule not in _RULES[kind]:
        return None
    if kind is CauseKind.REGISTRAR:
        return registrar_name(incident.registrar) or None
    return group_of_phone(kind, look, population)


def group_of_phone(kind: CauseKind, look: PhoneLook, population: Population) -> str | None:
    """The name of the phone's group; None where it has none."""
    match kind:
        case CauseKind.OWN_NETWORK:
            return ALL_PHONES
        case CauseKind.SITE:
            return look.site or None
        case CauseKind.NETWORK:
            return network_of(look.host, tuple(population.networks.get(look.site, ())))
        case CauseKind.CREDENTIALS:
            return look.login or None
        case CauseKind.REGISTRAR:
            return None


def can_look(kind: CauseKind, look: PhoneLook) -> bool:
    """Whether the phone's last poll could tell if what a cause of this kind explains is so."""
    match kind:
        case CauseKind.REGISTRAR:
            return look.reach is Reach.OK
        case CauseKind.CREDENTIALS:
            return look.reach is not Reach.UNREACHABLE
        case _:
            return True


def registrar_name(registrar: str) -> str:
    """A registrar's name as causes have it: in a host, case does not matter (RFC 3261, 19.1.4)."""
    return registrar.strip().lower()


@lru_cache(maxsize=65_536)
def network_of(host: str, networks: tuple[str, ...]) -> str | None:
    """The network that holds a phone's host: one of these, else its /24, or its /64 for IPv6.

    None for a host that is a name, since nobody knows where it points.
    """
    try:
        address = ip_address(_bare(host))
    except ValueError:
        return None
    for network in networks:
        if address in ip_network(network, strict=False):
            return network
    return str(ip_network((address, _PREFIX[address.version]), strict=False))


def _bare(host: str) -> str:
    """The address in `address[:port]` or in a URL."""
    if host.count(":") > 1 and "[" not in host:
        return host
    return urlsplit(host if "://" in host else f"//{host}").hostname or ""


_LEAST_APART = timedelta(minutes=1)
CauseKey: TypeAlias = tuple[CauseKind, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """A phone, or a line of one, that fails.

    `polled` is when it was polled last; `seen` may be later, when the phone itself said so since.
    """

    look: PhoneLook
    incidents: tuple[Incident, ...]
    polled: datetime
    seen: datetime

    @property
    def began(self) -> datetime:
        """When its trouble was seen first."""
        return min(incident.first_seen for incident in self.incidents)

    @property
    def is_open(self) -> bool:
        """Whether it was seen often enough to be told of."""
        return any(incident.state is IncidentState.OPEN for incident in self.incidents)

    @property
    def code(self) -> int | None:
        """The SIP code that it shows."""
        return next((each.code for each in self.incidents if each.code is not None), None)


@dataclass(frozen=True, kw_only=True)
class Group:
    """All that shares a site, network, login or registrar, as far as it can be looked at now.

    `looks` are the moments when each of it was polled last, sorted. `units` are those that fail and
    are no other cause's; `other_looks` are the looks at those that are. `blind` are its incidents
    on phones where nobody can see now whether they last.
    """

    kind: CauseKind
    name: str
    looks: Sequence[datetime]
    units: Sequence[Unit]
    other_looks: Sequence[datetime] = ()
    blind: Sequence[Incident] = ()

    @cached_property
    def _seen(self) -> list[datetime]:
        return sorted(unit.seen for unit in self.units)

    @cached_property
    def _polled_bad(self) -> list[datetime]:
        return sorted([*(unit.polled for unit in self.units), *self.other_looks])

    @cached_property
    def _bad_phones(self) -> list[datetime]:
        return _newest((unit.look.phone_id, unit.seen) for unit in self.units)

    @cached_property
    def _begun(self) -> list[datetime]:
        return sorted(unit.began for unit in self.units)

    @cached_property
    def _begun_phones(self) -> list[datetime]:
        return _newest((unit.look.phone_id, unit.began) for unit in self.units if unit.is_open)

    def failing(self, since: datetime) -> int:
        """How many fail that were looked at since then."""
        return _count(self._seen, since)

    def well(self, since: datetime) -> int:
        """How many were looked at since then and do not fail."""
        return max(0, _count(self.looks, since) - _count(self._polled_bad, since))

    def looked_at(self, since: datetime) -> int:
        """How many were looked at since then, but for those that fail for another cause."""
        return self.well(since) + self.failing(since)

    def bad_phones(self, since: datetime) -> int:
        """On how many phones something fails that was looked at since then."""
        return _count(self._bad_phones, since)

    def begun(self, since: datetime) -> int:
        """How many began to fail since then.

        Beside `well` they are a fair sample, which what failed before is not: that is looked at
        again sooner than what is well.
        """
        return _count(self._begun, since)

    def is_apart(self, since: datetime) -> bool:
        """Return whether what failed first from then on is trouble of its own, before the rest.

        It is where fewer failed than did later, and a time lies between that is longer than a round
        of polls, and longer than the rest took to fail: the rest was well then.
        """
        began = self._begun[bisect_left(self._begun, since) :]
        tenth = len(self.looks) // 10  # some may not have been polled for long
        round_ = self.looks[-1] - self.looks[tenth] if self.looks else timedelta()
        return any(
            place < len(began) - place
            and later - earlier > max(_LEAST_APART, round_, began[-1] - later)
            for place, (earlier, later) in enumerate(pairwise(began), 1)
        )

    def open_phones(self, since: datetime) -> int:
        """On how many phones something began to fail since then that is open."""
        return _count(self._begun_phones, since)


def groups_of(
    kind: CauseKind,
    standing: Iterable[Incident],
    population: Population,
    owners: Mapping[int, CauseKey],
    names: Collection[str],
) -> Iterator[Group]:
    """Group the incidents that a cause of this kind can explain, with what is well beside them.

    `owners` names the cause that an incident has already, by its id. `names` are groups that are
    wanted though nothing of theirs may fail. Incidents without an id or a known phone are left out.
    """
    phones = {look.phone_id: look for look in population.phones if look.observed_at}
    found: dict[str, list[tuple[Incident, PhoneLook]]] = {name: [] for name in names}
    for incident in standing:
        look = None if incident.phone_id is None else phones.get(incident.phone_id)
        if look is None or incident.id is None:
            continue
        name = group_of_incident(kind, incident, look, population)
        if name is not None:
            found.setdefault(name, []).append((incident, look))
    looks = _looks(kind, found, phones.values(), population)
    for name, members in found.items():
        yield _group(kind, name, looks[name], members, owners)


def _group(
    kind: CauseKind,
    name: str,
    looks: Sequence[datetime],
    members: Iterable[tuple[Incident, PhoneLook]],
    owners: Mapping[int, CauseKey],
) -> Group:
    """Tell apart what fails here, what fails for another cause, and what cannot be seen."""
    own: dict[tuple[int, int], list[tuple[Incident, PhoneLook]]] = defaultdict(list)
    others: dict[tuple[int, int], datetime | None] = {}
    blind = []
    for incident, look in members:
        place = (look.phone_id, incident.line or 0)
        is_own = owners.get(incident.id or 0, (kind, name)) == (kind, name)
        if is_own and can_look(kind, look):
            own[place].append((incident, look))
        elif is_own:
            blind.append(incident)
        elif can_look(kind, look):
            others[place] = look.observed_at
    return Group(
        kind=kind,
        name=name,
        looks=looks,
        units=[_unit(pairs) for pairs in own.values()],
        other_looks=[at for place, at in others.items() if at and place not in own],
        blind=blind,
    )


def _unit(pairs: Sequence[tuple[Incident, PhoneLook]]) -> Unit:
    incidents = tuple(incident for incident, _ in pairs)
    look = pairs[0][1]
    newest = max(incident.first_seen for incident in incidents)
    polled = look.observed_at or newest
    return Unit(look=look, incidents=incidents, polled=polled, seen=max(polled, newest))


def _looks(
    kind: CauseKind,
    names: Collection[str],
    phones: Iterable[PhoneLook],
    population: Population,
) -> Mapping[str, Sequence[datetime]]:
    """When each phone or line of these groups was polled last, sorted."""
    found: dict[str, list[datetime]] = {name: [] for name in names}
    if kind is CauseKind.REGISTRAR:
        for registrar, moments in population.lines.items():
            found.get(registrar_name(registrar), []).extend(moments)
    elif found:
        for look in phones:
            name = group_of_phone(kind, look, population)
            if name in found and look.observed_at and can_look(kind, look):
                found[name].append(look.observed_at)
    return {name: sorted(moments) for name, moments in found.items()}


def _newest(moments: Iterable[tuple[int, datetime]]) -> list[datetime]:
    """The newest moment of each phone, sorted."""
    newest: dict[int, datetime] = {}
    for phone, moment in moments:
        newest[phone] = max(moment, newest.get(phone, moment))
    return sorted(newest.values())


def _count(moments: Sequence[datetime], since: datetime) -> int:
    return len(moments) - bisect_left(moments, since)
