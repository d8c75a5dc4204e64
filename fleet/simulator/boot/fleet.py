"""A believable fleet that boots: its phones, the accounts they should have, their registrars."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TextIO

from fleet.simulator.addresses import whole_loopback
from fleet.simulator.sip.spec import RegistrarSpec, SipLogin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fleet.simulator.boot.spec import BootSpec
    from fleet.simulator.phone import SimulatedPhone
    from fleet.simulator.spec import LineSpec, PhoneSpec

_LOOPBACK = "127.0.0.0/8"


@dataclass(frozen=True, kw_only=True, slots=True)
class BootingFleet:
    """Phones that boot without an account, and two registrars that know what they should have.

    `wanted` are the lines of each phone by its MAC, `passwords` the SIP passwords by user; the
    other two are those of the web UIs, once the phones have read their files.
    """

    phones: tuple[PhoneSpec, ...]
    registrars: tuple[RegistrarSpec, RegistrarSpec]
    wanted: Mapping[str, tuple[LineSpec, ...]]
    passwords: Mapping[str, str] = field(repr=False)
    admin_password: str = field(repr=False)
    user_password: str = field(repr=False)


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
        admin_password=_digits("admin", seed),
        user_password=_digits("user", seed),
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
    return _hash(user, seed).hex()[:12]


def _digits(user: str, seed: int) -> str:
    """The same for a web UI, which takes digits alone: nine of them."""
    return str(100_000_000 + int.from_bytes(_hash(user, seed)[:8]) % 900_000_000)


def _hash(user: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{user}".encode()).digest()


def booting_inventory(fleet: BootingFleet, phones: Iterable[SimulatedPhone], out: TextIO) -> None:
    """Write the inventory that gives each phone its accounts and passwords, ready to be applied.

    It is YAML, for a CSV file does not say what files hold; written as JSON, which YAML includes.
    """
    sites: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for phone in phones:
        sites[phone.given.site].append(_phone(fleet, phone))
    passwords = {"!admin_password": fleet.admin_password, "user_password": fleet.user_password}
    document = {
        "clear_secrets": True,  # they open nothing but these phones
        "fleet": {"configuration": passwords},
        "sites": {
            site: {"networks": [_LOOPBACK], "phones": some} for site, some in sites.items() if site
        },
        "phones": sites.get("", []),
    }
    json.dump(document, out, ensure_ascii=False, indent=1)
    out.write("\n")


def _phone(fleet: BootingFleet, phone: SimulatedPhone) -> dict[str, Any]:
    spec = phone.given
    (primary, primary_port), (backup, backup_port) = (
        (registrar.name, registrar.named_port) for registrar in fleet.registrars
    )
    lines = [
        {
            "line": line.number,
            "user": line.user,
            "sip_password": fleet.passwords[line.user],
            "display_name": spec.name,
            "registrar": primary,
            "registrar_port": primary_port,
            "backup_registrar": backup,
            "backup_registrar_port": backup_port,
        }
        for line in fleet.wanted[spec.mac]
    ]
    given = {"host": phone.host, "mac": spec.mac, "model": spec.model, "name": spec.name}
    login = {"username": spec.username, "password": fleet.admin_password}
    return {key: value for key, value in (given | login).items() if value} | {"lines": lines}
