"""Bodies of configuration files: each one once, compressed, then encrypted.

Bodies are told apart by a keyed digest. A plain one would let whoever has the database, but not its
key, try out passwords: all else that a file holds is no secret.
"""

from __future__ import annotations

import hmac
import secrets
import zlib
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.errors import StoreError
from fleet.store import codec
from fleet.store.provision_tables import contents
from fleet.store.secrets import NO_KEY_TO_READ, NO_KEY_TO_STORE, seal, unseal
from fleet.store.tables import marks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.store.secrets import Keyring

DIGEST_KEY = "content_key"


class Digester:
    """Gives bodies their keyed digests, the same ones for the life of a database."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, body: bytes) -> str:
        """HMAC-SHA-256, in hex."""
        return hmac.digest(self._key, body, "sha256").hex()


def load_digester(connection: sa.Connection, keyring: Keyring | None) -> Digester | None:
    """Give the database's digester; None where no file was ever stored."""
    sealed = connection.scalar(sa.select(marks.c.value).where(marks.c.name == DIGEST_KEY))
    return Digester(bytes.fromhex(unseal(keyring, sealed))) if sealed else None


def make_digester(connection: sa.Connection, keyring: Keyring | None) -> Digester:
    """Give the database's digester, with a new key if there is none. The caller holds the key."""
    if found := load_digester(connection, keyring):
        return found
    key = secrets.token_bytes(32)
    connection.execute(sa.insert(marks).values(name=DIGEST_KEY, value=seal(keyring, key.hex())))
    return Digester(key)


def write_contents(
    connection: sa.Connection, keyring: Keyring | None, bodies: Mapping[str, bytes]
) -> None:
    """Keep the bodies, by digest, that are not kept yet."""
    if keyring is None:
        raise StoreError(NO_KEY_TO_STORE)
    for some in codec.chunks(list(bodies)):
        query = sa.select(contents.c.digest).where(contents.c.digest.in_(some))
        kept = set(connection.scalars(query))
        rows = [
            {"digest": one, "body_secret": keyring.encrypt_bytes(zlib.compress(bodies[one]))}
            for one in some
            if one not in kept
        ]
        if rows:
            connection.execute(sa.insert(contents), rows)


def read_content(keyring: Keyring | None, sealed: bytes) -> bytes:
    """Give the body of a row."""
    if keyring is None:
        raise StoreError(NO_KEY_TO_READ)
    return zlib.decompress(keyring.decrypt_bytes(sealed))


def reencrypt_contents(connection: sa.Connection, keyring: Keyring) -> None:
    """Encrypt every body with the keyring's first key, a few at a time."""
    change = (
        sa.update(contents)
        .where(contents.c.digest == sa.bindparam("of"))
        .values(body_secret=sa.bindparam("sealed"))
    )
    last = ""
    while rows := connection.execute(
        sa.select(contents)
        .where(contents.c.digest > last)
        .order_by(contents.c.digest)
        .limit(codec.CHUNK)
    ).all():
        values = [
            {"of": row.digest, "sealed": keyring.encrypt_bytes(keyring.decrypt_bytes(row[1]))}
            for row in rows
        ]
        connection.execute(change, values)
        last = rows[-1].digest
