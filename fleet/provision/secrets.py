"""Named secrets: set, remove and find them. They are found as late as possible."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.errors import SecretMissing, UsageError
from fleet.model import SecretKind, SecretRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from fleet.model import Intent, Inventory
    from fleet.store import Store


_MOST_USERS = 10  # that a sentence names


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretFinder:
    """Looks into the database's named secrets, the environment, or files.

    `folder` is what relative paths start from: the settings file's folder.
    """

    named: Mapping[str, str] = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    folder: Path = Path()

    def __call__(self, ref: SecretRef) -> str:
        """A secret. Raises `SecretMissing` if it is not where it should be."""
        match ref.kind:
            case SecretKind.ENV:
                return _found(self.environ.get(ref.name), f"the variable {ref.name} is not set")
            case SecretKind.FILE:
                return _first_line(self.folder / ref.name)
            case SecretKind.SECRET:
                missing = f"the secret {ref.name!r} is not set: fleet provision secret set NAME"
                return _found(self.named.get(ref.name), missing)


def set_secret(
    store: Store, name: str, value: str, now: datetime, *, ensure_key: Callable[[], None]
) -> None:
    """Set a named secret. Raises `UsageError` without a name or a value.

    `ensure_key` makes a key for the database's passwords if there is none.
    """
    if not name or not value:
        raise UsageError("A secret needs a name and a value.")
    ensure_key()
    store.intents.set_secret(name, value, now)


def remove_secret(store: Store, name: str) -> None:
    """Remove a named secret. Raises `UsageError` if something uses it, or if there is none."""
    if users := secret_users(store.inventory.load()).get(name):
        more = len(users) - _MOST_USERS
        named = ", ".join(users[:_MOST_USERS]) + (f" and {more} more" if more > 0 else "")
        raise UsageError(
            f"The secret {name} is used by {named}: import an inventory without it first."
        )
    if not store.intents.remove_secret(name):
        raise UsageError(f"There is no secret {name}.")


def secret_users(inventory: Inventory) -> dict[str, list[str]]:
    """Return the levels and phones that refer to each named secret."""
    found: dict[str, list[str]] = {}
    for owner, intent in _intents(inventory):
        for wanted in intent.parameters.values():
            if isinstance(wanted.value, SecretRef) and wanted.value.kind is SecretKind.SECRET:
                found.setdefault(wanted.value.name, []).append(owner)
    return {name: list(dict.fromkeys(owners)) for name, owners in found.items()}


def _intents(inventory: Inventory) -> Iterator[tuple[str, Intent]]:
    yield "fleet", inventory.fleet
    yield from ((f"model {name}", intent) for name, intent in inventory.models.items())
    yield from ((f"profile {name}", intent) for name, intent in inventory.profiles.items())
    yield from ((f"site {site.name}", site.intent) for site in inventory.sites)
    yield from ((phone.label, phone.intent) for phone in inventory.phones)


def _found(value: str | None, missing: str) -> str:
    if value is None:
        raise SecretMissing(f"{missing[:1].upper()}{missing[1:]}.")
    return value


def _first_line(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SecretMissing(f"The secret's file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SecretMissing(f"The secret's file {path} is not UTF-8 text.") from None
    return text.partition("\n")[0].rstrip("\r")
