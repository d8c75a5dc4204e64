"""Which phones may push, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, TypeAlias

from fleet.store import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.store import Store

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """A phone that may push, and from where."""

    phone_id: int
    networks: tuple[Network, ...]


def callers(store: Store, push_networks: Iterable[str]) -> dict[str, Caller]:
    """Return the phones that may push, by MAC: those with networks of their own or of a site."""
    default = _networks(push_networks)
    sites = {site.name: _networks(site.networks) or default for site in store.inventory.sites()}
    places = {each.id: each.phone.site for each in store.phones.load(secrets=Secrets.NONE)}
    return {
        mac: Caller(phone_id=phone_id, networks=networks)
        for mac, phone_id in store.phones.mac_owners().items()
        if (networks := sites.get(places.get(phone_id, ""), default))
    }


def _networks(texts: Iterable[str]) -> tuple[Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)
