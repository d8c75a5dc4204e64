"""The use case of taking phones into the inventory: a plan, or phones that were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.inventory import ChangeKind
from fleet.model import Site
from fleet.store import Change, Secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.inventory import Plan
    from fleet.model import Phone
    from fleet.store import Store


def enrol(store: Store, changes: Plan) -> None:
    """Make the inventory as a plan says, all or nothing. Raises `StoreError`."""
    ids = {each.phone.host: each.id for each in store.phones(secrets=Secrets.NONE)}
    store.apply_inventory(
        [site.after for site in changes.sites],
        [
            Change(id=ids[change.before.host] if change.before else None, phone=change.after)
            for change in changes.phones
            if change.kind is not ChangeKind.UNCHANGED
        ],
    )


def enrol_found(store: Store, phones: Sequence[Phone]) -> int:
    """Add phones whose hosts are not in the inventory yet; give how many that were."""
    present = {each.phone.host for each in store.phones(secrets=Secrets.NONE)}
    new = [phone for phone in phones if phone.host not in present]
    sites = {phone.site for phone in new if phone.site} - {site.name for site in store.sites()}
    store.apply_inventory(
        [Site(name=name) for name in sorted(sites)], [Change(id=None, phone=phone) for phone in new]
    )
    return len(new)
