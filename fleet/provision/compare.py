"""What phones got from one revision and not from another, parameter by parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from fleet.phone.config_file import (
    GLOBAL_FILE,
    FileKind,
    effective,
    model_files,
    read,
    requested_file,
)
from fleet.phone.parameters import diff
from fleet.provision.mask import hidden

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from fleet.phone.config_file import EffectiveValue
    from fleet.phone.parameters import ParameterChange
    from fleet.store import FileDigest, Store

    Digests: TypeAlias = Mapping[str, FileDigest]


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnDifference:
    """What differs for the phone of an own file. `phone_id` is None where there is none any more.

    `changes` are empty where bytes differ and nothing that they say.
    """

    name: str
    phone_id: int | None
    changes: tuple[ParameterChange, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Two revisions: the files that differ by name, and what that means to phones."""

    files: tuple[str, ...]
    phones: tuple[OwnDifference, ...]


def compare(
    store: Store,
    old: int,
    new: int,
    *,
    models: Mapping[int, str],
    secrets: Collection[str] = (),
) -> Comparison:
    """Compare two revisions. `models` are the phones', by their numbers.

    `secrets` names parameters whose values are secrets although their names do not say so.

    Raises `UsageError` for a revision that there is not.
    """
    before, after = _Side(store, old, models), _Side(store, new, models)
    names = sorted({*before.digests, *after.digests})
    files = tuple(name for name in names if before.digest(name) != after.digest(name))
    own = [name for name in names if requested_file(name).kind is FileKind.MAC]
    touched = {name for name in own if name in files}
    if len(touched) < len(files):  # a shared file differs: that may mean something to all
        touched = set(own)
    differences = _differences(before, after, sorted(touched), secrets)
    return Comparison(files=files, phones=tuple(differences))


def _differences(
    before: _Side, after: _Side, names: list[str], secrets: Collection[str]
) -> Iterator[OwnDifference]:
    before.load(names)
    after.load(names)
    for name in names:
        changes = hidden(diff(before.values(name), after.values(name)), secrets)
        if changes or before.digest(name) != after.digest(name):
            yield OwnDifference(name=name, phone_id=after.owner(name), changes=changes)


class _Side:
    """A revision, as phones see it."""

    def __init__(self, store: Store, revision: int, models: Mapping[int, str]) -> None:
        store.revisions.get(revision)
        self.digests: Digests = store.revisions.digests(revision)
        self._store = store
        self._revision = revision
        self._models = models
        self._bodies: dict[str, bytes] = {}
        self._below: dict[str, Mapping[str, EffectiveValue]] = {}

    def digest(self, name: str) -> str:
        """A file's digest; empty if it is not there."""
        return self.digests[name].digest if name in self.digests else ""

    def owner(self, name: str) -> int | None:
        """The phone whose own file it is."""
        return self.digests[name].phone_id if name in self.digests else None

    def load(self, names: list[str]) -> None:
        """Read these files, and all that phones share."""
        shared = [name for name in self.digests if requested_file(name).kind is not FileKind.MAC]
        files = self._store.revisions.files(self._revision, names=[*shared, *names])
        self._bodies = {file.name: file.body for file in files}

    def values(self, name: str) -> Mapping[str, EffectiveValue]:
        """Every parameter of the phone of an own file; nothing if it had none."""
        if name not in self._bodies:
            return {}
        below = self._shared(self._models.get(self.owner(name) or 0, ""))
        return {**below, **effective([read(self._bodies[name], name=name)])}

    def _shared(self, model: str) -> Mapping[str, EffectiveValue]:
        if model not in self._below:
            names = (GLOBAL_FILE, *(model_files(model)[:1] if model else ()))
            read_before = (read(self._bodies[n], name=n) for n in names if n in self._bodies)
            self._below[model] = effective(read_before)
        return self._below[model]
