"""A believable fleet that boots: its phones, the accounts they should have, their registrars."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TextIO

from fleet.simulator.addresses import whole_loopback
from fleet.simulator.sip.spec import RegistrarSpec, SipLogin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fleet.simulator.boot.spec import BootSpec
    from fleet.simulator.phone import SimulatedPhone
    from fleet.simulator.spec import LineSpec, PhoneSpec

_PHONE_COLUMNS = ("site", "host", "mac", "model", "name", "username", "password")
_LINE_COLUMNS = ("line", "user", "sip_password", "display_name", "registrar", "registrar_port")
_BACKUP_COLUMNS = ("backup_registrar", "backup_registrar_port")


@dataclass(frozen=True, kw_only=True, slots=True)
class BootingFleet:
    """Phones that boot without an account, and two registrars that know what they should have.

    `wanted` are the lines of each phone by its MAC, `passwords` the SIP passwords by user.
    """

    phones: tuple[PhoneSpec, ...]
    registrars: tuple[RegistrarSpec, RegistrarSpec]
    wanted: Mapping[str, tuple[LineSpec, ...]]
    passwords: Mapping[str, str] = field(repr=False)


def booting_fleet(
    phones: Sequence[PhoneSpec],
    boot: BootSpec,
    *,
    places: tuple[tuple[str, int], tuple[str, int]],
    seed: int = 0,
) -> BootingFleet:
    """Have phones boot; their lines become what an inventory is to give them.

    `places` are the addresses and ports of the primary and the backup registrar, which are also
    their names, so that anybody on this machine finds them. The same seed gives the same passwords.
    """
    users = [line.user for phone in phones for line in phone.lines]
    passwords = {user: _password(user, seed) for user in users}
    logins = tuple(SipLogin(user=user, password=passwords[user]) for user in users)
    primary, backup = (
        RegistrarSpec(name=host, named_port=port, address=host, port=port, accounts=logins)
        for host, port in places
    )
    return BootingFleet(
        phones=tuple(replace(phone, lines=(), boot=boot) for phone in phones),
        registrars=(primary, backup),
        wanted={phone.mac: phone.lines for phone in phones},
        passwords=passwords,
    )


def sip_places(port: int) -> tuple[tuple[tuple[str, int], tuple[str, int]], int]:
    """Where the registrars go, and the SIP port of the phones, or of the first of them.

    An address each and one port, where the whole loopback is this machine; else a port each.
    """
    if whole_loopback():
        return (("127.15.0.1", port), ("127.15.0.2", port)), port
    return (("127.0.0.1", port), ("127.0.0.1", port + 1)), port + 2


def _password(user: str, seed: int) -> str:
    """A password that looks like one; whoever knows the seed knows it."""
    return hashlib.sha256(f"{seed}:{user}".encode()).hexdigest()[:12]


def booting_inventory(fleet: BootingFleet, phones: Iterable[SimulatedPhone], out: TextIO) -> None:
    """Write the inventory that gives each phone its accounts: a row a line, SIP passwords too."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_PHONE_COLUMNS + _LINE_COLUMNS + _BACKUP_COLUMNS)
    servers = [(spec.name, spec.named_port) for spec in fleet.registrars]
    for phone in phones:
        spec = phone.given
        row = (spec.site, phone.host, spec.mac, spec.model, spec.name, spec.username, spec.password)
        for line in fleet.wanted[spec.mac]:
            account = (line.number, line.user, fleet.passwords[line.user], spec.name)
            writer.writerow((*row, *account, *servers[0], *servers[1]))
