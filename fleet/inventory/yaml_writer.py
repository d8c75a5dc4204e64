"""Writing the YAML inventory: all that is known of sites and phones, empty things left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from fleet.inventory.configuration_writer import intent_as_yaml
from fleet.inventory.entries import ACCOUNT_COLUMNS, SECRETS
from fleet.model import NO_INTENT
from fleet.phone.parameters import holds_login, without_login

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from fleet.model import Inventory, Phone, Site

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_SITE_FIELDS = ("timezone", "networks", "username", "password", "legacy_tls")
_PHONE_FIELDS = ("host", "mac", "model", "name", "username", "password", "legacy_tls")


def write_yaml(inventory: Inventory, out: TextIO, *, with_secrets: bool = False) -> None:
    """Write the inventory. Reading it back changes nothing; passwords only if asked for."""
    names = dict.fromkeys(phone.site for phone in inventory.phones if phone.site)
    known = {site.name: site for site in inventory.sites}
    phones: dict[str, list[dict[str, Any]]] = {name: [] for name in ("", *known, *names)}
    for phone in inventory.phones:
        phones[phone.site].append(_phone(phone, with_secrets=with_secrets))
    alone = phones.pop("")
    sites = {
        name: _site(known.get(name), below, with_secrets=with_secrets)
        for name, below in phones.items()
    }
    above = _above(inventory, with_secrets=with_secrets)
    document = above | {key: value for key, value in (("sites", sites), ("phones", alone)) if value}
    if not with_secrets:
        document = _without_logins(document)
    yaml.dump(
        document, out, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=10_000
    )  # fmt: skip


def _without_logins(node: Any, *, inside: bool = False) -> Any:
    """A document without the logins inside the values of its configurations.

    An import makes secrets of such values; older databases hold some in clear.
    """
    if isinstance(node, dict):
        return {
            key: _without_logins(value, inside=inside or key == "configuration")
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_without_logins(value, inside=inside) for value in node]
    return without_login(node) if inside and isinstance(node, str) and holds_login(node) else node


def _above(inventory: Inventory, *, with_secrets: bool) -> dict[str, Any]:
    """What stands above the sites: profiles, the intents of fleet and models, secrets if asked."""
    intents = (
        inventory.fleet,
        *inventory.models.values(),
        *(site.intent for site in inventory.sites),
        *(phone.intent for phone in inventory.phones),
    )
    used = {name for intent in intents for name in intent.profiles}
    profiles = {
        name: {"configuration": {}} | intent_as_yaml(inventory.profiles.get(name, NO_INTENT))
        for name in sorted(used | inventory.profiles.keys())
    }
    secrets = dict(inventory.secrets) if with_secrets else {}
    models = {name: intent_as_yaml(intent) for name, intent in sorted(inventory.models.items())}
    said = {
        "clear_secrets": bool(secrets),
        "secrets": secrets,
        "profiles": profiles,
        "fleet": intent_as_yaml(inventory.fleet),
        "models": models,
    }
    return {key: value for key, value in said.items() if value}


def _site(site: Site | None, phones: list[dict[str, Any]], *, with_secrets: bool) -> dict[str, Any]:
    told = _told(site, _SITE_FIELDS, with_secrets=with_secrets) if site else {}
    told |= intent_as_yaml(site.intent) if site else {}
    return told | ({"phones": phones} if phones else {})


def _phone(phone: Phone, *, with_secrets: bool) -> dict[str, Any]:
    told = _told(phone, _PHONE_FIELDS, with_secrets=with_secrets) | intent_as_yaml(phone.intent)
    lines = [_told(want, ACCOUNT_COLUMNS, with_secrets=with_secrets) for want in phone.accounts]
    return told | ({"lines": lines} if lines else {})


def _told(thing: object, names: Sequence[str], *, with_secrets: bool) -> dict[str, Any]:
    values = {name: getattr(thing, name) for name in names if with_secrets or name not in SECRETS}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value not in ("", None, ()) or (name == "password" and value is not None)
    }
