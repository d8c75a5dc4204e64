"""The use cases that change the inventory: import a plan or found phones, remove, trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.inventory import ChangeKind
from fleet.model import Level, Site
from fleet.store import Change, IntentChange, Secrets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.inventory import Plan
    from fleet.model import Phone
    from fleet.store import Store


def enrol(store: Store, changes: Plan, now: datetime) -> None:
    """Make the inventory as a plan says, all or nothing. Raises `StoreError`."""
    ids = {each.phone.host: each.id for each in store.phones.load(secrets=Secrets.NONE)}
    store.inventory.apply(
        [site.after for site in changes.sites],
        [
            Change(id=ids[change.before.host] if change.before else None, phone=change.after)
            for change in changes.phones
            if change.kind is not ChangeKind.UNCHANGED
        ],
        _intent_change(changes, now),
    )


def _intent_change(changes: Plan, now: datetime) -> IntentChange:
    """What a plan changes beside sites and phones."""
    levels = [change for change in changes.levels if change.kind is not ChangeKind.UNCHANGED]
    return IntentChange(
        at=now,
        fleet=next((each.after for each in levels if each.level is Level.FLEET), None),
        models={each.name: each.after for each in levels if each.level is Level.MODEL},
        profiles={each.name: each.after for each in levels if each.level is None},
        secrets=changes.secrets,
    )


def enrol_found(store: Store, phones: Sequence[Phone]) -> int:
    """Add phones whose hosts are not in the inventory yet; give how many that were."""
    present = {each.phone.host for each in store.phones.load(secrets=Secrets.NONE)}
    new = [phone for phone in phones if phone.host not in present]
    sites = {phone.site for phone in new if phone.site} - {
        site.name for site in store.inventory.sites()
    }
    store.inventory.apply(
        [Site(name=name) for name in sorted(sites)], [Change(id=None, phone=phone) for phone in new]
    )
    return len(new)


def remove_phones(store: Store, ids: Sequence[int], now: datetime) -> int:
    """Remove phones and their history; return how many there were."""
    return store.inventory.remove(ids, now)


def trust_next_certificate(store: Store, ids: Sequence[int]) -> None:
    """Trust the certificate that each of these phones shows next."""
    store.inventory.forget_certificates(ids)
