"""What keeps phones from being given their files, as far as settings and inventory tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fleet.model import NO_INTENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.model import Intents
    from fleet.settings import Settings
    from fleet.store import FetchingPhone, Store


class Obstacle(NamedTuple):
    """What is wrong, and what to do about it; `is_fatal`: no phone at all is given a file."""

    text: str
    remedy: str
    is_fatal: bool = False


def obstacles(settings: Settings, store: Store) -> Iterator[Obstacle]:
    """Say what keeps phones from their files."""
    phones = list(store.fetch_logins.phones().values())
    yield from _networks(settings, store, phones)
    if settings.provisioning.login == "digest":
        yield from _logins(store, phones)


def is_used(settings: Settings, store: Store) -> bool:
    """Return whether files are served, were applied, or are configured in the inventory."""
    return (
        settings.provisioning.enabled
        or store.revisions.last() > 0
        or _says_something(store.intents.load())
    )


def _networks(settings: Settings, store: Store, phones: list[FetchingPhone]) -> Iterator[Obstacle]:
    if settings.provisioning.networks:
        return
    if not any(site.networks for site in store.inventory.sites()):
        yield Obstacle(
            "No phone may fetch a file: neither [provisioning] networks nor any site has a "
            "network.",
            'Set [provisioning] networks = ["10.1.0.0/16"] to the phones\' networks, or give each '
            "site its networks in the inventory.",
            is_fatal=True,
        )
    elif without := sum(not phone.networks for phone in phones):
        yield Obstacle(
            f"{_phones(without)} may not fetch: their sites have no network, and [provisioning] "
            "networks is not set.",
            "Add the networks of those sites to the inventory, or set [provisioning] networks.",
        )


def _logins(store: Store, phones: list[FetchingPhone]) -> Iterator[Obstacle]:
    found = store.fetch_logins.load()
    if without := sum(phone.id not in found for phone in phones):
        yield Obstacle(
            f"{_phones(without)} without a login for fetching: fleet refuses to serve their own "
            "files.",
            "fleet provision apply creates the logins.",
        )


def _says_something(intents: Intents) -> bool:
    levels = (intents.models, intents.sites, intents.phones, intents.profiles)
    return intents.fleet != NO_INTENT or any(levels)


def _phones(number: int) -> str:
    return "1 phone" if number == 1 else f"{number} phones"
