"""Says of a wrong setting where it is and what is allowed."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from fleet.settings.kinds import duration_text
from fleet.settings.section import is_enum, keys_of, kinds_in
from fleet.settings.values import fields_of, is_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from fleet.settings.section import Key, Wrong


def complaint(wrong: Wrong, path: Path | None, variables: Mapping[tuple[str, str], str]) -> str:
    """Say it in one sentence; a value that came from a variable is not the file's fault."""
    table, known, rest = _table_of(wrong.place)
    if not rest and wrong.said:
        return f"{_in(path)}[{table}] {wrong.said}."
    if not rest:
        return f"{_in(path)}{table} is a section; write it as [{table}]."
    key = rest[0]
    if key not in known:
        return (
            f"{_in(path)}[{table}] has no key {key}{did_you_mean(key, known)}; "
            f"allowed are {', '.join(known)}."
        )
    if variable := variables.get((table, key)):
        return f"The variable {variable} must be {_allowed(known[key])}."
    if known[key].named:
        place = ".".join([table, *rest])
        right = place if len(rest) > 1 else f"{place}.<name>"
        return f"{_in(path)}{place} is a section; write it as [{right}]."
    if known[key].is_table:
        return f"{_in(path)}[{table}.{key}] {_of_table(known[key], rest[1:])}."
    return f"{_in(path)}[{table}] {key} must be {_allowed(known[key])}."


def _table_of(place: Sequence[str]) -> tuple[str, Mapping[str, Key], Sequence[str]]:
    """Split a place: its table's name, the keys that are known there, and what is left."""
    depth, known = (2 if is_named(place[0]) else 1), fields_of(place[0])
    inner = known.get(place[depth]) if len(place) > depth + 1 else None
    if inner is not None and (model := inner.named):
        depth, known = depth + 2, keys_of(model)
    return ".".join(place[:depth]), known, place[depth:]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give the word that comes near, in brackets; nothing if none does."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _in(path: Path | None) -> str:
    return f"{path}: " if path else ""


def _of_table(key: Key, place: Sequence[str]) -> str:
    """What the keys of a table, such as `[web_ui.words]`, must be."""
    ((name, value),) = (key.about.examples or ({},))[0].items()
    what = "a list of texts" if isinstance(value, list) else "a text"
    return f"{place[0] if place else name} must be {what}, like {value}"


def _allowed(key: Key) -> str:
    if key.about.allowed:
        return key.about.allowed
    if get_origin(key.kind) is Literal:
        return " or ".join(get_args(key.kind))
    (kind,) = (one for one in kinds_in(key.kind) if one is not type(None))
    if is_enum(kind):
        *some, last = (str(member.value) for member in kind)
        return f"{', '.join(some)} or {last}"
    if kind is bool:
        return "true or false"
    if key.about.is_duration:
        return _duration(key.limits)
    if kind in (int, float):
        return _number("a whole number" if kind is int else "a number", key.limits)
    longest = key.limits.get("max_length")
    return f"a text of at most {longest:g} characters" if longest else "a text"


def _duration(limits: Mapping[str, float]) -> str:
    least = f"from {duration_text(limits['ge'])}" if "ge" in limits else "above 0s"
    most = f"{'' if 'ge' in limits else ', up'} to {duration_text(limits['le'])}"
    return f"a duration {least}{most}, such as 90s, 5m, 2h or 400d; a number is seconds"


def _number(what: str, limits: Mapping[str, float]) -> str:
    least = f"from {limits['ge']:.0f}" if "ge" in limits else f"above {limits['gt']:.0f}"
    if "le" not in limits:
        return f"{what} {least} on"
    return f"{what} {least}{'' if 'ge' in limits else ', up'} to {limits['le']:.0f}"
