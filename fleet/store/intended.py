"""Intents beside the sites and phones that they are about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.model import NO_INTENT, Inventory, Level
from fleet.store.intents import load_intents, write_level, write_phones
from fleet.store.named_secrets import load_secrets, write_secrets
from fleet.store.phones import Secrets, load_phones, load_sites

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import sqlalchemy as sa

    from fleet.model import Intent, Intents, Phone, Site
    from fleet.store.secrets import Keyring
    from fleet.store.values import IntentChange, StoredPhone


def load_inventory(connection: sa.Connection, keyring: Keyring | None) -> Inventory:
    """Give all sites and phones and what is intended, with passwords and secrets."""
    intents = load_intents(connection)
    sites = load_sites(connection, keyring, Secrets.ALL)
    phones = load_phones(connection, keyring, Secrets.ALL)
    return Inventory(
        sites=tuple(
            replace(site, intent=intents.sites.get(site.name, NO_INTENT)) for site in sites.values()
        ),
        phones=tuple(with_intents(phones, intents).values()),
        fleet=intents.fleet,
        models=intents.models,
        profiles=intents.profiles,
        secrets=load_secrets(connection, keyring),
    )


def with_intents(stored: Iterable[StoredPhone], intents: Intents) -> dict[int, Phone]:
    """The phones by their numbers, each with its intent."""
    return {
        each.id: replace(each.phone, intent=intents.phones[each.id])
        if each.id in intents.phones
        else each.phone
        for each in stored
    }


def apply_intents(
    connection: sa.Connection,
    before: Intents,
    sites: Sequence[Site],
    of_phones: Mapping[int, Intent],
) -> None:
    """Write the intents of sites and phones that differ."""
    of_sites = {
        site.name: site.intent
        for site in sites
        if before.sites.get(site.name, NO_INTENT) != site.intent
    }
    write_level(connection, Level.SITE, of_sites)
    differ = {i: each for i, each in of_phones.items() if before.phones.get(i, NO_INTENT) != each}
    write_phones(connection, differ)


def apply_common(connection: sa.Connection, keyring: Keyring | None, change: IntentChange) -> None:
    """Write the intents of the fleet, of models and profiles, and the secrets they refer to."""
    if change.fleet is not None:
        write_level(connection, Level.FLEET, {"": change.fleet})
    write_level(connection, Level.MODEL, change.models)
    write_level(connection, None, change.profiles)
    write_secrets(connection, keyring, change.secrets, change.at)
