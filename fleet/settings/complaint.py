"""Says of a wrong setting where it is and what is allowed."""

from __future__ import annotations

import difflib
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from fleet.settings.values import fields_of, is_named, is_table, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails


def complaint(
    error: ErrorDetails, path: Path | None, variables: Mapping[tuple[str, str], str]
) -> str:
    """Say it in one sentence; a value that came from a variable is not the file's fault."""
    place = [str(part) for part in error["loc"]]
    table, known, rest = _table_of(place)
    if not rest and error["type"] == "value_error":
        return f"{_in(path)}[{table}] {error['ctx']['error']}."
    if not rest:
        return f"{_in(path)}{table} is a section; write [{table}] for it."
    key = rest[0]
    if key not in known:
        return (
            f"{_in(path)}[{table}] has no key {key}{did_you_mean(key, known)}; "
            f"allowed are {', '.join(known)}."
        )
    if variable := variables.get((table, key)):
        return f"The variable {variable} must be {_allowed(known[key])}."
    if named(known[key]):
        wrong = ".".join([table, *rest])
        right = wrong if len(rest) > 1 else f"{wrong}.<name>"
        return f"{_in(path)}{wrong} is a section; write [{right}] for it."
    if is_table(known[key]):
        return f"{_in(path)}[{table}.{key}] {_of_table(known[key], rest[1:])}."
    return f"{_in(path)}[{table}] {key} must be {_allowed(known[key])}."


def _table_of(place: Sequence[str]) -> tuple[str, Mapping[str, FieldInfo], Sequence[str]]:
    """Split a place: its table's name, the keys that are known there, and what is left."""
    depth, known = (2 if is_named(place[0]) else 1), fields_of(place[0])
    inner = known.get(place[depth]) if len(place) > depth + 1 else None
    if inner is not None and (model := named(inner)):
        depth, known = depth + 2, model.model_fields
    return ".".join(place[:depth]), known, place[depth:]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give the word that comes near, in brackets; nothing if none does."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _in(path: Path | None) -> str:
    return f"{path}: " if path else ""


def _of_table(field: FieldInfo, place: Sequence[str]) -> str:
    """What the keys of a table, such as `[web_ui.words]`, must be."""
    ((key, value),) = (field.examples or [{}])[0].items()
    what = "a list of texts" if isinstance(value, list) else "a text"
    return f"{place[0] if place else key} must be {what}, like {value}"


def _allowed(field: FieldInfo) -> str:
    if isinstance(said := field.json_schema_extra, dict):
        return str(said["allowed"])
    kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)]
    kind: Any = field.annotation
    if get_origin(kind) is Literal:
        return " or ".join(kinds)
    if kinds:
        (kind,) = kinds
    kind = getattr(kind, "__origin__", kind)  # an optional number keeps its checks with its kind
    if isinstance(kind, type) and issubclass(kind, Enum):
        *some, last = (str(member.value) for member in kind)
        return f"{', '.join(some)} or {last}"
    if kind is bool:
        return "true or false"
    limits = _limits(field)
    if kind in (int, float):
        return _number("a whole number" if kind is int else "a number", limits)
    longest = limits.get("max_length")
    return f"a text of at most {longest:g} characters" if longest else "a text"


def _number(what: str, limits: Mapping[str, float]) -> str:
    least = f"from {limits['ge']:.0f}" if "ge" in limits else f"above {limits['gt']:.0f}, up"
    return f"{what} {least} to {limits['le']:.0f}"


def _limits(field: FieldInfo) -> dict[str, float]:
    names = ("gt", "ge", "le", "max_length")
    return {name: getattr(m, name) for m in field.metadata for name in names if hasattr(m, name)}
