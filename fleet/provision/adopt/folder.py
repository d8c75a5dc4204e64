"""Reads the files of an old folder, and says what it did not take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.phone.config_file import (
    GLOBAL_FILE,
    ConfigFile,
    FileKind,
    Parameter,
    complaint_of,
    read,
    requested_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_KINDS = (FileKind.GLOBAL, FileKind.MODEL, FileKind.MAC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """What a folder's files say: for all phones, for models, and for phones by their MACs.

    `notes` are sentences about what was not taken, or not as it stood.
    """

    common: ConfigFile = field(default_factory=ConfigFile)
    models: Mapping[str, ConfigFile] = field(default_factory=dict)
    phones: Mapping[str, ConfigFile] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def files_of(self, mac: str, model: str) -> list[ConfigFile]:
        """What a phone reads, in its order."""
        found = [self.common, self.models.get(model), self.phones.get(mac)]
        return [file for file in found if file is not None]

    def wanted(self, mac: str, model: str) -> dict[str, Parameter]:
        """Every parameter that a phone has from its files, as the last of them says it."""
        files = self.files_of(mac, model)
        return {one.key: one for file in files for one in file.parameters}


def read_folder(path: Path) -> Folder:
    """Read a folder's configuration files. Raises `UsageError` if it has none."""
    try:
        files = {file.name: file.read_bytes() for file in _candidates(path)}
    except OSError as error:
        raise UsageError(f"The folder {path} cannot be read: {error.strerror}.") from None
    if not any(requested_file(name).kind in _KINDS for name in files):
        raise UsageError(f"{path} holds no aastra.cfg, no model's and no phone's .cfg file.")
    return folder_of(files)


def folder_of(files: Mapping[str, bytes]) -> Folder:
    """What files say, given by their names; those that are no configuration file are left alone."""
    notes: list[str] = []
    common = ConfigFile(name=GLOBAL_FILE)
    models: dict[str, ConfigFile] = {}
    phones: dict[str, ConfigFile] = {}
    for name in sorted(files, key=_order):
        asked = requested_file(name)
        if asked.kind is FileKind.ENCRYPTED:
            notes.append(f"{name} is encrypted and was not read; what it says is not known.")
        if asked.kind not in _KINDS:
            continue
        file = read(files[name], name=name)
        if file.foreign:
            notes.append(f"{name} was not read, for {file.foreign}.")
            continue
        file = _taken(file, notes)
        if asked.kind is FileKind.GLOBAL:
            common = file
        elif asked.kind is FileKind.MAC:
            phones[asked.mac] = file
        elif models.setdefault(asked.model, file).parameters != file.parameters:
            notes.append(
                f"{name} differs from {models[asked.model].name}, and which of them a phone asks "
                f"for is not known: {models[asked.model].name} was taken."
            )
    if common.blank or GLOBAL_FILE not in {name.lower() for name in files}:
        notes.append(f"{GLOBAL_FILE} is empty or not there: phones may not have read their own.")
    return Folder(common=common, models=models, phones=phones, notes=tuple(notes))


def _candidates(path: Path) -> Iterator[Path]:
    for file in sorted(path.iterdir()):
        if file.is_file() and requested_file(file.name).kind in (*_KINDS, FileKind.ENCRYPTED):
            yield file


def _order(name: str) -> tuple[bool, int, str]:
    """Of a model's two names the long one first; of two global files aastra.cfg last."""
    return name.lower() == GLOBAL_FILE, -len(name), name


def _taken(file: ConfigFile, notes: list[str]) -> ConfigFile:
    """The file without what cannot be said again, each name once, its last value."""
    if file.encoding:
        notes.append(f"{file.name} is {file.encoding}.")
    notes += [f"{file.name} line {one.line}: {one.reason}; left out." for one in file.unread]
    last: dict[str, Parameter] = {}
    for one in file.parameters:
        parameter = Parameter(
            name=one.key, value=one.value, lock=one.lock, overwrite=one.overwrite and not one.lock
        )
        if wrong := complaint_of(parameter):
            notes.append(f"{file.name} line {one.line}: {wrong} Left out.")
        else:
            last[one.key] = parameter
    return ConfigFile(name=file.name, parameters=tuple(last.values()), blank=file.blank)
