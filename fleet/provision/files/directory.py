"""The phones that may fetch, as they were when last read, and the networks they are in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.provision.files.decide import Caller
from fleet.provision.files.networks import is_within, parse_address, parse_networks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet.provision.files.networks import Network
    from fleet.store import FetchingPhone


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """Phones by their MAC, and every network that a phone may be in."""

    phones: Mapping[str, Caller] = field(default_factory=dict)
    networks: frozenset[Network] = frozenset()
    _known: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    def is_known_network(self, address: str) -> bool:
        """Whether a phone may be at this address."""
        if (known := self._known.get(address)) is None:
            known = is_within(parse_address(address), self.networks)
            if len(self._known) < 100_000:
                self._known[address] = known
        return known


def directory_of(
    phones: Mapping[str, FetchingPhone], networks: tuple[Network, ...], sites: Iterable[str] = ()
) -> Directory:
    """Make a directory; `networks` are the settings', `sites` all the sites' as CIDR texts."""
    callers = {
        mac: Caller(phone_id=phone.id, mac=mac, networks=parse_networks(phone.networks))
        for mac, phone in phones.items()
    }
    return Directory(phones=callers, networks=frozenset((*networks, *parse_networks(tuple(sites)))))
