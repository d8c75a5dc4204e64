"""Opens the database and its key as the settings have it; makes and changes the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.store import Keyring, Store, make_key_file, rotate_key_file

if TYPE_CHECKING:
    from fleet.settings import Settings


def open_store(settings: Settings, *, create: bool = False, upgrade: bool = False) -> Store:
    """Open the database; make it, or bring its tables up to date, only where that is asked for.

    Raises `NoDatabase` and `OldDatabase` otherwise.
    """
    return Store.open(
        settings.database_url, keyring=_keyring(settings), create=create, upgrade=upgrade
    )


def ensure_key(settings: Settings, store: Store) -> None:
    """Make a key for passwords, unless there is one or the database needs a certain one."""
    if not (settings.secrets_key or settings.key_file.exists() or store.has_secrets()):
        store.use_keyring(make_key_file(settings.key_file))


def rotate_key(settings: Settings, store: Store) -> int:
    """Change the key file's key; give how many passwords were encrypted anew."""
    if settings.secrets_key:
        raise UsageError(
            "The key is in FLEET_SECRETS_KEY, which fleet cannot change; keep it in a key "
            "file, rotate it there, and put the new one in its place."
        )
    done: list[int] = []
    rotate_key_file(settings.key_file, lambda keyring: done.append(store.reencrypt(keyring)))
    return done[0]


def _keyring(settings: Settings) -> Keyring | None:
    if settings.secrets_key:
        return Keyring.parse(settings.secrets_key.get_secret_value(), "FLEET_SECRETS_KEY")
    return Keyring.read(settings.key_file) if settings.key_file.exists() else None
