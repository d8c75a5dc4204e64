"""Whom to ask to re-sync: phones of the store, and what is known of how to reach them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from fleet.phone.config_file import EffectiveValue
from fleet.provision.accounts import account_values
from fleet.provision.held import HeldFiles, with_logins_of
from fleet.provision.lines import IntendedSip, intended_sip
from fleet.provision.resync import Addressee
from fleet.store import Secrets
from fleet.sweep.targets import target_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from fleet.phone.http.target import Target
    from fleet.provision.applied import AppliedRevision
    from fleet.provision.lines import IntendedLine
    from fleet.store import Store, StoredPhone
    from fleet.sweep import LoginDefaults


def addressees(
    store: Store,
    applied: AppliedRevision,
    logins: LoginDefaults,
    ids: Sequence[int] | None = None,
    *,
    site: str | None = None,
    owners: AccountOwners | None = None,
    told_together: Collection[int] = (),
) -> list[Addressee]:
    """Phones as they hold it, for there they are registered until they read their files again.

    A phone that has not fetched is as what was applied has it, or else the inventory's accounts.
    `owners` spares who calls this often reading them again. `told_together` are phones that are
    asked at the same time, so that it does no harm to reach them too.
    """
    seen, held = store.phones.models(), HeldFiles(store, applied.number)
    owners = owners or AccountOwners(store)
    found = []
    for each in store.phones.load(ids=ids, site=site, secrets=Secrets.ALL):
        sip = _sip(each, applied, held, seen.get(each.id, "") or each.phone.model)
        shared = {line.number: owners.others(each.id, line, told_together) for line in sip.lines}
        found.append(
            Addressee(
                phone_id=each.id,
                label=each.phone.label,
                sip=sip,
                target=_target(each, logins),
                shared={number: labels for number, labels in shared.items() if labels},
            )
        )
    return found


class AccountOwners:
    """Which phones have a SIP account: those of the inventory, and those that a poll showed it."""

    def __init__(self, store: Store) -> None:
        self._owners: defaultdict[str, dict[tuple[int, str], str]] = defaultdict(dict)
        for status in store.observations.statuses():
            phone = status.stored.phone
            has = [(each.user, each.registrar) for each in phone.accounts]
            shown = (each.line.account for each in status.lines)
            has += [(each.user, each.registrar) for each in shown if each is not None]
            for user, registrar in has:
                if user:
                    self._owners[user][status.stored.id, registrar.lower()] = phone.label

    def groups(self, ids: Collection[int]) -> list[frozenset[int]]:
        """Return those of the phones that share accounts with each other, directly or by others."""
        groups: dict[int, set[int]] = {}
        for owners in self._owners.values():
            by_registrar: defaultdict[str, set[int]] = defaultdict(set)
            for phone_id, registrar in owners:
                if phone_id in ids:
                    by_registrar[registrar].add(phone_id)
            unknown = by_registrar.pop("", set())
            for some in [each | unknown for each in by_registrar.values()] or [unknown]:
                if len(some) > 1:
                    joined = set().union(*(groups.get(each, {each}) for each in some))
                    groups |= dict.fromkeys(joined, joined)
        return [frozenset(group) for group in {id(each): each for each in groups.values()}.values()]

    def others(
        self, phone_id: int, line: IntendedLine, besides: Collection[int] = ()
    ) -> tuple[str, ...]:
        """Return the labels of the other phones with a line's account, but for some.

        Where a registrar is not known it may be the same.
        """
        if line.registrar is None:
            return ()
        same = ("", line.registrar.host.lower())
        owners = self._owners.get(line.user, {})
        labels = (
            label
            for (owner, registrar), label in owners.items()
            if owner != phone_id and owner not in besides and registrar in same
        )
        return tuple(sorted(set(labels)))


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
