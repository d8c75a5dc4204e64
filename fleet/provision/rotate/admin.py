"""New admin passwords for phones, each its own, kept as named secrets.

What comes then is a plan and a roll-out like any other: a phone's old password stays our login
until the phone takes the new one (`rollout.logins`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.model import SecretKind, SecretRef, Wanted
from fleet.store import Change, IntentChange, Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from fleet.provision.provisioner import Provisioner
    from fleet.store import Store

_PARAMETER = "admin password"
_LEAST, _ALL = 100_000_000, 900_000_000  # nine digits: the phones take up to 4294967295 (facts 1.3)


def rotate_admin(
    store: Store,
    provisioner: Provisioner,
    ids: Sequence[int],
    *,
    below: Callable[[int], int],
    now: datetime,
) -> int:
    """Give phones new admin passwords in the inventory; how many got one.

    `below` gives a random number from 0 up to its argument (`secrets.randbelow`). Raises
    `UsageError`, and changes nothing, while something else waits to be applied, or for a phone
    without a MAC.
    """
    if not provisioner.plan().changes_nothing:
        raise UsageError(
            "Other changes wait to be applied and would go out with the new passwords: see fleet "
            "provision plan, then apply or revert them."
        )
    changes, values = [], {}
    for stored in store.phones.load(ids=ids, secrets=Secrets.ALL):
        phone = stored.phone
        if not phone.mac:
            raise UsageError(f"{phone.label} has no MAC in the inventory, and so no file.")
        name = f"admin-{phone.mac.replace(':', '')}"
        values[name] = str(_LEAST + below(_ALL))
        before = provisioner.resolver.phone(stored.id, phone).values.get(_PARAMETER)
        lock = before.wanted.lock if before else False
        wanted = Wanted(value=SecretRef(kind=SecretKind.SECRET, name=name), lock=lock)
        parameters = {**phone.intent.parameters, _PARAMETER: wanted}
        intent = replace(phone.intent, parameters=parameters)
        changes.append(Change(id=stored.id, phone=replace(phone, intent=intent)))
    store.inventory.apply([], changes, IntentChange(at=now, secrets=values))
    return len(changes)
