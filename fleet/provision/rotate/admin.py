"""New admin passwords for phones, each its own, kept as named secrets, applied and rolled out.

The plan and the roll-out are like any other: fleet logs in with a phone's old password until the
phone takes the new one (`rollout.logins`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.model import SecretKind, SecretRef, Wanted
from fleet.provision.rollout.service import begin
from fleet.report.wording import counted
from fleet.store import Change, IntentChange, Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from fleet.model import Rollout
    from fleet.provision.provisioner import Provisioner
    from fleet.provision.rollout.service import Terms
    from fleet.store import Store

_PARAMETER = "admin password"
_LEAST, _ALL = 100_000_000, 900_000_000  # nine digits: the phones take up to 4294967295 (facts 1.3)


def rotate_admin(
    store: Store,
    provisioner: Callable[[], Provisioner],
    ids: Sequence[int],
    terms: Terms,
    *,
    below: Callable[[int], int],
    by: str,
    now: datetime,
) -> Rollout:
    """Create new admin passwords for phones, apply them, and begin their roll-out.

    `provisioner` makes what turns the inventory into files, as it is now. `below` returns a random
    number from 0 up to its argument (`secrets.randbelow`). Raises `UsageError`, and changes
    nothing, while something else waits to be applied, or for a phone without a MAC;
    `RolloutRunning` during a roll-out.
    """
    store.rollouts.check_none(now)
    current = provisioner()
    if not current.plan().changes_nothing:
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
        before = current.resolver.phone(stored.id, phone).values.get(_PARAMETER)
        lock = before.wanted.lock if before else False
        wanted = Wanted(value=SecretRef(kind=SecretKind.SECRET, name=name), lock=lock)
        parameters = {**phone.intent.parameters, _PARAMETER: wanted}
        intent = replace(phone.intent, parameters=parameters)
        changes.append(Change(id=stored.id, phone=replace(phone, intent=intent)))
    store.inventory.apply([], changes, IntentChange(at=now, secrets=values))
    comment = f"admin passwords of {counted(len(changes), 'phone')}"
    current = provisioner()
    current.apply(current.plan(), by=by, comment=comment)
    return begin(store, terms, now)
