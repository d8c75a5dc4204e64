"""What an import would change, field by field, without the secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.inventory.changes import ChangeKind, FieldChange, kind_of
from fleet.inventory.entries import ACCOUNT_COLUMNS, SECRETS
from fleet.inventory.intent_plan import (
    LevelChange,
    changed_secrets,
    intent_changes,
    level_changes,
)
from fleet.inventory.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fleet.inventory.entries import InventoryFile
    from fleet.inventory.resolve import ResolvedPhone, ResolvedSite
    from fleet.model import IntendedAccount, Inventory, Phone, Site

_PHONE_FIELDS = ("host", "site", "mac", "model", "name", "username", "password", "legacy_tls")
_SITE_FIELDS = ("timezone", "networks", "username", "password", "legacy_tls")
_ACCOUNT_FIELDS = tuple(name for name in ACCOUNT_COLUMNS if name != "line")


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
    """All that an import does. `absent` are known phones the file does not mention: they stay.

    `secrets` are the named secrets that change, by name.
    """

    sites: tuple[SiteChange, ...]
    phones: tuple[PhoneChange, ...]
    absent: tuple[Phone, ...]
    levels: tuple[LevelChange, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def changes_nothing(self) -> bool:
        """Whether all of the file is known already."""
        kinds = {site.kind for site in self.sites} | {phone.kind for phone in self.phones}
        kinds |= {level.kind for level in self.levels}
        return not self.secrets and kinds <= {ChangeKind.UNCHANGED}

    @property
    def secret_changes(self) -> tuple[FieldChange, ...]:
        """The named secrets that become known, or others than they were."""
        return tuple(FieldChange(field=f"secret {name}", secret=True) for name in self.secrets)

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
        levels=level_changes(current, file),
        secrets=changed_secrets(current, file),
    )


def _site_change(site: ResolvedSite) -> SiteChange:
    if site.before is None:
        return SiteChange(kind=ChangeKind.ADDED, before=None, after=site.after)
    changes = (
        *_differences(site.before, site.after, _SITE_FIELDS),
        *intent_changes(site.before.intent, site.after.intent),
    )
    return SiteChange(
        kind=kind_of(changes), before=site.before, after=site.after, changes=changes
    )  # fmt: skip


def _phone_change(phone: ResolvedPhone) -> PhoneChange:
    before, after = phone.before, phone.after
    if before is None:
        return PhoneChange(kind=ChangeKind.ADDED, before=None, after=after)
    changes = (
        *_differences(before, after, _PHONE_FIELDS),
        *_account_changes(before.accounts, after.accounts),
        *intent_changes(before.intent, after.intent),
    )
    return PhoneChange(kind=kind_of(changes), before=before, after=after, changes=changes)


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
