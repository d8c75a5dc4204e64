"""From resolved phones to files. The same intent gives the same bytes.

aastra.cfg     what the fleet's level says
<model>.cfg    what the model's level says, under each name that phones ask for it by
<MAC>.cfg      whatever else a phone shall have, and every secret
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from fleet.errors import ConfigurationError, SecretMissing
from fleet.model import SecretRef
from fleet.phone.config_file import (
    GLOBAL_FILE,
    EffectiveValue,
    Parameter,
    assemble,
    mac_file,
    model_files,
    render_line,
)
from fleet.provision.shared import Shared, shared_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from fleet.model import Wanted
    from fleet.provision.resolve import Base, Resolved, Resolver

    FindSecret: TypeAlias = Callable[[SecretRef], str]
    Effective: TypeAlias = Mapping[str, EffectiveValue]

HEADING = ("Written by fleet from its inventory; changes made here are lost.",)
_DIGITS = re.compile(r"([0-9]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedFile:
    """A file that phones share. `model` is empty for the file of all phones."""

    name: str
    model: str
    body: bytes


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Part:
    """What the phones of one base have in common: lines of their files, and all their values.

    `below` are the values of the files that they read before.
    """

    lines: Mapping[str, str] = field(repr=False)
    values: Mapping[str, Wanted] = field(repr=False)
    effective: Effective = field(repr=False)
    below: Mapping[str, Wanted]
    problem: str = ""


NO_PART = Part(lines={}, values={}, effective={}, below={})


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnFile:
    """A phone's own file.

    `problem` says in one sentence why it cannot be rendered: `body` is empty then, and what was
    applied before stays. `over` are the phone's values that its base does not have, as texts.
    """

    phone: Resolved
    name: str = ""
    body: bytes = field(default=b"", repr=False)
    problem: str = ""
    over: Mapping[str, Wanted] = field(default_factory=dict, repr=False)
    part: Part = field(default=NO_PART, repr=False)

    @property
    def values(self) -> Mapping[str, Wanted]:
        """Every parameter that the phone has, secrets as texts."""
        return {**self.part.values, **self.over}

    @property
    def effective(self) -> Effective:
        """Every parameter as the phone shall have it, by name."""
        return {**self.part.effective, **as_effective(self.over)}

    @property
    def names(self) -> frozenset[str]:
        """The parameters that stand in the file itself."""
        own = {name for name, want in self.over.items() if self.part.below.get(name) != want}
        return frozenset((self.part.lines.keys() - self.over.keys()) | own)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """All files of a fleet."""

    shared: tuple[SharedFile, ...]
    own: tuple[OwnFile, ...]
    values: Shared


def render(resolver: Resolver, phones: Sequence[Resolved], find_secret: FindSecret) -> Rendered:
    """Render the files of all phones. `phones` have to be all there are: files are shared.

    A phone that cannot be rendered has its problem. Raises `ConfigurationError` for what the fleet
    or a model says and no file can hold.
    """
    bases = {phone.base: None for phone in phones if not phone.problem}
    shared = shared_values(resolver, bases)
    renderer = _Renderer(shared, find_secret)
    return Rendered(
        shared=tuple(_shared_files(shared)),
        own=tuple(renderer.own(phone) for phone in phones),
        values=shared,
    )


def _shared_files(shared: Shared) -> Iterator[SharedFile]:
    yield SharedFile(name=GLOBAL_FILE, model="", body=_body(_lines(shared.common)))
    for model, wanted in shared.of_models.items():
        body = _body(_lines(wanted))
        for name in model_files(model):
            yield SharedFile(name=name, model=model, body=body)


class _Renderer:
    """Renders phones' own files; what phones of one base have in common is done once."""

    def __init__(self, shared: Shared, find_secret: FindSecret) -> None:
        self._shared = shared
        self._find_secret = find_secret
        self._secrets: dict[SecretRef, str] = {}
        self._parts: dict[Base, Part] = {}

    def own(self, phone: Resolved) -> OwnFile:
        """A phone's own file, or why there is none."""
        if phone.problem:
            return OwnFile(phone=phone, problem=phone.problem)
        part = self._part(phone.base)
        if part.problem:
            return OwnFile(phone=phone, problem=part.problem)
        try:
            over = {name: self._text(value.wanted) for name, value in phone.over.items()}
            lines = dict(part.lines)
            for name, wanted in over.items():
                if part.below.get(name) == wanted:
                    lines.pop(name, None)
                else:
                    lines[name] = _line(name, wanted)
        except (ConfigurationError, SecretMissing) as error:
            return OwnFile(phone=phone, problem=str(error))
        name = mac_file(phone.mac)
        return OwnFile(phone=phone, name=name, body=_body(lines), over=over, part=part)

    def _part(self, base: Base) -> Part:
        if base not in self._parts:
            self._parts[base] = self._made(base)
        return self._parts[base]

    def _made(self, base: Base) -> Part:
        below = self._shared.below(base.model)
        there = {
            name: value.wanted
            for name, value in base.values.items()
            if value.is_there and name not in base.templates
        }
        try:
            values = {name: self._text(wanted) for name, wanted in there.items()}
            own = {name: want for name, want in values.items() if below.get(name) != want}
            lines = _lines(own)
        except (ConfigurationError, SecretMissing) as error:
            return replace(NO_PART, problem=str(error))
        return Part(lines=lines, values=values, effective=as_effective(values), below=below)

    def _text(self, wanted: Wanted) -> Wanted:
        """The value as a text, whatever it refers to."""
        if not isinstance(wanted.value, SecretRef):
            return wanted
        ref = wanted.value
        if ref not in self._secrets:
            self._secrets[ref] = self._find_secret(ref)
        return replace(wanted, value=self._secrets[ref])


def _lines(wanted: Mapping[str, Wanted]) -> dict[str, str]:
    return {name: _line(name, want) for name, want in wanted.items()}


def _line(name: str, wanted: Wanted) -> str:
    return render_line(
        Parameter(
            name=name,
            value=str(wanted.value),
            lock=wanted.lock,
            overwrite=wanted.overwrite,
        )
    )


def _body(lines: Mapping[str, str]) -> bytes:
    return assemble(HEADING, [lines[name] for name in sorted(lines, key=_order)])


@lru_cache(maxsize=16_384)
def _order(name: str) -> tuple[tuple[int, str], ...]:
    """Names in the order of people: `prgkey2` before `prgkey10`."""
    return tuple(
        (int(piece), "") if piece.isdigit() else (-1, piece) for piece in _DIGITS.split(name)
    )


def as_effective(wanted: Mapping[str, Wanted]) -> dict[str, EffectiveValue]:
    """Texts as a phone has them once it has read its files."""
    return {
        name: EffectiveValue(name=name, value=str(want.value), locked=want.lock)
        for name, want in wanted.items()
    }
