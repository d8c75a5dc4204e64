"""The folder of firmware and all other files that no revision holds: their bytes and checksums.

A name that comes from outside is looked up among the names that there are, folder by folder, and
never becomes part of a path. What is hidden, what a link leads out of the folder to, and
configuration files are not in it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from mimetypes import guess_type
from typing import TYPE_CHECKING, NamedTuple

from fleet.phone.config_file import FileKind, requested_file
from fleet.provision.files.content import BINARY, TEXT, Content

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SETTLES_AFTER = 5.0  # seconds without a change: a file that is still being copied is no firmware
_MOST_BYTES = 128 * 1024 * 1024  # of files kept in memory
_LARGEST = 64 * 1024 * 1024
_KINDS = (FileKind.FIRMWARE, FileKind.LANGUAGE)
_NOT_HERE = (".cfg", ".tuz")  # configurations come from the database alone
_DEEPEST = 8  # folders and the file
_VERSION = re.compile(rb"(?<![\d.])\d{1,2}\.\d{1,2}\.\d{1,2}\.\d{2,5}(?![\d.])")


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderFile:
    """A file of the folder. `md5` is what a phone remembers of it (facts/provisioning 1.1).

    `model` is empty for language files. `modified` is in whole seconds, UTC. `versions` are the
    texts like 3.3.1.4365 in firmware; how real files contain their version is not known.
    """

    name: str
    kind: FileKind
    model: str
    size: int
    modified: datetime
    sha256: str
    md5: str
    versions: tuple[str, ...] = ()


class _Stamp(NamedTuple):
    """What tells that a file was changed."""

    size: int
    changed: int
    number: int

    @classmethod
    def of(cls, status: os.stat_result) -> _Stamp:
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


class _Kept(NamedTuple):
    stamp: _Stamp
    file: FolderFile


class FirmwareFolder:
    """A folder that need not be there, nor stay as it is. For one thread at a time.

    A file that was changed within the last five seconds is not there yet.
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        """`clock` gives seconds since 1970."""
        self.path = path
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._bodies: OrderedDict[tuple[str, _Stamp], Content] = OrderedDict()

    def files(self) -> dict[str, FolderFile]:
        """Give the files by their names in lower case; none where the folder is not there."""
        found = {}
        for name in _names_in(self.path):
            if requested_file(name).kind in _KINDS and (content := self.content(name)):
                found[name.lower()] = self._kept[content.name].file
        return found

    def has(self, name: str) -> bool:
        """Whether there is a file of this name, settled or not, without reading it."""
        path = self._path(name)
        return path is not None and path.is_file()

    def content(self, name: str) -> Content | None:
        """Return the file of this name, with `/` between folders, in any case; None without one."""
        path = self._path(name)
        return None if path is None else self._content(path)

    def _path(self, name: str) -> Path | None:
        pieces = name.split("/")
        if len(pieces) > _DEEPEST or name.lower().endswith(_NOT_HERE):
            return None
        path = self.path
        for piece in pieces:
            names = [each for each in _names_in(path) if not each.startswith(".")]
            same = (each for each in names if each.lower() == piece.lower())
            found = piece if piece in names else next(same, None)
            if found is None:
                return None
            path /= found
        return path

    def _content(self, path: Path) -> Content | None:
        """The file's content, read again only if it was changed."""
        name = path.relative_to(self.path).as_posix()
        try:
            if not path.resolve().is_relative_to(self.path.resolve()):
                return None
            status = path.stat()
            stamp = _Stamp.of(status)
            settled = not 0 <= self._clock() - status.st_mtime < _SETTLES_AFTER
            if not path.is_file() or not settled or not 0 < stamp.size <= _LARGEST:
                return None
            if (name, stamp) in self._bodies:
                self._bodies.move_to_end((name, stamp))
                return self._bodies[name, stamp]
            body = path.read_bytes()
            if _Stamp.of(path.stat()) != stamp or len(body) != stamp.size:
                return None
        except OSError:
            return None
        return self._keep(name, stamp, body)

    def _keep(self, name: str, stamp: _Stamp, body: bytes) -> Content:
        asked = requested_file(name)
        kept = self._kept.get(name)
        if kept is None or kept.stamp != stamp:
            file = FolderFile(
                name=name,
                kind=asked.kind,
                model=asked.model,
                size=stamp.size,
                modified=datetime.fromtimestamp(stamp.changed // 1_000_000_000, UTC),
                sha256=hashlib.sha256(body).hexdigest(),
                md5=hashlib.md5(body, usedforsecurity=False).hexdigest(),
                versions=_versions(body) if asked.kind is FileKind.FIRMWARE else (),
            )
            kept = self._kept[name] = _Kept(stamp, file)
        content = Content(
            name=name,
            body=body,
            digest=kept.file.sha256,
            modified=kept.file.modified,
            kind=TEXT if asked.kind is FileKind.LANGUAGE else _media_type(name),
        )
        for key in [key for key in self._bodies if key[0] == name]:
            del self._bodies[key]
        self._bodies[name, stamp] = content
        while sum(len(each.body) for each in self._bodies.values()) > _MOST_BYTES:
            self._bodies.popitem(last=False)
        return content


def _versions(body: bytes) -> tuple[str, ...]:
    return tuple(sorted({text.decode() for text in _VERSION.findall(body)}))


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208  names are all that is needed
    except OSError:
        return []


def _media_type(name: str) -> str:
    kind, encoding = guess_type(name)
    return kind if kind and not encoding else BINARY
