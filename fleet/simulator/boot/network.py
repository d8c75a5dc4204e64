"""What simulated phones can reach: this machine's loopback, and registrars of the simulator.

Nobody else is ever sent SIP, so that a simulated fleet with the configuration of a real one does
not log in at the real registrars.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.simulator.boot.account import SipServer
    from fleet.simulator.sip.registrar import SimulatedRegistrar

Address: TypeAlias = tuple[str, int]


class Network:
    """Finds registrars by the names that phones know them by."""

    def __init__(self, registrars: Sequence[SimulatedRegistrar] = ()) -> None:
        self._named = {
            (registrar.spec.name.lower(), registrar.spec.named_port): registrar
            for registrar in registrars
        }

    def find(self, server: SipServer) -> Address | None:
        """Where a registrar is; None where nobody of that name and port is within reach."""
        registrar = self._named.get((server.host.lower(), server.port))
        if registrar is not None:
            return registrar.address, registrar.port
        host = "127.0.0.1" if server.host.lower() == "localhost" else server.host
        return (host, server.port) if is_loopback(host) else None


def is_loopback(host: str) -> bool:
    """Whether an IPv4 address is this machine."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.version == 4 and address.is_loopback
