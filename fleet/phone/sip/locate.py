"""Where a SIP peer is: its address and port, by DNS if need be (RFC 3263; the door of dnspython).

One place is given, never a list: a question goes to one server only, so that a wrong password is
tried once. It is the one that the phone asks first.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dns.asyncresolver
import dns.exception
import dns.rdatatype

from fleet.phone.fair_timeout import FairTimeout
from fleet.phone.sip.peer import DEFAULT_PORT
from fleet.phone.sip.silence import Silence, Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dns.rdtypes.IN.SRV import SRV

    from fleet.phone.sip.peer import Peer

_NOWHERE = "."


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """An IP address and a port."""

    address: str
    port: int


class Names:
    """Looks names up. `nameserver` (address, port) stands in for those of the system, for SRV."""

    def __init__(self, nameserver: tuple[str, int] | None = None) -> None:
        self._nameserver = nameserver

    async def locate(self, peer: Peer, *, wait: float) -> Place:
        """Where to send to, looked up for `wait` seconds at most. Raises Unanswered.

        The phones speak IPv4: where a name has such an address, it is taken.
        """
        host, port = peer.host, peer.port
        if _is_address(host):
            return Place(address=host, port=port or DEFAULT_PORT)
        try:
            async with FairTimeout(asyncio.get_running_loop().time() + wait):
                if port is None:
                    host, port = await self._service(peer, wait / 2)
                return Place(address=await _address(host), port=port)
        except (TimeoutError, OSError, UnicodeError):
            raise Unanswered(Silence.NAME_NOT_FOUND) from None

    async def _service(self, peer: Peer, wait: float) -> tuple[str, int]:
        name = f"_sip._{peer.transport}.{peer.host.removesuffix('.')}."
        try:
            found = await self._resolver().resolve(name, dns.rdatatype.SRV, lifetime=wait)
        except (dns.exception.DNSException, OSError):
            return peer.host, DEFAULT_PORT
        return _first(found)

    def _resolver(self) -> dns.asyncresolver.Resolver:
        resolver = dns.asyncresolver.Resolver(configure=self._nameserver is None)
        if self._nameserver is not None:
            address, port = self._nameserver
            resolver.nameservers, resolver.port = [address], port
        return resolver


def _first(records: Iterable[SRV]) -> tuple[str, int]:
    """The record to be asked first; among equals always the same one, so that runs compare."""
    first = min(records, key=lambda record: (record.priority, -record.weight, record.target))
    target = first.target.to_text()
    if target == _NOWHERE:  # RFC 2782: the service is decidedly not there
        raise Unanswered(Silence.NAME_NOT_FOUND)
    return target.removesuffix("."), first.port


async def _address(host: str) -> str:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    first = min(found, key=lambda place: place[0] != socket.AF_INET)
    return str(first[4][0])


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
