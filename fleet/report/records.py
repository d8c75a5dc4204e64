"""The rows of the exports: a field is a column, in this order.

Texts are empty, numbers and times None, where there is nothing to say. `reach`, `reason` and
`state` hold the words of the model, `backup` is `yes`, `no` or empty, `flags` are rule names
separated by a space. Times are aware; they leave as UTC, to the second.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import Field

Cell: TypeAlias = str | int | float | datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LineRecord:
    """One line of one phone. `line` is None for a phone of which no line is known."""

    TITLE: ClassVar[str] = "lines"

    site: str = ""
    phone: str = ""
    mac: str = ""
    host: str = ""
    model: str = ""
    firmware: str = ""
    reach: str = ""
    reason: str = ""
    line: int | None = None
    account: str = ""
    user: str = ""
    registrar: str = ""
    port: int | None = None
    state: str = ""
    code: int | None = None
    backup: str = ""
    status_text: str = ""
    since: datetime | None = None
    observed_at: datetime | None = None
    flags: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneRecord:
    """One phone. `since` is when its reach became what it is; `flags` are the phone's own."""

    TITLE: ClassVar[str] = "phones"

    site: str = ""
    phone: str = ""
    mac: str = ""
    host: str = ""
    model: str = ""
    firmware: str = ""
    boot_version: str = ""
    dialect: str = ""
    reach: str = ""
    reason: str = ""
    detail: str = ""
    since: datetime | None = None
    observed_at: datetime | None = None
    lines: int | None = None
    flagged_lines: int | None = None
    flags: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryRecord:
    """One period: of a line, or of a phone's reach (`line` None). `until` None: it lasts."""

    TITLE: ClassVar[str] = "history"

    site: str = ""
    phone: str = ""
    mac: str = ""
    host: str = ""
    line: int | None = None
    account: str = ""
    user: str = ""
    registrar: str = ""
    port: int | None = None
    state: str = ""
    code: int | None = None
    backup: str = ""
    status_text: str = ""
    reach: str = ""
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None
    seconds: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentRecord:
    """One incident. `seconds` is how long it lasted, or has lasted; `cause` what it is part of.

    `site` and `phone` are what they were called when it began; `mac` and `host` are empty once the
    phone was removed.
    """

    TITLE: ClassVar[str] = "incidents"

    site: str = ""
    phone: str = ""
    mac: str = ""
    host: str = ""
    rule: str = ""
    line: int | None = None
    severity: str = ""
    state: str = ""
    text: str = ""
    code: int | None = None
    registrar: str = ""
    first_seen: datetime | None = None
    opened: datetime | None = None
    resolved: datetime | None = None
    seconds: int | None = None
    acked_by: str = ""
    cause: str = ""


class Record(Protocol):
    """A row of any kind: a dataclass whose fields are cells; `TITLE` names its sheet."""

    TITLE: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def columns(kind: type[Record]) -> tuple[str, ...]:
    """The names of a kind's columns, in order."""
    return tuple(field.name for field in fields(kind))


def cells_of(kind: type[Record]) -> Callable[[Record], tuple[Cell, ...]]:
    """What takes a record of this kind apart into its cells."""
    return attrgetter(*columns(kind))


def yes_or_no(choice: bool | None) -> str:  # noqa: FBT001  a value to show, not a switch
    """`yes`, `no`, or nothing where it is not known."""
    return "" if choice is None else "yes" if choice else "no"


def iso(moment: datetime) -> str:
    """A time as ISO 8601 in UTC with offset, to the second: `2024-05-01T07:00:00+00:00`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def json_object(record: Record) -> dict[str, str | int | float | None]:
    """A record for JSON: what is absent is null, except `flags`, which always is a text."""
    return json_maker(type(record))(record)


def json_maker(kind: type[Record]) -> Callable[[Record], dict[str, str | int | float | None]]:
    """`json_object` for many records of one kind."""
    names, cells = columns(kind), cells_of(kind)

    def make(record: Record) -> dict[str, str | int | float | None]:
        pairs = zip(names, cells(record), strict=True)
        return {name: _json_value(name, cell) for name, cell in pairs}

    return make


def _json_value(name: str, cell: Cell) -> str | int | float | None:
    if isinstance(cell, datetime):
        return iso(cell)
    return None if cell == "" and name != "flags" else cell
