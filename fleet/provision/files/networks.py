"""Where a request comes from: its address, through proxies that are trusted, and its network."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


@lru_cache(maxsize=65_536)
def parse_address(text: str) -> Address | None:
    """The address of a text; None for what is none. An IPv4 address in IPv6 form is IPv4."""
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(maxsize=4096)
def parse_networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks of CIDR texts that were checked before; what is none is left out."""
    found = []
    for text in texts:
        try:
            found.append(ip_network(text, strict=False))
        except ValueError:
            continue
    return tuple(found)


def is_within(address: Address | None, networks: Iterable[Network]) -> bool:
    """Whether an address is in one of the networks; one that cannot be read is in none."""
    return address is not None and any(
        address.version == network.version and address in network for network in networks
    )


def client_address(peer: str, forwarded: Iterable[str], trusted: Iterable[Network]) -> str:
    """The address that a request comes from, in its shortest form.

    `forwarded` are the values of X-Forwarded-For, which counts only if `peer` is a trusted proxy:
    then it is the last one in it that is not a trusted proxy itself. Whoever sent an unreadable one
    is taken at the last address that could be read.
    """
    proxies = tuple(trusted)
    hops = [hop for value in forwarded for hop in value.split(",")]
    at = parse_address(peer)
    while is_within(at, proxies) and hops:
        before = parse_address(hops.pop())
        if before is None:
            break
        at = before
    return str(at) if at is not None else peer
