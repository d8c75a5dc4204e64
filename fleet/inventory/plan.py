"""What an import would change, field by field, without the secrets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.inventory.entries import ACCOUNT_COLUMNS, SECRETS
from fleet.inventory.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet.inventory.entries import InventoryFile
    from fleet.inventory.resolve import ResolvedPhone, ResolvedSite
    from fleet.model import IntendedAccount, Inventory, Phone, Site

_PHONE_FIELDS = ("host", "site", "mac", "model", "name", "username", "password", "legacy_tls")
_SITE_FIELDS = ("timezone", "networks", "username", "password", "legacy_tls")
_ACCOUNT_FIELDS = tuple(name for name in ACCOUNT_COLUMNS if name != "line")


class ChangeKind(StrEnum):
    """What an import does to a phone or site that its file mentions."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One field's change as texts; those of a secret are empty."""

    field: str
    old: str = ""
    new: str = ""
    secret: bool = False

    def __str__(self) -> str:
        if self.secret:
            return f"{self.field}: changed"
        return f"{self.field}: {self.old or '(empty)'} → {self.new or '(empty)'}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneChange:
    """What becomes of one phone. `before` is None for an added one, `changes` empty then."""

    kind: ChangeKind
    before: Phone | None
    after: Phone
    changes: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteChange:
    """What becomes of one site. `before` is None for an added one, `changes` empty then."""

    kind: ChangeKind
    before: Site | None
    after: Site
    changes: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All that an import does. `absent` are known phones the file does not mention: they stay."""

    sites: tuple[SiteChange, ...]
    phones: tuple[PhoneChange, ...]
    absent: tuple[Phone, ...]

    @property
    def changes_nothing(self) -> bool:
        """Whether all of the file is known already."""
        kinds = {site.kind for site in self.sites} | {phone.kind for phone in self.phones}
        return kinds <= {ChangeKind.UNCHANGED}

    def phones_that_are(self, kind: ChangeKind) -> tuple[PhoneChange, ...]:
        """The phones of one kind of change, in the file's order."""
        return tuple(change for change in self.phones if change.kind is kind)


def plan(current: Inventory, file: InventoryFile) -> Plan:
    """What importing a file would do. Raises InventoryError if it does not fit what is known."""
    resolved = resolve(current, file)
    return Plan(
        sites=tuple(_site_change(site) for site in resolved.sites),
        phones=tuple(_phone_change(phone) for phone in resolved.phones),
        absent=resolved.absent,
    )


def _site_change(site: ResolvedSite) -> SiteChange:
    if site.before is None:
        return SiteChange(kind=ChangeKind.ADDED, before=None, after=site.after)
    changes = tuple(_differences(site.before, site.after, _SITE_FIELDS))
    return SiteChange(
        kind=_kind(changes), before=site.before, after=site.after, changes=changes
    )  # fmt: skip


def _phone_change(phone: ResolvedPhone) -> PhoneChange:
    before, after = phone.before, phone.after
    if before is None:
        return PhoneChange(kind=ChangeKind.ADDED, before=None, after=after)
    changes = (
        *_differences(before, after, _PHONE_FIELDS),
        *_account_changes(before.accounts, after.accounts),
    )
    return PhoneChange(kind=_kind(changes), before=before, after=after, changes=changes)


def _kind(changes: Sequence[FieldChange]) -> ChangeKind:
    return ChangeKind.CHANGED if changes else ChangeKind.UNCHANGED


def _account_changes(
    before: Sequence[IntendedAccount], after: Sequence[IntendedAccount]
) -> Iterator[FieldChange]:
    if before == after:
        return
    old = {account.line: account for account in before}
    new = {account.line: account for account in after}
    for line in sorted(old.keys() | new.keys()):
        name = f"line {line}"
        if line not in old:
            yield FieldChange(field=name, new=_described(new[line]))
        elif line not in new:
            yield FieldChange(field=name, old=_described(old[line]))
        else:
            yield from _differences(old[line], new[line], _ACCOUNT_FIELDS, f"{name} ")


def _described(account: IntendedAccount) -> str:
    at = f"@{account.registrar}" if account.registrar else ""
    return f"{account.user}{at}" or "an account"


def _differences(
    before: object, after: object, names: Sequence[str], prefix: str = ""
) -> Iterator[FieldChange]:
    for name in names:
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        if name in SECRETS:
            yield FieldChange(field=prefix + name, secret=True)
        else:
            yield FieldChange(field=prefix + name, old=_shown(old), new=_shown(new))


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(value)
        case _:
            return str(value)
