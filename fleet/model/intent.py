"""The words of intent: what the configuration of phones shall be, level by level.

Parameters go by the exact names of the Aastra guides (facts/provisioning 1.3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Level(StrEnum):
    """Where a value of the intent stands. A later one overrides those before it."""

    FLEET = "fleet"
    MODEL = "model"
    SITE = "site"
    PHONE = "phone"


class SecretKind(StrEnum):
    """Where a secret is kept."""

    ENV = "env"  # a variable of the environment of whoever renders files
    FILE = "file"  # a file's first line
    SECRET = "secret"  # noqa: S105  encrypted in the database, by a name


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretRef:
    """Where a secret is to be found; never the secret itself."""

    kind: SecretKind
    name: str

    def __str__(self) -> str:
        return f"{{{self.kind}: {self.name}}}"


@dataclass(frozen=True, slots=True)
class Template:
    """A text with variables such as `{line.1.user}`, which each phone replaces by its own."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """One value that the intent wants: a text, with variables or not, or a reference to a secret.

    `lock` is the mark `!`, `overwrite` the mark `^` of the configuration files (facts 1.2). A value
    of None removes what a level before wanted.
    """

    value: str | Template | SecretRef | None = field(repr=False)
    lock: bool = False
    overwrite: bool = False

    @property
    def mark(self) -> str:
        """What stands before the name in a file: `!`, `^`, or nothing."""
        return "!" if self.lock else "^" if self.overwrite else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """What one level, or one profile, says: parameters by their exact names, and the profiles used.

    Profiles come before the level's own parameters, in their order. `timezone` is an IANA zone that
    stands for all parameters of the clock; empty: none, whatever a level before says; None: not
    said. `modules` are the expansion modules that are fitted, by name and in their order; None: not
    said, so that what the phone says when it fetches counts.
    """

    parameters: Mapping[str, Wanted] = field(default_factory=dict, hash=False)
    profiles: tuple[str, ...] = ()
    timezone: str | None = None
    modules: tuple[str, ...] | None = None


NO_INTENT = Intent()


@dataclass(frozen=True, kw_only=True, slots=True)
class Intents:
    """All that the inventory wants of configuration, level by level.

    `phones` is by the phone's number in the database. What says nothing is left out.
    """

    fleet: Intent = NO_INTENT
    models: Mapping[str, Intent] = field(default_factory=dict)
    sites: Mapping[str, Intent] = field(default_factory=dict)
    phones: Mapping[int, Intent] = field(default_factory=dict)
    profiles: Mapping[str, Intent] = field(default_factory=dict)
