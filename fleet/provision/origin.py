"""Where a resolved value comes from, and what it took the place of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.model import Level, Wanted


class Source(StrEnum):
    """Who says a value."""

    DEFAULT = "default"  # of fleet's own; see `DEFAULTS`
    LEVEL = "level"  # a level's configuration, or that of a profile it uses
    ACCOUNT = "account"  # an intended account of the inventory
    COMPUTED = "computed"  # what other values mean: a clock, a line's inherited backup


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a value comes from. `name` is the site's or model's, `detail` says more for people."""

    source: Source
    level: Level | None = None
    name: str = ""
    profile: str = ""
    detail: str = ""

    def __str__(self) -> str:
        where = f"{self.level} {self.name}".rstrip() if self.level else ""
        profile = f", profile {self.profile}" if self.profile else ""
        if self.source is Source.LEVEL:
            return where + profile + (f", {self.detail}" if self.detail else "")
        of = f" of {where}{profile}" if where else ""
        return f"{self.detail or self.source}{of}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """A parameter as it was resolved. `over` is what it overrode, the nearest first.

    A value of None in `wanted` means that it was removed.
    """

    wanted: Wanted
    origin: Origin
    over: tuple[Value, ...] = ()

    @property
    def is_there(self) -> bool:
        """Whether the phone shall have the parameter at all."""
        return self.wanted.value is not None
