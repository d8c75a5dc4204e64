"""Whom to ask to re-sync: phones of the store, and what is known of how to reach them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.phone.config_file import EffectiveValue
from fleet.provision.accounts import account_values
from fleet.provision.held import HeldFiles, with_logins_of
from fleet.provision.lines import IntendedSip, intended_sip
from fleet.provision.resync import Addressee
from fleet.store import Secrets
from fleet.sweep.targets import target_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.phone.client import Target
    from fleet.provision.applied import AppliedRevision
    from fleet.store import Store, StoredPhone
    from fleet.sweep import LoginDefaults


def addressees(
    store: Store,
    applied: AppliedRevision,
    logins: LoginDefaults,
    ids: Sequence[int] | None = None,
    *,
    site: str | None = None,
) -> list[Addressee]:
    """Phones as they hold it, for there they are registered until they read their files again.

    A phone that has not fetched is as what was applied has it, or else the inventory's accounts.
    """
    seen, held = store.seen_models(), HeldFiles(store, applied.number)
    return [
        Addressee(
            phone_id=each.id,
            label=each.phone.label,
            sip=_sip(each, applied, held, seen.get(each.id, "") or each.phone.model),
            target=_target(each, logins),
        )
        for each in store.phones(ids=ids, site=site, secrets=Secrets.ALL)
    ]


def account_sip(stored: StoredPhone) -> IntendedSip:
    """What the inventory's accounts alone say of a phone."""
    values = account_values(stored.phone.accounts, {})
    return intended_sip(
        {
            name: EffectiveValue(name=name, value=str(value.wanted.value))
            for name, value in values.items()
        }
    )


def _sip(stored: StoredPhone, applied: AppliedRevision, held: HeldFiles, model: str) -> IntendedSip:
    if applied.proof_of(stored.id) is None:
        return account_sip(stored)
    wanted, now = applied.sip(stored.id, model), held.sip(stored.id, model)
    return with_logins_of(now, wanted) if now else wanted


def _target(stored: StoredPhone, logins: LoginDefaults) -> Target | None:
    try:
        return target_of(stored, logins)
    except ValueError:
        return None
