"""The folder of firmware and language files: what is in it, and their bytes and checksums.

Only files whose names phones ask for are looked at; a name that comes from outside is looked up
among those, and never becomes part of a path.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
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


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderFile:
    """A file of the folder. `md5` is what a phone remembers of it (facts/provisioning 1.1).

    `model` is empty for language files. `modified` is in whole seconds, UTC.
    """

    name: str
    kind: FileKind
    model: str
    size: int
    modified: datetime
    sha256: str
    md5: str


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
        for lower, path in self._paths().items():
            if content := self._content(path):
                found[lower] = self._kept[content.name].file
        return found

    def content(self, name: str) -> Content | None:
        """Give a file of this name, in any case; None if there is none."""
        path = self._paths().get(name.lower())
        return self._content(path) if path else None

    def _paths(self) -> dict[str, Path]:
        try:
            names = sorted(os.listdir(self.path))  # noqa: PTH208  names are all that is needed
        except OSError:
            return {}
        known = (name for name in names if requested_file(name).kind in _KINDS)
        return {name.lower(): self.path / name for name in known}

    def _content(self, path: Path) -> Content | None:
        """The file's content, read again only if it was changed."""
        try:
            status = path.stat()
            stamp = _Stamp.of(status)
            settled = not 0 <= self._clock() - status.st_mtime < _SETTLES_AFTER
            if not path.is_file() or not settled or not 0 < stamp.size <= _LARGEST:
                return None
            if (path.name, stamp) in self._bodies:
                self._bodies.move_to_end((path.name, stamp))
                return self._bodies[path.name, stamp]
            body = path.read_bytes()
            if _Stamp.of(path.stat()) != stamp or len(body) != stamp.size:
                return None
        except OSError:
            return None
        return self._keep(path.name, stamp, body)

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
            )
            kept = self._kept[name] = _Kept(stamp, file)
        content = Content(
            name=name,
            body=body,
            digest=kept.file.sha256,
            modified=kept.file.modified,
            kind=BINARY if asked.kind is FileKind.FIRMWARE else TEXT,
        )
        for key in [key for key in self._bodies if key[0] == name]:
            del self._bodies[key]
        self._bodies[name, stamp] = content
        while sum(len(each.body) for each in self._bodies.values()) > _MOST_BYTES:
            self._bodies.popitem(last=False)
        return content
