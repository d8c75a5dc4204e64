"""Small fleets for the tests of provisioning."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fleet.model import IntendedAccount, Intent, Intents, Phone, SecretKind, SecretRef, Wanted
from fleet.provision.render import Rendered, render
from fleet.provision.resolve import Resolved, Resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

AT = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
NOBODYS: Mapping[str, str] = {"admin": "48151623", "user": "4711"}


def intent(*profiles: str, timezone: str | None = None, **parameters: str | None) -> Intent:
    """An intent of texts; `sip_vmail` is `sip vmail`."""
    return Intent(
        parameters={
            name.replace("_", " "): Wanted(value=value) for name, value in parameters.items()
        },
        profiles=profiles,
        timezone=timezone,
    )


def secret(name: str) -> SecretRef:
    return SecretRef(kind=SecretKind.SECRET, name=name)


def phone(number: int = 1, *accounts: IntendedAccount, **fields: str) -> Phone:
    """A 6753i at `10.0.0.N`."""
    known = {"mac": f"00:08:5D:00:00:{number:02X}", "model": "6753i", **fields}
    return Phone(host=f"10.0.0.{number}", accounts=accounts, **known)


def resolver(intents: Intents | None = None, **timezones: str) -> Resolver:
    return Resolver(intents or Intents(), timezones=timezones, at=AT)


def resolved(one: Phone, intents: Intents | None = None, **timezones: str) -> Resolved:
    return resolver(intents, **timezones).phone(1, one)


def texts(one: Resolved) -> dict[str, object]:
    return {name: value.wanted.value for name, value in one.values.items()}


def rendered(intents: Intents, *phones: Phone) -> Rendered:
    found = resolver(intents)
    every = [found.phone(number, one) for number, one in enumerate(phones, 1)]
    return render(found, every, lambda ref: NOBODYS[ref.name])


def bodies(files: Rendered) -> dict[str, str]:
    every = {file.name: file.body for file in (*files.shared, *files.own) if file.body}
    return {name: body.decode().partition("\n")[2] for name, body in every.items()}
