"""Unknown phones that ask for files: who they are, what they get meanwhile, and their approval."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.model import IntendedAccount, JournalEntry, Phone, normalise_mac
from fleet.phone.catalog import MODELS, model_named
from fleet.phone.config_file import Parameter, assemble, render_line
from fleet.provision.files.content import Content
from fleet.provision.strangers import site_at
from fleet.store import Change, Secrets

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fleet.model import Revision
    from fleet.provision.provisioner import Provisioner
    from fleet.store import Store, UnknownPhone

_WAITING = {
    "contact rcs": "0",
    "auto resync mode": "1",
    "auto resync time": "03:00",
    "sip screen name": "Not approved yet",
}


@lru_cache(maxsize=1024)
def waiting_file(name: str) -> Content:
    """Return the file of a phone that waits to be approved: no account, no secret.

    It has the phone ask again once a day by itself; `fleet provision resync` is quicker.
    """
    lines = [render_line(Parameter(name=key, value=value)) for key, value in _WAITING.items()]
    body = assemble(["This phone is not approved yet."], lines)
    return Content(name=name, body=body, digest=hashlib.sha256(body).hexdigest())


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """What an unknown phone becomes. What is empty is taken from its requests and its network."""

    site: str = ""
    name: str = ""
    model: str = ""
    account: IntendedAccount | None = None


def approve(
    store: Store,
    provisioner: Callable[[], Provisioner],
    mac: str,
    approval: Approval,
    *,
    by: str,
    now: datetime,
) -> Revision | None:
    """Add an unknown phone to the inventory, and apply its file; return that revision.

    None: something else waits to be applied, or nothing was applied before, so that the file is for
    the next apply. Raises `UsageError`, and changes nothing, for a phone that did not ask for a
    file, that is in the inventory, or whose model is not known.
    """
    unknown = _find(store, mac)
    sites = store.inventory.sites()
    site = approval.site or site_at(unknown.address, sites)
    model = model_named(approval.model or unknown.model)
    if model not in MODELS:
        raise UsageError(f"The model of {unknown.mac} is not known: use --model.")
    phone = Phone(
        host=unknown.address,
        mac=unknown.mac,
        model=model,
        site=site,
        name=approval.name,
        accounts=(approval.account,) if approval.account else (),
    )
    is_clean = store.revisions.last() > 0 and provisioner().plan().changes_nothing
    store.inventory.apply([], [Change(id=None, phone=phone)])
    number = store.phones.find(unknown.mac)
    what = f"Approved the unknown phone {unknown.mac} at {unknown.address}."
    store.journal.add([JournalEntry(at=now, by=by, what=what, phone_id=number)])
    if not is_clean:
        return None
    current = provisioner()
    return current.apply(current.plan(), by=by, comment=f"{phone.label} approved")


def _find(store: Store, text: str) -> UnknownPhone:
    try:
        mac = normalise_mac(text)
    except ValueError as error:
        raise UsageError(f"{text}: {error}.") from None
    for stored in store.phones.load(secrets=Secrets.NONE):
        if stored.phone.mac == mac:
            raise UsageError(f"{mac} is in the inventory already, as {stored.phone.label}.")
    for each in store.fetches.unknown():
        if each.mac == mac:
            return each
    raise UsageError(f"{mac} did not ask for a file: see fleet provision unknown.")
