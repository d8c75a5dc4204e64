"""The words of a plan of changes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class ChangeKind(StrEnum):
    """What an import does to a phone or site that its file mentions."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One field's change as texts; those of a secret are empty."""

    field: str
    old: str = ""
    new: str = ""
    secret: bool = False

    def __str__(self) -> str:
        if self.secret:
            return f"{self.field}: changed"
        return f"{self.field}: {self.old or '(empty)'} → {self.new or '(empty)'}"


def kind_of(changes: Sequence[FieldChange]) -> ChangeKind:
    """What these changes amount to, of something that was there before."""
    return ChangeKind.CHANGED if changes else ChangeKind.UNCHANGED
