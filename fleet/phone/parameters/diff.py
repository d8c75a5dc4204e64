"""What changes between two sets of effective values, secrets left out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.phone.parameters.catalogue import is_secret, needs_reboot
from fleet.phone.parameters.logins import without_login

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleet.phone.config_file import EffectiveValue


class ChangeKind(StrEnum):
    """How a parameter differs."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    LOCK = "lock"  # the value stays, only its lock changes


@dataclass(frozen=True, kw_only=True, slots=True)
class ParameterChange:
    """One parameter, before and after. `old` and `new` are None where it was not, or is not, set.

    Of a secret they are None always: that it changed is all that is said. A login inside a value is
    left out too.
    """

    name: str
    kind: ChangeKind
    secret: bool
    reboot: bool
    old: str | None = None
    new: str | None = None
    was_locked: bool = False
    locked: bool = False


def diff(
    old: Mapping[str, EffectiveValue], new: Mapping[str, EffectiveValue]
) -> tuple[ParameterChange, ...]:
    """The changes from one set to the other, by name; empty when they say the same.

    Which file a value comes from, and what `^` did, makes no difference.
    """
    return tuple(_changes(old, new))


def any_reboot(changes: tuple[ParameterChange, ...]) -> bool:
    """Whether a phone has to start again for these changes."""
    return any(change.reboot for change in changes)


def _changes(
    old: Mapping[str, EffectiveValue], new: Mapping[str, EffectiveValue]
) -> Iterator[ParameterChange]:
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if kind := _kind(before, after):
            secret = is_secret(name)
            yield ParameterChange(
                name=name,
                kind=kind,
                secret=secret,
                reboot=kind is ChangeKind.LOCK or needs_reboot(name),
                old=None if secret else _shown(before),
                new=None if secret else _shown(after),
                was_locked=before is not None and before.locked,
                locked=after is not None and after.locked,
            )


def _kind(before: EffectiveValue | None, after: EffectiveValue | None) -> ChangeKind | None:
    if before is None or after is None:
        return ChangeKind.ADDED if before is None else ChangeKind.REMOVED
    if before.value != after.value:
        return ChangeKind.CHANGED
    return ChangeKind.LOCK if before.locked != after.locked else None


def _shown(value: EffectiveValue | None) -> str | None:
    return None if value is None else without_login(value.value)
