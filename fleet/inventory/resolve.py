"""Laying what a file says over what is known: complete values, each beside what it was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fleet.errors import BadRow, InventoryError
from fleet.inventory.entries import ACCOUNT_COLUMNS, UNSAID, Unsaid
from fleet.model import IntendedAccount, Phone, Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet.inventory.entries import AccountEntry, InventoryFile, PhoneEntry, SiteEntry
    from fleet.model import Inventory

_PHONE_FIELDS = ("site", "mac", "model", "name", "username", "password", "legacy_tls", "intent")
_SITE_FIELDS = ("timezone", "networks", "username", "password", "legacy_tls", "intent")
_ACCOUNT_FIELDS = tuple(name for name in ACCOUNT_COLUMNS if name != "line")


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedPhone:
    """A phone as it shall be. `before` is the known phone that it is, None for a new one."""

    where: str
    after: Phone
    before: Phone | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedSite:
    """A site as it shall be. `before` is None for a new one."""

    after: Site
    before: Site | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """All that a file mentions, complete. `absent` are known phones that it does not mention."""

    sites: tuple[ResolvedSite, ...]
    phones: tuple[ResolvedPhone, ...]
    absent: tuple[Phone, ...]


def resolve(current: Inventory, file: InventoryFile) -> Resolved:
    """Match each phone of the file by its MAC if given, else by its host, and complete it.

    A MAC that is known at another host means that the phone moved. A MAC that is not known, at a
    known host, is that phone's MAC from now on. Raises InventoryError if two phones would share
    a host.
    """
    matches = _match(current, file.phones)
    phones = tuple(
        ResolvedPhone(where=entry.where, after=_phone(entry, before), before=before)
        for entry, before in zip(file.phones, matches, strict=True)
    )
    present = {before.host for before in matches if before is not None}
    absent = tuple(phone for phone in current.phones if phone.host not in present)
    if bad := list(_collisions(phones, absent)):
        raise InventoryError("The file conflicts with the inventory; nothing was changed.", bad)
    return Resolved(sites=tuple(_sites(current, file, phones)), phones=phones, absent=absent)


def _match(current: Inventory, entries: Sequence[PhoneEntry]) -> list[Phone | None]:
    by_mac = {phone.mac: phone for phone in current.phones if phone.mac}
    by_host = {phone.host: phone for phone in current.phones}
    by_identity = [
        by_mac.get(entry.mac) if isinstance(entry.mac, str) else None for entry in entries
    ]
    # Who has moved away is not who is at its old host now.
    moved = {phone.host for phone in by_identity if phone is not None}
    return [
        found or (by_host.get(entry.host) if entry.host not in moved else None)
        for entry, found in zip(entries, by_identity, strict=True)
    ]


def _phone(entry: PhoneEntry, before: Phone | None) -> Phone:
    base = replace(before, host=entry.host) if before else Phone(host=entry.host)
    said = _said(entry, _PHONE_FIELDS)
    if not isinstance(entry.accounts, Unsaid):
        said["accounts"] = _accounts(entry.accounts, base.accounts)
    return replace(base, **said) if said else base


def _accounts(
    entries: Sequence[AccountEntry], before: Sequence[IntendedAccount]
) -> tuple[IntendedAccount, ...]:
    known = {account.line: account for account in before}
    return tuple(
        replace(
            known.get(entry.line) or IntendedAccount(line=entry.line),
            **_said(entry, _ACCOUNT_FIELDS),
        )
        for entry in sorted(entries, key=lambda entry: entry.line)
    )


def _said(entry: PhoneEntry | AccountEntry | SiteEntry, names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(entry, name)) is not UNSAID}


def _sites(
    current: Inventory, file: InventoryFile, phones: Sequence[ResolvedPhone]
) -> Iterator[ResolvedSite]:
    known = {site.name: site for site in current.sites}
    entries = {entry.name: entry for entry in file.sites}
    mentioned = dict.fromkeys(phone.after.site for phone in phones if phone.after.site)
    for name in dict.fromkeys((*entries, *mentioned)):
        before = known.get(name)
        said = _said(entries[name], _SITE_FIELDS) if name in entries else {}
        yield ResolvedSite(after=replace(before or Site(name=name), **said), before=before)


def _collisions(phones: Sequence[ResolvedPhone], absent: Sequence[Phone]) -> Iterator[BadRow]:
    others = {phone.host: phone for phone in absent}
    for phone in phones:
        other = others.get(phone.after.host)
        if other is not None:
            reason = (
                f"host {other.host} belongs to {_named(other)} in the inventory; set that phone's "
                "new host in the same file, or remove that phone first"
            )
            yield BadRow(where=phone.where, reason=reason)


def _named(phone: Phone) -> str:
    if phone.label == phone.host:
        return "a phone without a known MAC"
    return f"the phone {phone.label}"
