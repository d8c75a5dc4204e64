"""The logins with which phones fetch their own files (HTTP Digest): made, and made new.

A phone has one login. What it had before stays valid until it has used the new one, so that no
phone is locked out however often its login is changed.
"""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING

from fleet.errors import SecretMissing, UsageError
from fleet.model import Credentials, JournalEntry, SecretRef, Wanted
from fleet.store import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from fleet.provision.origin import Value
    from fleet.provision.provisioner import Provisioner
    from fleet.provision.render import FindSecret
    from fleet.provision.resolve import Resolved
    from fleet.store import FetchLogin, Store

USERNAME, PASSWORD = "http digest username", "http digest password"
FACTORY = Credentials(username="aastra", password="aastra")  # noqa: S106  the vendor's default
"""What a phone answers a challenge with that was given no login (facts/provisioning 1.3)."""

_LONGEST_PASSWORD = 20  # characters that a phone takes (facts/provisioning 1.3)
_CHARACTERS = string.ascii_letters + string.digits


def wanted_logins(
    phones: Iterable[Resolved], known: Mapping[int, FetchLogin], find_secret: FindSecret
) -> dict[int, Credentials]:
    """Return the logins that phones are to get beside those that they have, by their numbers.

    A phone whose own configuration names a login has that one. Any other phone without a login
    gets what its configuration says, and a new one where that says nothing.
    """
    found: dict[int, Credentials] = {}
    for phone in phones:
        if not phone.mac or phone.problem:
            continue
        login = known.get(phone.phone_id)
        if login is not None and PASSWORD not in phone.base.own:
            continue
        try:
            given = _configured(phone.base.values, find_secret)
        except SecretMissing:  # its file cannot be made either, and says why
            continue
        if given is None and login is None:
            given = new_login(phone.mac)
        if given and (
            login is None or (given.username, given.password) != (login.username, login.password)
        ):
            found[phone.phone_id] = given
    return found


def new_login(mac: str) -> Credentials:
    """Return a login that nobody has: the MAC's digits and a random password."""
    password = "".join(secrets.choice(_CHARACTERS) for _ in range(_LONGEST_PASSWORD))
    return Credentials(username=mac.replace(":", ""), password=password)


def asked_login(username: str, password: str) -> Mapping[str, Wanted]:
    """Return a login as parameters of a phone's file."""
    return {USERNAME: Wanted(value=username), PASSWORD: Wanted(value=password)}


def rotate(
    store: Store,
    provisioner: Provisioner,
    ids: Sequence[int],
    *,
    from_factory: bool,
    by: str,
    now: datetime,
) -> int:
    """Give phones new logins, and return how many got one; their files have them once applied.

    `from_factory`: they were reset, so that the factory's login is valid once more in place of
    the one before. Raises `UsageError`, and changes nothing, for a phone without a MAC and for one
    whose own configuration names its login.
    """
    found: dict[int, Credentials] = {}
    for stored in store.phones.load(ids=ids, secrets=Secrets.NONE):
        phone = stored.phone
        if not phone.mac:
            raise UsageError(f"{phone.label} has no MAC in the inventory, and so no file.")
        if PASSWORD in provisioner.resolver.phone(stored.id, phone).base.own:
            raise UsageError(
                f"The configuration of {phone.label} sets its login: change `{PASSWORD}` there."
            )
        found[stored.id] = new_login(phone.mac)
    store.fetch_logins.set_many(found, now, keep_previous=not from_factory)
    what = "Created a new login for fetching its file."
    store.journal.add([JournalEntry(at=now, by=by, what=what, phone_id=each) for each in found])
    return len(found)


def _configured(values: Mapping[str, Value], find_secret: FindSecret) -> Credentials | None:
    """Return the login that a configuration names; None without a password."""
    password = _text(values.get(PASSWORD), find_secret)
    if not password:
        return None
    username = _text(values.get(USERNAME), find_secret) or FACTORY.username
    return Credentials(username=username, password=password)


def _text(value: Value | None, find_secret: FindSecret) -> str:
    if value is None or value.wanted.value is None:
        return ""
    given = value.wanted.value
    return find_secret(given) if isinstance(given, SecretRef) else str(given)
