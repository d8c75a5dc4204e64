"""What the sections are made of: keys that belong together, what their values may be, reading them.

msgspec knows types and limits; a key's `About` says the rest.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, get_args, get_origin

from msgspec import NODEFAULT, Meta, MsgspecError, Struct, convert
from msgspec.structs import fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

S = TypeVar("S", bound="Section")

_UNIONS = (Union, types.UnionType)
_TRUE, _FALSE = ("yes", "y", "on", "t"), ("no", "n", "off", "f")  # beside true, false, 1 and 0


class Secret:
    """A text that is shown to nobody by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def get_secret_value(self) -> str:
        """Give the text itself."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret('**********')"


class Section(Struct, frozen=True, kw_only=True):
    """Keys that belong together; others are refused."""

    def problem(self) -> str:
        """Say why these values do not go together; empty if they do."""
        return ""


class Wrong(Exception):
    """A setting that cannot be. `place` leads to it; `said` is what is wrong with a section."""

    def __init__(self, place: Sequence[str], said: str = "") -> None:
        super().__init__(".".join(place))
        self.place, self.said = tuple(place), said


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a key, and what types cannot say of its values.

    `allowed` is what to say of a wrong value, where its type does not tell. `take` makes of what
    is written what is read, `check` checks what was read; they raise ValueError. `is_duration`:
    the number is of seconds, and may be written as `5m`, `2h` or `400d`.
    """

    description: str = ""
    examples: tuple[Any, ...] = ()
    allowed: str = ""
    take: Callable[[Any], Any] | None = None
    check: Callable[[Any], Any] | None = None
    is_duration: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A key of a section. `kind` is its `type` without limits and what is said about it."""

    name: str
    type: Any
    kind: Any
    about: About
    limits: Mapping[str, float]
    default: Any

    @property
    def is_table(self) -> bool:
        """Whether it is a section of its own, such as `[web_ui.words]`."""
        return get_origin(self.kind) is dict

    @property
    def named(self) -> type[Section] | None:
        """The section of the tables under it, such as `[alerts.routes.<name>]`; else None."""
        if self.is_table:
            model = get_args(self.kind)[1]
            if isinstance(model, type) and issubclass(model, Section):
                return model
        return None


@lru_cache(maxsize=64)
def keys_of(section: type[Section]) -> dict[str, Key]:
    """The keys of a section, by their names."""
    return {key.name: key for key in _keys(section)}


def read_section(section: type[S], given: Mapping[str, object], place: Sequence[str] = ()) -> S:
    """Read what is given for a section. Raises `Wrong`."""
    keys, values = keys_of(section), {}
    for name, written in given.items():
        if name not in keys:
            raise Wrong((*place, name))
        values[name] = _read_key(keys[name], written, (*place, name))
    made = section(**values)
    if said := made.problem():
        raise Wrong(place, said)
    return made


def read_named(section: type[S], given: object, place: Sequence[str]) -> dict[str, S]:
    """Read tables that have names of their own. Raises `Wrong`."""
    read = {}
    for name, each in _table(given, place).items():
        read[name] = read_section(section, _table(each, (*place, name)), (*place, name))
    return read


def _read_key(key: Key, written: object, place: Sequence[str]) -> Any:
    if model := key.named:
        return read_named(model, written, place)
    if key.is_table:
        _, kind = get_args(key.kind)
        return {
            name: _read_value(kind, each, (*place, name))
            for name, each in _table(written, place).items()
        }
    return _read_value(key.type, written, place)


def _table(written: object, place: Sequence[str]) -> Mapping[str, object]:
    if not isinstance(written, dict):
        raise Wrong(place)
    return written


def _read_value(kind: Any, written: object, place: Sequence[str]) -> Any:
    bare, _, about = _taken_apart(kind)
    try:
        taken = about.take(written) if about.take else written
        is_text = _holds_text(bare)
        taken = _as_text(taken) if is_text else _as_truth(taken) if bare is bool else taken
        value = convert(taken, kind, strict=is_text, dec_hook=_secret)
        return about.check(value) if about.check and value is not None else value
    except (MsgspecError, ValueError):
        raise Wrong(place) from None


def _keys(section: type[Section]) -> Iterator[Key]:
    for field in fields(section):
        bare, limits, about = _taken_apart(field.type)
        default = field.default if field.default is not NODEFAULT else field.default_factory()
        yield Key(
            name=field.name, type=field.type, kind=bare, about=about, limits=limits, default=default
        )


def _taken_apart(kind: Any) -> tuple[Any, dict[str, float], About]:
    """A type's core, its limits, and what is said about it; the last word counts."""
    limits: dict[str, float] = {}
    said: dict[str, Any] = {}
    bare, *notes = get_args(kind) if get_origin(kind) is Annotated else (kind,)
    for each in get_args(bare) if get_origin(bare) in _UNIONS else ():
        limits |= _taken_apart(each)[1]
    for note in notes:
        if isinstance(note, Meta):
            found = {name: getattr(note, name) for name in ("gt", "ge", "le", "max_length")}
            limits |= {name: limit for name, limit in found.items() if limit is not None}
        elif isinstance(note, About):
            found = {name: getattr(note, name) for name in About.__slots__}
            said |= {name: each for name, each in found.items() if each}
    return bare, limits, About(**said)


def kinds_in(kind: Any) -> tuple[Any, ...]:
    """The types that an optional one, or a list, is made of; of any other itself."""
    bare = _taken_apart(kind)[0]
    if get_origin(bare) in (*_UNIONS, list):
        return tuple(one for each in get_args(bare) for one in kinds_in(each))
    return (bare,)


def _holds_text(kind: Any) -> bool:
    return all(one in (str, Secret, type(None)) for one in kinds_in(kind))


def _as_text(written: object) -> object:
    """Take numbers for texts: a password may be all digits."""
    if isinstance(written, list):
        return [_as_text(each) for each in written]
    is_number = isinstance(written, int | float) and not isinstance(written, bool)
    return str(written) if is_number else written


def _as_truth(written: object) -> object:
    """Take the other words for true and false; a variable can only hold a text."""
    word = written.strip().lower() if isinstance(written, str) else written
    return True if word in _TRUE else False if word in _FALSE else word


def _secret(kind: type, written: object) -> Secret:
    if kind is not Secret or not isinstance(written, str):
        raise ValueError("not a text")
    return Secret(written)


def is_enum(kind: Any) -> bool:
    """Whether a type is a list of words."""
    return isinstance(kind, type) and issubclass(kind, Enum)
