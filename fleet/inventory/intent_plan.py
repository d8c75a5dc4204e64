"""What an import changes of intents and secrets: parameter by parameter, never a secret's value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.inventory.changes import ChangeKind, FieldChange, kind_of
from fleet.inventory.entries import Unsaid
from fleet.model import NO_INTENT, Level
from fleet.phone.parameters import is_secret, without_login

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.inventory.entries import InventoryFile
    from fleet.model import Intent, Inventory, Wanted


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelChange:
    """What becomes of the intent of the fleet, a model, or a profile (`level` None)."""

    level: Level | None
    name: str
    kind: ChangeKind
    after: Intent
    changes: tuple[FieldChange, ...] = ()

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{self.level or 'profile'} {self.name}".rstrip()


def level_changes(current: Inventory, file: InventoryFile) -> tuple[LevelChange, ...]:
    """What a file does to the intents of the fleet, the models and the profiles that it names."""
    return tuple(_level_changes(current, file))


def changed_secrets(current: Inventory, file: InventoryFile) -> dict[str, str]:
    """The named secrets of a file that are new, or are not what is stored."""
    return {
        name: value for name, value in file.secrets.items() if current.secrets.get(name) != value
    }


def intent_changes(before: Intent, after: Intent) -> Iterator[FieldChange]:
    """What differs between two intents."""
    if before == after:
        return
    if before.profiles != after.profiles:
        yield FieldChange(
            field="profiles", old=", ".join(before.profiles), new=", ".join(after.profiles)
        )
    if before.timezone != after.timezone:
        yield FieldChange(
            field="configuration timezone", old=_zone(before.timezone), new=_zone(after.timezone)
        )
    if before.modules != after.modules:
        yield FieldChange(
            field="configuration modules",
            old=_modules(before.modules),
            new=_modules(after.modules),
        )
    for name in sorted({*before.parameters, *after.parameters}):
        old, new = before.parameters.get(name), after.parameters.get(name)
        if old != new:
            yield FieldChange(
                field=f"configuration {name}", old=_shown(name, old), new=_shown(name, new)
            )


def _level_changes(current: Inventory, file: InventoryFile) -> Iterator[LevelChange]:
    if not isinstance(file.fleet, Unsaid):
        yield _level_change(Level.FLEET, "", current.fleet, file.fleet)
    for name, after in file.models.items():
        yield _level_change(Level.MODEL, name, current.models.get(name, NO_INTENT), after)
    for name, after in file.profiles.items():
        yield _level_change(None, name, current.profiles.get(name, NO_INTENT), after)


def _level_change(level: Level | None, name: str, before: Intent, after: Intent) -> LevelChange:
    changes = tuple(intent_changes(before, after))
    return LevelChange(level=level, name=name, kind=kind_of(changes), after=after, changes=changes)


def _zone(zone: str | None) -> str:
    return "" if zone is None else zone or "(none)"


def _modules(modules: tuple[str, ...] | None) -> str:
    return "" if modules is None else ", ".join(modules) or "(none)"


def _shown(name: str, wanted: Wanted | None) -> str:
    if wanted is None:
        return ""
    if wanted.value is None:
        return f"{wanted.mark}(removed)"
    is_clear = isinstance(wanted.value, str)
    value = "***" if is_clear and is_secret(name) else without_login(str(wanted.value))
    return f"{wanted.mark}{value}" if wanted.mark else value
