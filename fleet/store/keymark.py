"""A sealed word in the database that tells at once whether a key is the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.store.contents import DIGEST_KEY, reencrypt_contents
from fleet.store.engine import take_turns
from fleet.store.provision_tables import fetch_logins, named_secrets, rotation_accounts
from fleet.store.secrets import seal, unseal
from fleet.store.tables import accounts, marks, phones, sites

if TYPE_CHECKING:
    from fleet.store.secrets import Keyring

_NAME, _WORD = "secrets_key", "fleet"
_LOCK = 0x6B6579
_SECRETS = (
    (sites, sites.c.password_secret),
    (phones, phones.c.password_secret),
    (accounts, accounts.c.sip_password_secret),
    (named_secrets, named_secrets.c.value_secret),
    (fetch_logins, fetch_logins.c.password_secret),
    (fetch_logins, fetch_logins.c.previous_secret),
    (rotation_accounts, rotation_accounts.c.old_secret),
    (rotation_accounts, rotation_accounts.c.new_secret),
)


def is_set(connection: sa.Connection) -> bool:
    """Tell whether passwords were encrypted here, so that a certain key is needed."""
    return connection.scalar(sa.select(marks.c.value).where(marks.c.name == _NAME)) is not None


def hold(connection: sa.Connection, keyring: Keyring | None, needed: bool) -> None:  # noqa: FBT001
    """Keep others from changing inventory or key meanwhile; check it if passwords are to come.

    Raises `StoreError` if it is not the key of what is stored: two keys must never mix.
    """
    take_turns(connection, _LOCK)
    mark = connection.scalar(sa.select(marks.c.value).where(marks.c.name == _NAME))
    if not needed:
        return
    if mark is None:
        connection.execute(sa.insert(marks).values(name=_NAME, value=seal(keyring, _WORD)))
    else:
        unseal(keyring, mark)


def check(connection: sa.Connection, keyring: Keyring | None) -> None:
    """Raise `StoreError` if there are passwords that this keyring does not open."""
    mark = connection.scalar(sa.select(marks.c.value).where(marks.c.name == _NAME))
    unseal(keyring, mark)


def reencrypt(connection: sa.Connection, keyring: Keyring) -> int:
    """Encrypt every password and file anew with the first key; give how many passwords."""
    hold(connection, keyring, needed=True)
    done = sum(_reencrypt_column(connection, keyring, *where) for where in _SECRETS)
    reencrypt_contents(connection, keyring)
    _reencrypt_column(connection, keyring, marks, marks.c.value, marks.c.name == DIGEST_KEY)
    connection.execute(
        sa.update(marks).where(marks.c.name == _NAME).values(value=seal(keyring, _WORD))
    )
    return done


def _reencrypt_column(
    connection: sa.Connection,
    keyring: Keyring,
    table: sa.Table,
    column: sa.Column[str],
    *which: sa.ColumnElement[bool],
) -> int:
    keys = list(table.primary_key.columns)
    query = sa.select(*keys, column).where(column.is_not(None), column != "", *which)
    change = sa.update(table).values({column: sa.bindparam("sealed")})
    for number, key in enumerate(keys):
        change = change.where(key == sa.bindparam(f"key_{number}"))
    values = [
        {
            "sealed": seal(keyring, unseal(keyring, row[-1])),
            **{f"key_{number}": value for number, value in enumerate(row[:-1])},
        }
        for row in connection.execute(query).all()
    ]
    if values:
        connection.execute(change, values)
    return len(values)
