"""What applying the rendered files would change: file by file, and parameter by parameter; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from fleet.model import NewFile, Severity
from fleet.phone.config_file import (
    GLOBAL_FILE,
    FileKind,
    effective,
    mac_file,
    model_files,
    read,
    requested_file,
)
from fleet.phone.parameters import any_reboot, diff
from fleet.provision.leaving import judged, leads_away, leaving
from fleet.provision.mask import hidden
from fleet.provision.render import as_effective

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from fleet.phone.config_file import EffectiveValue
    from fleet.phone.lint import LintFinding
    from fleet.phone.parameters import ParameterChange
    from fleet.provision.render import OwnFile, Rendered
    from fleet.store import FileDigest

    Effective: TypeAlias = Mapping[str, EffectiveValue]
    Lint: TypeAlias = Callable[[OwnFile], tuple[LintFinding, ...]]
    LoadBodies: TypeAlias = Callable[[Sequence[str]], Mapping[str, bytes]]


class FileChangeKind(StrEnum):
    """What becomes of a file."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileChange:
    """A file that would be another. `model` is empty for the file of all phones."""

    name: str
    kind: FileChangeKind
    model: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhonePlan:
    """What becomes of one phone. `file` is None where its own file stays as it is.

    `changes` may come from a file that it shares; they are empty where bytes change and nothing
    that they say. `problem` says why the phone cannot be rendered: its own file stays then.
    """

    phone_id: int
    label: str
    site: str
    file: FileChange | None = None
    changes: tuple[ParameterChange, ...] = ()
    findings: tuple[LintFinding, ...] = ()
    problem: str = ""

    @property
    def leaves(self) -> bool:
        """Whether the phone may be out of fleet's reach after it took the changes."""
        return leaving(self.findings)

    @property
    def reboot(self) -> bool:
        """Whether the phone has to start again for what changes."""
        return any_reboot(self.changes)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvisionPlan:
    """All that applying would change.

    `against` is the revision it was compared with, 0 if there is none. `phones` are those for which
    something changes, and those with a problem; `unchanged` counts the rest. `removed` are own
    files of phones that there are no more. From `valid_until` on a clock may be wrong.
    """

    against: int
    shared: tuple[FileChange, ...] = ()
    phones: tuple[PhonePlan, ...] = ()
    unchanged: int = 0
    removed: tuple[str, ...] = ()
    files: tuple[NewFile, ...] = field(default=(), repr=False)
    valid_until: datetime | None = None

    @property
    def changes_nothing(self) -> bool:
        """Whether the files are as they were applied."""
        return not self.files

    @property
    def twice(self) -> tuple[int, ...]:
        """The phones that must fetch twice before a roll-out counts them as proven."""
        return tuple(phone.phone_id for phone in self.phones if leads_away(phone.changes))

    @property
    def critical(self) -> dict[str, tuple[PhonePlan, ...]]:
        """The phones against which a critical check holds, by check."""
        found: dict[str, list[PhonePlan]] = {}
        for phone in self.phones:
            checks = {one.check for one in phone.findings if one.severity is Severity.CRITICAL}
            for check in checks:
                found.setdefault(check, []).append(phone)
        return {check: tuple(phones) for check, phones in sorted(found.items())}


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What is applied: every file's digest, how digests are made, and a way to the bodies."""

    revision: int
    digests: Mapping[str, FileDigest] = field(default_factory=dict)
    digest_of: Callable[[bytes], str] = lambda _: ""
    load: LoadBodies = lambda _: {}

    def change(self, name: str, body: bytes, model: str = "") -> FileChange | None:
        """What becomes of a file with this body; None if it stays."""
        known = self.digests.get(name)
        if known is None:
            return FileChange(name=name, kind=FileChangeKind.ADDED, model=model)
        if known.digest == self.digest_of(body):
            return None
        return FileChange(name=name, kind=FileChangeKind.CHANGED, model=model)


def plan(
    rendered: Rendered, applied: Applied, lint: Lint, secrets: Collection[str] = ()
) -> ProvisionPlan:
    """Compare the rendered files of a whole fleet with what is applied.

    `secrets` names parameters whose values are secrets although their names do not say so.
    """
    return _Planner(rendered, applied, lint, secrets).plan()


class _Planner:
    """Compares; what phones of one model have in common is compared once."""

    def __init__(
        self, rendered: Rendered, applied: Applied, lint: Lint, secrets: Collection[str]
    ) -> None:
        self._secrets = secrets
        self._rendered = rendered
        self._applied = applied
        self._lint = lint
        changes = {file.name: applied.change(file.name, file.body) for file in _own_of(rendered)}
        self._changes = {name: change for name, change in changes.items() if change is not None}
        self._shared = tuple(_shared_changes(rendered, applied))
        self._old = dict(applied.load([*_shared_names(applied), *self._changes]))
        self._old_below: dict[str, Effective] = {}
        self._below_changes: dict[str, tuple[ParameterChange, ...]] = {}

    def plan(self) -> ProvisionPlan:
        """The whole plan."""
        every = [self._phone(file) for file in self._rendered.own]
        phones = tuple(one for one in every if one.file or one.changes or one.problem)
        removed = tuple(self._removed())
        moments = {file.phone.base.valid_until for file in _own_of(self._rendered)} - {None}
        return ProvisionPlan(
            against=self._applied.revision,
            shared=self._shared,
            phones=phones,
            unchanged=len(every) - len(phones),
            removed=removed,
            files=tuple(self._files(removed)),
            valid_until=min((one for one in moments if one), default=None),
        )

    def _phone(self, file: OwnFile) -> PhonePlan:
        change = self._changes.get(file.name)
        changes = self._own_changes(file) if change else self._inherited_changes(file)
        found = self._lint(file) if change or changes else ()
        is_ours = file.name in self._applied.digests
        return PhonePlan(
            phone_id=file.phone.phone_id,
            label=file.phone.label,
            site=file.phone.base.site,
            file=change,
            changes=changes,
            findings=judged(found, changes, is_ours=is_ours),
            problem=file.problem,
        )

    def _own_changes(self, file: OwnFile) -> tuple[ParameterChange, ...]:
        below = self._below(file.phone.base.model)
        own = effective([read(self._old.get(file.name, b""))])
        return hidden(diff({**below, **own}, file.effective), self._secrets)

    def _inherited_changes(self, file: OwnFile) -> tuple[ParameterChange, ...]:
        """What changes in the files that a phone shares, but for what its own says anyway."""
        changes = self._changes_below(file.phone.base.model) if self._shared else ()
        if not changes:
            return ()
        names = self._names_applied(file.phone.mac) if file.problem else file.names
        return () if names is None else tuple(one for one in changes if one.name not in names)

    def _names_applied(self, mac: str) -> frozenset[str] | None:
        """The parameters in a phone's applied own file; None if it has none."""
        name = mac_file(mac) if mac else ""
        if name not in self._applied.digests:
            return None
        body = self._applied.load([name])[name]
        return frozenset(one.key for one in read(body).parameters)

    def _changes_below(self, model: str) -> tuple[ParameterChange, ...]:
        if model not in self._below_changes:
            new = as_effective(self._rendered.values.below(model))
            changes = diff(self._below(model), new)
            self._below_changes[model] = hidden(changes, self._secrets)
        return self._below_changes[model]

    def _below(self, model: str) -> Effective:
        """What phones of a model had before their own file."""
        if model not in self._old_below:
            names = (GLOBAL_FILE, *(model_files(model)[:1] if model else ()))
            self._old_below[model] = effective(
                read(self._old[name], name=name) for name in names if name in self._old
            )
        return self._old_below[model]

    def _removed(self) -> Iterator[str]:
        """Own files of phones that there are no more; those of phones with a problem stay."""
        kept = {mac_file(file.phone.mac) for file in self._rendered.own if file.phone.mac}
        for name in self._applied.digests:
            if requested_file(name).kind is FileKind.MAC and name not in kept:
                yield name

    def _files(self, removed: Iterable[str]) -> Iterator[NewFile]:
        bodies = {file.name: file.body for file in self._rendered.shared}
        for change in self._shared:
            yield NewFile(name=change.name, body=bodies.get(change.name))
        for file in _own_of(self._rendered):
            if file.name in self._changes:
                yield NewFile(name=file.name, phone_id=file.phone.phone_id, body=file.body)
        for name in removed:
            yield NewFile(name=name, phone_id=self._applied.digests[name].phone_id, body=None)


def _own_of(rendered: Rendered) -> Iterator[OwnFile]:
    return (file for file in rendered.own if not file.problem)


def _shared_names(applied: Applied) -> list[str]:
    return [name for name in applied.digests if requested_file(name).kind is not FileKind.MAC]


def _shared_changes(rendered: Rendered, applied: Applied) -> Iterator[FileChange]:
    present = {file.name for file in rendered.shared}
    for file in rendered.shared:
        if change := applied.change(file.name, file.body, file.model):
            yield change
    for name in _shared_names(applied):
        if name not in present:
            model = requested_file(name).model
            yield FileChange(name=name, kind=FileChangeKind.REMOVED, model=model)
