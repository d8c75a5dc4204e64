"""Changes after which a phone may be out of fleet's reach: led to another server, or cut off.

A phone with such a change is proven by two fetches: it takes the first before it acts on it.
"""

from __future__ import annotations

import socket
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from fleet.model import Severity
from fleet.phone.lint import LintFinding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from fleet.phone.parameters import ParameterChange

LEAVES = "leaves-network"
_OF_PARAMETERS = ("fetches-elsewhere", "web-interface-off")
_NETWORK = ("tagging enabled", "vlan id", "dhcp", "ip", "subnet mask", "default gateway")
_LEADING = frozenset(
    (
        *_NETWORK,
        *("http server", "http port", "http path", "https server", "https port", "https path"),
        *("ftp server", "tftp server", "tftp path", "alternate tftp server", "use alternate tftp"),
        *("download protocol", "firmware server", "upgrade uri", "web interface enabled"),
    )
)
"""Parameters that decide whether a phone comes back (facts/provisioning 1.3)."""


def leads_away(changes: Iterable[ParameterChange]) -> bool:
    """Whether one of the changes decides whether a phone comes back."""
    return any(change.name in _LEADING for change in changes)


def judged(
    findings: Sequence[LintFinding], changes: Sequence[ParameterChange], *, is_ours: bool
) -> tuple[LintFinding, ...]:
    """Return a phone's findings, critical only where the change leads it away.

    What was so before led nobody away. `is_ours`: the phone has a file of ours already, so a new
    network may cut it off; one that gets its first file is where it is for other reasons.
    """
    changed = {change.name for change in changes}
    kept = [
        replace(one, severity=Severity.WARNING)
        if one.check in _OF_PARAMETERS and one.parameter not in changed
        else one
        for one in findings
    ]
    new = list(_network(changes)) if is_ours else []
    return tuple(sorted((*kept, *new), key=lambda one: list(Severity).index(one.severity)))


def leaving(findings: Iterable[LintFinding]) -> bool:
    """Whether a phone may leave fleet by its changes."""
    checks = (*_OF_PARAMETERS, LEAVES)
    return any(one.check in checks and one.severity is Severity.CRITICAL for one in findings)


def _network(changes: Iterable[ParameterChange]) -> Iterator[LintFinding]:
    for change in changes:
        if change.name not in _NETWORK or (change.name == "dhcp" and change.new != "0"):
            continue
        if change.new is None and change.old is None:
            continue
        to = "is removed" if change.new is None else f"becomes {change.new}"
        yield LintFinding(
            check=LEAVES,
            severity=Severity.CRITICAL,
            parameter=change.name,
            text=f"`{change.name}` {to}: the phone may come up in a network from which it does not "
            "reach fleet; try it on one phone first.",
        )


class OwnHosts:
    """Tells whether a host is this machine: by its name, or an address of one of its interfaces."""

    def __init__(self, listening: str, others: Collection[str] = ()) -> None:
        """`listening` is the address that fleet listens on."""
        self._names = {"localhost", listening.lower(), *(each.lower() for each in others)}

    def has(self, host: str) -> bool:
        """Return whether a host is this machine. Names are compared, and never looked up."""
        return host.lower().rstrip(".") in self._names | _names_here() or _is_here(host)


@lru_cache(maxsize=1)
def _names_here() -> frozenset[str]:
    return frozenset({socket.gethostname().lower()})


@lru_cache(maxsize=1024)
def _is_here(address: str) -> bool:
    """Whether an interface of this machine has the address: the system then sends from it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        socket.inet_pton(family, address)
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))  # sends nothing
            return bool(probe.getsockname()[0] == address)
    except OSError:
        return False
