"""A new admin password in the files becomes the login that we use once the phone takes it.

Until then the old one stays: at no moment are we locked out of a phone, nor is it out of our sight.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet.model import Credentials, JournalEntry
from fleet.phone.login import takes_login
from fleet.store import Change, Secrets
from fleet.sweep.targets import target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from fleet.phone.http.client import PhoneClient
    from fleet.phone.http.target import Target
    from fleet.provision.applied import AppliedRevision
    from fleet.store import Store, StoredPhone
    from fleet.sweep import LoginDefaults

_PARAMETER = "admin password"


@dataclass(frozen=True, kw_only=True)
class LoginRenewer:
    """Tries the applied admin password where another is known, and keeps it if it is taken."""

    store: Store
    http: PhoneClient
    applied: AppliedRevision
    models: Mapping[int, str]
    logins: LoginDefaults
    clock: Callable[[], datetime]
    by: str

    def pending(self, ids: Sequence[int]) -> frozenset[int]:
        """Those of the phones whose applied admin password is not the login that we use."""
        return frozenset(stored.id for stored, _ in self._changed(ids))

    async def renew(self, ids: Sequence[int]) -> None:
        """Look at phones that have fetched."""
        new = await asyncio.to_thread(self._changed, ids)
        await asyncio.gather(*(self._renew(*each) for each in new))

    def _changed(self, ids: Sequence[int]) -> list[tuple[StoredPhone, Target]]:
        """Phones whose files say another password than we use, as targets with that one."""
        found = []
        for stored in self.store.phones.load(ids=ids, secrets=Secrets.ALL):
            given = self.applied.values(stored.id, self.models.get(stored.id, "")).get(_PARAMETER)
            if given is None or not given.value:
                continue
            try:
                target = target_of(stored, self.logins)
            except ValueError:
                continue
            known = target.credentials
            if known is None or known.password != given.value:
                username = known.username if known else self.logins.username
                login = Credentials(username=username, password=given.value)
                found.append((stored, replace(target, credentials=login)))
        return found

    async def _renew(self, stored: StoredPhone, target: Target) -> None:
        if await takes_login(self.http, target) and target.credentials is not None:
            await asyncio.to_thread(self._keep, stored, target.credentials.password)

    def _keep(self, stored: StoredPhone, password: str) -> None:
        phone = replace(stored.phone, password=password)
        self.store.inventory.apply([], [Change(id=stored.id, phone=phone)])
        what = "It accepts its new admin password; fleet now logs in with it."
        entry = JournalEntry(at=self.clock(), by=self.by, what=what, phone_id=stored.id)
        self.store.journal.add([entry])
