"""What phones and incidents may have in common: a site, a network, a login, a registrar."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fleet.judge.rules import RULES
from fleet.model import CauseKind, Reach

if TYPE_CHECKING:
    from collections.abc import Mapping

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
