"""Secrets that the intent refers to by name, encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.errors import StoreError
from fleet.store.engine import insert_into
from fleet.store.provision_tables import named_secrets
from fleet.store.secrets import seal, unseal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fleet.store.secrets import Keyring


def write_secrets(
    connection: sa.Connection, keyring: Keyring | None, values: Mapping[str, str], now: datetime
) -> None:
    """Keep secrets, in place of what their names stood for. The caller holds the key."""
    rows = [
        {"name": name, "value_secret": seal(keyring, value or None) or "", "changed": now}
        for name, value in values.items()
    ]
    if rows:
        insert = insert_into(connection, named_secrets)
        instead = {name: insert.excluded[name] for name in ("value_secret", "changed")}
        connection.execute(
            insert.on_conflict_do_update(index_elements=["name"], set_=instead), rows
        )


def list_secrets(connection: sa.Connection) -> list[tuple[str, datetime]]:
    """Give every name and when its value was set last."""
    columns = (named_secrets.c.name, named_secrets.c.changed)
    rows = connection.execute(sa.select(*columns).order_by(named_secrets.c.name))
    return [(row.name, row.changed) for row in rows]


def load_secrets(connection: sa.Connection, keyring: Keyring | None) -> dict[str, str]:
    """Give every named secret's value."""
    rows = connection.execute(sa.select(named_secrets).order_by(named_secrets.c.name))
    return {row.name: unseal(keyring, row.value_secret or None) for row in rows}


def load_secret(connection: sa.Connection, keyring: Keyring | None, name: str) -> str:
    """Give one secret's value. Raises `StoreError` if there is none of that name."""
    query = sa.select(named_secrets.c.value_secret).where(named_secrets.c.name == name)
    found = connection.scalar(query)
    if found is None:
        raise StoreError(
            f"There is no secret {name!r} in the database; set it: fleet provision secret set."
        )
    return unseal(keyring, found or None)


def remove_secret(connection: sa.Connection, name: str) -> bool:
    """Forget a secret; False if there is none of that name."""
    gone = connection.execute(sa.delete(named_secrets).where(named_secrets.c.name == name))
    return bool(gone.rowcount)
