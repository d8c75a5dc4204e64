"""Logins with which phones fetch their files. A change locks no phone out: see `set_logins`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.store import keymark
from fleet.store.engine import insert_into
from fleet.store.fetch_values import FetchingPhone, FetchLogin
from fleet.store.phones import of_phones
from fleet.store.provision_tables import fetch_logins
from fleet.store.secrets import seal, unseal
from fleet.store.tables import phones, sites

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from fleet.model import Credentials
    from fleet.store.secrets import Keyring


def load_fetching_phones(connection: sa.Connection) -> dict[str, FetchingPhone]:
    """Give the phones whose MAC is known, by it."""
    columns = (phones.c.id, phones.c.mac, phones.c.model, sites.c.networks)
    query = (
        sa.select(*columns)
        .outerjoin(sites, sites.c.id == phones.c.site_id)
        .where(phones.c.mac.is_not(None))
    )
    split: dict[str | None, tuple[str, ...]] = {None: ()}  # sites are few, phones are many
    found = {}
    for number, mac, model, networks in connection.execute(query):
        if networks not in split:
            split[networks] = tuple(networks.split())
        found[mac] = FetchingPhone(id=number, mac=mac, model=model, networks=split[networks])
    return found


def load_logins(
    connection: sa.Connection, keyring: Keyring | None, ids: Sequence[int] | None
) -> dict[int, FetchLogin]:
    """Give the logins of these phones (None: of all) by the phones' numbers."""
    query = sa.select(fetch_logins)
    return {
        row.phone_id: FetchLogin(
            phone_id=row.phone_id,
            username=row.username,
            password=unseal(keyring, row.password_secret),
            previous=unseal(keyring, row.previous_secret),
            changed=row.changed,
            used=row.used,
        )
        for row in of_phones(connection, query, fetch_logins.c.phone_id, ids)
    }


def set_logins(
    connection: sa.Connection,
    keyring: Keyring | None,
    logins: Mapping[int, Credentials],
    now: datetime,
    *,
    keep_previous: bool,
) -> None:
    """Give phones logins, by their numbers. What each has so far stays valid until it uses the new.

    A second change before that keeps the one that the phone certainly has, not the one in between;
    without `keep_previous` none is kept. The same user name and password again change nothing.
    """
    keymark.hold(connection, keyring, needed=True)
    known = load_logins(connection, keyring, list(logins))
    rows = []
    for phone_id, login in logins.items():
        before = known.get(phone_id)
        if before and (before.username, before.password) == (login.username, login.password):
            continue
        previous = (before.previous or before.password) if before and keep_previous else ""
        rows.append(
            {
                "phone_id": phone_id,
                "username": login.username,
                "password_secret": seal(keyring, login.password or None),
                "previous_secret": seal(keyring, previous or None),
                "changed": now,
                "used": None,
            }
        )
    if not rows:
        return
    statement = insert_into(connection, fetch_logins)
    new = {name: statement.excluded[name] for name in rows[0] if name != "phone_id"}
    connection.execute(
        statement.on_conflict_do_update(index_elements=[fetch_logins.c.phone_id], set_=new), rows
    )


def mark_used(connection: sa.Connection, login: FetchLogin, now: datetime) -> bool:
    """Note that the phone used its new password, which ends the one before.

    False if that was known, or if the login was changed again since it was read.
    """
    same = (fetch_logins.c.phone_id == login.phone_id, fetch_logins.c.changed == login.changed)
    done = connection.execute(
        sa.update(fetch_logins)
        .where(*same, fetch_logins.c.used.is_(None))
        .values(used=now, previous_secret=None)
    )
    return bool(done.rowcount)


def remove_login(connection: sa.Connection, phone_id: int) -> bool:
    """Take a phone's login away; False if it had none."""
    gone = connection.execute(sa.delete(fetch_logins).where(fetch_logins.c.phone_id == phone_id))
    return bool(gone.rowcount)
