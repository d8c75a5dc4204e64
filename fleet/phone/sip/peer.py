"""Whom to ask by SIP, by which transport, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fleet.phone.sip.uri import authority
from fleet.phone.target import checked_address

DEFAULT_PORT = 5060


class Transport(StrEnum):
    """How SIP is carried."""

    UDP = "udp"
    TCP = "tcp"


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """A phone, a registrar or a proxy. `port` 0 or None: whatever the phone itself would use.

    That is 5060 at an address; at a name what DNS SRV says, else 5060 (facts/provisioning 1.3).
    Raises ValueError where the host or the port cannot be meant.
    """

    host: str
    port: int | None = None
    transport: Transport = Transport.UDP

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", checked_address(self.host.strip().strip("[]")))
        if self.port == 0:
            object.__setattr__(self, "port", None)
        if self.port is not None and not 0 < self.port < 65536:
            raise ValueError(f"The SIP port {self.port} is not a number from 1 to 65535")

    def __str__(self) -> str:
        return authority(self.host, self.port)


@dataclass(frozen=True, kw_only=True, slots=True)
class Timers:
    """RFC 3261's timers, in seconds (17.1.2 and table 4), and how long a connection may take.

    `patience` takes the place of timer F where somebody cannot wait for so long.
    """

    t1: float = 0.5
    t2: float = 4.0
    connect: float = 5.0
    patience: float | None = None

    @property
    def give_up(self) -> float:
        """Timer F: how long to wait for the answer to one request."""
        return 64 * self.t1 if self.patience is None else self.patience

    def pause(self, before: float, *, proceeding: bool) -> float:
        """Timer E: how long until the request is sent again; `before` is the last pause, first 0.

        `proceeding`: a provisional response has come.
        """
        if not before:
            return self.t1
        return self.t2 if proceeding else min(2 * before, self.t2)
