"""Whom to ask by SIP, by which transport, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fleet.phone.http.target import checked_address
from fleet.phone.sip.uri import authority


class Transport(StrEnum):
    """How SIP is carried."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"

    @property
    def default_port(self) -> int:
        """Where a peer listens that says nothing else (RFC 3261, 19.1.2)."""
        return 5061 if self is Transport.TLS else 5060


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """A phone, a registrar or a proxy. `port` 0 or None: whatever the phone itself would use.

    That is 5060 (over TLS 5061) at an address; at a name what DNS SRV says, else the same
    (facts/provisioning 1.3). `any_certificate`: over TLS whoever answers is taken, as phones show
    self-signed ones; such a peer is never given a login.
    Raises ValueError where the host or the port cannot be meant.
    """

    host: str
    port: int | None = None
    transport: Transport = Transport.UDP
    any_certificate: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", checked_address(self.host.strip().strip("[]")))
        if self.port == 0:
            object.__setattr__(self, "port", None)
        if self.port is not None and not 0 < self.port < 65536:
            raise ValueError(f"The SIP port {self.port} is not a number from 1 to 65535")

    @property
    def may_be_anybody(self) -> bool:
        """Whether TLS was asked for, but not to know who answers."""
        return self.any_certificate and self.transport is Transport.TLS

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

    @property
    def total(self) -> float:
        """How long one question may take in all, whatever number of servers a name has.

        It is enough for the first of them to ask for a login and to be slow with both answers.
        """
        return 2 * (self.connect + self.give_up)

    def pause(self, before: float, *, proceeding: bool) -> float:
        """Timer E: how long until the request is sent again; `before` is the last pause, first 0.

        `proceeding`: a provisional response has come.
        """
        if not before:
            return self.t1
        return self.t2 if proceeding else min(2 * before, self.t2)
