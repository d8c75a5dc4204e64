"""Reads the files of an old folder, and says what it did not take."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.phone.catalog import family_of
from fleet.phone.config_file import (
    GLOBAL_FILE,
    NEW_GLOBAL_FILE,
    ConfigFile,
    FileKind,
    Parameter,
    complaint_of,
    foreign_comment,
    mac_file,
    model_files,
    read,
    requested_file,
)
from fleet.phone.parameters import is_mask, is_secret, spec_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_KINDS = (FileKind.GLOBAL, FileKind.MODEL, FileKind.MAC)
_NEW_FAMILIES = ("68xxi", "69xx")
_LARGEST = 1_000_000  # bytes of a file that may be a configuration under another name
_MAC_LIKE = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}[:.-]?){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f])")
_MOST_NAMED = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """What a folder's files say: for all phones, for models, and for phones by their MACs.

    `common` is `aastra.cfg`, or `startup.cfg` where that is the only one; `startup` is the latter
    where both are there. `notes` are sentences about what was not taken, or not as it stood.
    """

    common: ConfigFile = field(default_factory=ConfigFile)
    startup: ConfigFile | None = None
    models: Mapping[str, ConfigFile] = field(default_factory=dict)
    phones: Mapping[str, ConfigFile] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def common_of(self, model: str) -> ConfigFile:
        """The file of all phones that a model reads: 68xx and 69xx ask for `startup.cfg`.

        facts/provisioning 9.
        """
        is_new = family_of(model) in _NEW_FAMILIES
        return self.startup if self.startup is not None and is_new else self.common

    def files_of(self, mac: str, model: str) -> list[ConfigFile]:
        """What a phone reads, in its order."""
        found = [self.common_of(model), self.models.get(model), self.phones.get(mac)]
        return [file for file in found if file is not None]

    def wanted(self, mac: str, model: str) -> dict[str, Parameter]:
        """Every parameter that a phone has from its files, as the last of them says it."""
        files = self.files_of(mac, model)
        return {one.key: one for file in files for one in file.parameters}


def read_folder(path: Path) -> Folder:
    """Read a folder's configuration files. Raises `UsageError` if it has none."""
    try:
        files = {file.name: file.read_bytes() for file in _candidates(path)}
        nested = tuple(_nested(path))
    except OSError as error:
        raise UsageError(f"The folder {path} cannot be read: {error.strerror}.") from None
    if not any(requested_file(name).kind in _KINDS for name in files):
        notes = " ".join((*_misnamed(files), *nested))
        raise UsageError(
            f"{path} has no aastra.cfg and no .cfg file of a model or a phone. {notes}".strip()
        )
    folder = folder_of(files)
    return replace(folder, notes=(*nested, *folder.notes))


def folder_of(files: Mapping[str, bytes]) -> Folder:
    """What files say, given by their names.

    A file under a name that no phone asks for is left alone, and noted if it looks like a
    configuration file.
    """
    reader = _Reader(files)
    for name in sorted(files, key=_order):
        if name not in reader.shadowed:
            reader.take(name, files[name])
    old, new = (reader.shared.get(name) for name in (GLOBAL_FILE, NEW_GLOBAL_FILE))
    common = old or new or ConfigFile(name=GLOBAL_FILE)
    return Folder(
        common=common,
        startup=new if old else None,
        models=reader.models,
        phones=reader.phones,
        notes=tuple(reader.every_note()),
    )


class _Reader:
    """Reads files one by one; `shadowed` are those that another spelling of their name hides."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.shared: dict[str, ConfigFile] = {}
        self.models: dict[str, ConfigFile] = {}
        self.phones: dict[str, ConfigFile] = {}
        self._notes = list(_misnamed(files))
        self._files_notes: list[str] = []
        self._masked: dict[str, int] = {}
        self.shadowed = self._shadowed(files)

    def every_note(self) -> Iterator[str]:
        """Everything to say, what concerns many files first."""
        yield from self._notes
        if self._masked:
            count = sum(self._masked.values())
            what = "1 password was" if count == 1 else f"{count} passwords were"
            yield (
                f"The source masks its passwords: {what} left out of {_named(self._masked)}; add "
                "them to the inventory."
            )
        if not any(file.blank is False for file in self.shared.values()):
            yield f"{GLOBAL_FILE} is empty or missing: phones may not have read their own files."
        yield from self._files_notes

    def take(self, name: str, content: bytes) -> None:
        """Read one file, if phones ask for its name."""
        asked = requested_file(name)
        if asked.kind is FileKind.ENCRYPTED:
            self._files_notes.append(f"{name} is encrypted and was not read.")
        if asked.kind not in _KINDS:
            return
        file = read(content, name=name)
        if file.not_config:
            self._files_notes.append(f"{name} was not read: {file.not_config}.")
            return
        file = self._taken(file)
        if asked.kind is FileKind.GLOBAL:
            self.shared[name.lower()] = file
        elif asked.kind is FileKind.MAC:
            self.phones[asked.mac] = file
        elif self.models.setdefault(asked.model, file).parameters != file.parameters:
            taken = self.models[asked.model].name
            self._files_notes.append(
                f"{name} differs from {taken}, and it is unknown which one phones request: fleet "
                f"used {taken}."
            )

    def _shadowed(self, files: Iterable[str]) -> frozenset[str]:
        """Files whose name another one has in the spelling that phones ask for."""
        spellings: defaultdict[str, list[str]] = defaultdict(list)
        for name in sorted(files):
            if requested_file(name).kind in _KINDS:
                spellings[name.lower()].append(name)
        hidden: set[str] = set()
        for names in spellings.values():
            right = next((name for name in names if name in _asked_for(name)), names[0])
            others = [name for name in names if name != right]
            hidden.update(others)
            if others:
                self._notes.append(
                    f"{_named(others)} was not read: phones request {right}, which exists too."
                )
        return frozenset(hidden)

    def _taken(self, file: ConfigFile) -> ConfigFile:
        """The file without what cannot be said again, each name once, its last value."""
        notes = self._files_notes
        if file.without_secrets:
            notes.append(f"{file.name} was printed without its secrets: add them to the inventory.")
        if file.encoding:
            notes.append(f"{file.name} is {file.encoding}.")
        notes += [f"{file.name} line {one.line}: {one.reason}; left out." for one in file.unread]
        last: dict[str, Parameter] = {}
        for one in file.parameters:
            parameter = Parameter(
                name=one.key,
                value=one.value,
                lock=one.lock,
                overwrite=one.overwrite and not one.lock,
            )
            if is_secret(one.key) and is_mask(one.value):
                self._masked[file.name] = self._masked.get(file.name, 0) + 1
                last.pop(one.key, None)
            elif wrong := complaint_of(parameter):
                notes.append(f"{file.name} line {one.line}: {wrong} Left out.")
            else:
                last[one.key] = parameter
                if mark := foreign_comment(one.value):
                    notes.append(
                        f"{file.name} line {one.line}: {mark} does not start a comment, so it is "
                        f"part of the value of `{one.key}`."
                    )
        return ConfigFile(name=file.name, parameters=tuple(last.values()), blank=file.blank)


def _asked_for(name: str) -> tuple[str, ...]:
    """The spellings under which phones ask for a file."""
    asked = requested_file(name)
    if asked.mac:
        return (mac_file(asked.mac),)
    return model_files(asked.model) if asked.model else (name.lower(),)


def _candidates(path: Path) -> Iterator[Path]:
    """The files that are read: those that phones ask for, and what may be one by another name."""
    for file in sorted(path.iterdir()):
        if file.is_file():
            kind = requested_file(file.name).kind
            other = kind is FileKind.OTHER and file.stat().st_size <= _LARGEST
            if other or kind in (*_KINDS, FileKind.ENCRYPTED):
                yield file


def _nested(path: Path) -> Iterator[str]:
    """One note about the folders inside, if phones request the names of their files."""
    folders = [
        each
        for each in sorted(path.iterdir())
        if each.is_dir() and not each.is_symlink() and os.access(each, os.R_OK | os.X_OK)
    ]
    names = [
        f"{folder.name}/{file.name}"
        for folder in folders
        for file in sorted(folder.iterdir())
        if requested_file(file.name).kind in _KINDS and file.is_file()
    ]
    if names:
        yield (
            f"Folders inside are not read, and phones may request {_named(names)} with an http or "
            "tftp path: adopt each of these folders by itself."
        )


def _misnamed(files: Mapping[str, bytes]) -> Iterator[str]:
    """One note about files that look like configuration, and for whose names no phone asks."""
    names = [
        name
        for name in sorted(files)
        if requested_file(name).kind is FileKind.OTHER and _looks_like_one(name, files[name])
    ]
    if names:
        look, them = ("looks", "it was") if len(names) == 1 else ("look", "they were")
        yield (
            f"{_named(names)} {look} like configuration, but no phone requests a file with that "
            f"name, so {them} not read. A phone requests its MAC, such as 00085D126411.cfg."
        )


def _looks_like_one(name: str, content: bytes) -> bool:
    if ".cfg" in name.lower() and _MAC_LIKE.search(name):
        return True
    if len(content) > _LARGEST:
        return False
    return any(spec_of(one.key) is not None for one in read(content).parameters)


def _named(names: Iterable[str]) -> str:
    every = list(names)
    more = len(every) - _MOST_NAMED
    return ", ".join(every[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _order(name: str) -> tuple[int, str]:
    """Of a model's two names the long one first."""
    return -len(name), name
