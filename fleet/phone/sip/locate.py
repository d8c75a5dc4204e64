"""Where a SIP peer is: addresses and ports, by DNS if need be (RFC 3263; the door of dnspython).

NAPTR is not asked: which transport a phone takes is in its configuration (facts/provisioning 1.3).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from secrets import SystemRandom
from typing import TYPE_CHECKING

import dns.asyncresolver
import dns.exception
import dns.rdatatype

from fleet.phone.http.tcp import FairTimeout
from fleet.phone.sip.message import authority
from fleet.phone.sip.no_answer import NoAnswer, Unanswered
from fleet.phone.sip.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dns.rdtypes.IN.SRV import SRV

    from fleet.phone.sip.transport import Peer

MOST_PLACES = 8
"""More servers than this are not asked one question, however many a name has."""

_NOWHERE = "."
_CHANCE = SystemRandom()


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """An IP address and a port."""

    address: str
    port: int

    def __str__(self) -> str:
        return authority(self.address, self.port)


class Names:
    """Looks names up. `nameserver` (address, port) stands in for those of the system, for SRV.

    `draw` gives numbers from 0 up to but not including 1: which of equal servers comes first.
    """

    def __init__(
        self,
        nameserver: tuple[str, int] | None = None,
        *,
        draw: Callable[[], float] = _CHANCE.random,
    ) -> None:
        self._nameserver = nameserver
        self._draw = draw

    async def places(self, peer: Peer, *, wait: float) -> tuple[Place, ...]:
        """Where to send to, first things first, looked up for `wait` seconds at most.

        All service records by priority and weight, and of each all addresses. The phones speak
        IPv4: such addresses come first. Raises Unanswered where there is none.
        """
        host, port = peer.host, peer.port or peer.transport.default_port
        if _is_address(host):
            return (Place(address=host, port=port),)
        deadline = asyncio.get_running_loop().time() + wait
        targets = [(host, port)]
        if peer.port is None:
            targets = await self._services(peer, wait / 2) or targets
        found = await asyncio.gather(*(_addresses(name, deadline) for name, _ in targets))
        pairs = zip(targets, found, strict=True)
        places = [Place(address=each, port=at) for (_, at), several in pairs for each in several]
        if not places:
            raise Unanswered(NoAnswer.NAME_NOT_FOUND)
        return tuple(dict.fromkeys(places))[:MOST_PLACES]

    async def _services(self, peer: Peer, wait: float) -> list[tuple[str, int]]:
        """Names and ports by the service records, in the order to ask; empty: there are none."""
        name = f"{_service_of(peer.transport)}.{peer.host.removesuffix('.')}."
        try:
            found = await self._resolver().resolve(name, dns.rdatatype.SRV, lifetime=wait)
        except (dns.exception.DNSException, OSError, UnicodeError):
            return []
        named = [(record.target.to_text(), record.port) for record in in_order(found, self._draw)]
        if all(target == _NOWHERE for target, _ in named):
            raise Unanswered(NoAnswer.NAME_NOT_FOUND)  # RFC 2782: it is decidedly not there
        return [(target.removesuffix("."), port) for target, port in named][:MOST_PLACES]

    def _resolver(self) -> dns.asyncresolver.Resolver:
        resolver = dns.asyncresolver.Resolver(configure=self._nameserver is None)
        if self._nameserver is not None:
            address, port = self._nameserver
            resolver.nameservers, resolver.port = [address], port
        return resolver


def in_order(records: Iterable[SRV], draw: Callable[[], float]) -> Iterator[SRV]:
    """Service records in the order in which they are to be asked (RFC 2782).

    By priority; among equals at random, the more often the greater the weight.
    """
    by_priority = sorted(records, key=lambda each: (each.priority, each.weight, each.target))
    while by_priority:
        equals = [each for each in by_priority if each.priority == by_priority[0].priority]
        mark = int(draw() * (sum(each.weight for each in equals) + 1))
        chosen = equals[0]
        for chosen in equals:
            mark -= chosen.weight
            if mark <= 0:
                break
        by_priority.remove(chosen)
        yield chosen


def _service_of(transport: Transport) -> str:
    """The name of the service (RFC 3263, 4.2): over TLS it is another one."""
    return "_sips._tcp" if transport is Transport.TLS else f"_sip._{transport}"


async def _addresses(host: str, deadline: float) -> list[str]:
    """All addresses of a name, IPv4 first; none where it is not known by the deadline."""
    loop = asyncio.get_running_loop()
    try:
        async with FairTimeout(deadline):
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (TimeoutError, OSError, UnicodeError):
        return []
    found.sort(key=lambda place: place[0] != socket.AF_INET)
    return [str(place[4][0]) for place in found]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
