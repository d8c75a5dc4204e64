"""Keeps passwords encrypted with a key that is not in the database (Fernet: AES and a MAC)."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from fleet.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cryptography.fernet import MultiFernet

_KEY_BYTES = 32  # of a Fernet key, which is written in Base64
NO_KEY_TO_STORE = (
    "A password cannot be stored without a key; create one with fleet init, or set "
    "FLEET_SECRETS_KEY."
)
NO_KEY_TO_READ = (
    "The database contains passwords, but their key is missing; restore the key file, or set "
    "FLEET_SECRETS_KEY."
)


@dataclass(kw_only=True)
class Keyring:
    """The key that encrypts, first, and those before it that can still decrypt.

    `path` is the key file, which is read again when a secret does not open: another process may
    have changed the key (`fleet db rotate-key`). Every writer of secrets opens the sealed word
    first, so that a key of before never encrypts.
    """

    keys: tuple[str, ...] = field(repr=False)
    origin: str = "the key"
    path: Path | None = None

    def __post_init__(self) -> None:
        if not self.keys or any(len(urlsafe_b64decode(key)) != _KEY_BYTES for key in self.keys):
            raise ValueError("not a key")

    @cached_property
    def _fernet(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet  # spared where no password is stored

        return MultiFernet([Fernet(key) for key in self.keys])

    @classmethod
    def parse(cls, text: str, origin: str) -> Keyring:
        """Take keys from a setting's text, the encrypting one first. `origin` names the setting.

        Raises `SettingsError` for what is no key.
        """
        try:
            return cls(keys=_split(text), origin=origin)
        except ValueError:
            raise SettingsError(
                f"{origin} is not a key of fleet; it must be the text of a key file. fleet init "
                f"creates one if {origin} is not set."
            ) from None

    @classmethod
    def read(cls, path: Path) -> Keyring:
        """Read a key file. Raises `StoreError` if it cannot be, or if others may read it."""
        try:
            if path.exists() and not path.is_file():
                raise StoreError(f"The key file {path} is not a file.")
            if os.name == "posix" and path.stat().st_mode & 0o077:
                raise StoreError(f"Other users can read the key file {path}; run: chmod 600 {path}")
            text = path.read_text(encoding="ascii", errors="replace")
            return cls(keys=_split(text), origin=f"the key file {path}", path=path)
        except OSError as error:
            raise StoreError(f"The key file {path} cannot be read: {error.strerror}.") from None
        except ValueError:
            raise StoreError(
                f"The key file {path} does not contain a key of fleet; restore the right one. If "
                "no passwords are stored yet, delete it: fleet init creates another."
            ) from None

    def encrypt(self, text: str) -> str:
        """Encrypt with the first key."""
        return self._fernet.encrypt(text.encode()).decode()

    def encrypt_bytes(self, content: bytes) -> bytes:
        """Encrypt what is no text."""
        return self._fernet.encrypt(content)

    def decrypt(self, secret: str) -> str:
        """Decrypt with whichever key fits. Raises `StoreError` if none does."""
        return self.decrypt_bytes(secret.encode()).decode()

    def decrypt_bytes(self, secret: bytes) -> bytes:
        """Decrypt what is no text. Raises `StoreError` if no key fits."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(secret)
        except InvalidToken:
            if self._read_again():
                return self.decrypt_bytes(secret)
            raise StoreError(
                f"{_begin(self.origin)} did not encrypt this database's passwords; restore the "
                "right key, or import the inventory with its passwords into a new "
                "database."
            ) from None

    def _read_again(self) -> bool:
        """Take the key file's keys; return whether they are others than before."""
        keys = Keyring.read(self.path).keys if self.path else self.keys
        if keys == self.keys:
            return False
        self.keys = keys
        self.__dict__.pop("_fernet", None)
        return True

    def with_new_key(self) -> Keyring:
        """Give a keyring with a new key that encrypts; the present ones can still decrypt."""
        return Keyring(keys=(_new_key(), *self.keys), origin=self.origin, path=self.path)

    def newest(self) -> Keyring:
        """Give a keyring with the encrypting key alone."""
        return Keyring(keys=self.keys[:1], origin=self.origin, path=self.path)


def make_key_file(path: Path) -> Keyring:
    """Make a key and its file, readable by this user alone. Never overwrites."""
    keyring = Keyring(keys=(_new_key(),), origin=f"the key file {path}", path=path)
    try:
        _write(path, keyring)
    except FileExistsError:
        raise StoreError(f"The key file {path} already exists and was not changed.") from None
    except OSError as error:
        raise StoreError(f"The key file {path} cannot be written: {error.strerror}.") from None
    return keyring


def rotate_key_file(path: Path, reencrypt: Callable[[Keyring], object]) -> Keyring:
    """Change the key. Cut off at any moment, the file holds a key for every secret there is.

    First the file gets the new key beside the old, then `reencrypt` moves the database over in
    one transaction, then the file drops the old.
    """
    both = Keyring.read(path).with_new_key()
    _replace(path, both)
    reencrypt(both)
    _replace(path, both.newest())
    return both.newest()


def seal(keyring: Keyring | None, text: str | None) -> str | None:
    """Encrypt a password, an empty one too; None for None."""
    if text is None:
        return None
    if keyring is None:
        raise StoreError(NO_KEY_TO_STORE)
    return keyring.encrypt(text)


def unseal(keyring: Keyring | None, secret: str | None) -> str:
    """Decrypt a password; empty for None."""
    if secret is None:
        return ""
    if keyring is None:
        raise StoreError(NO_KEY_TO_READ)
    return keyring.decrypt(secret)


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _new_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def _begin(origin: str) -> str:
    return origin[:1].upper() + origin[1:]


def _write(path: Path, keyring: Keyring) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123  a descriptor, not a path
        file.write("\n".join(keyring.keys) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, keyring: Keyring) -> None:
    beside = path.with_name(path.name + ".new")
    try:
        beside.unlink(missing_ok=True)
        _write(beside, keyring)
        beside.replace(path)
    except OSError as error:
        raise StoreError(f"The key file {path} cannot be written: {error.strerror}.") from None
