"""From a request's path to the file that is meant; nothing of a path ever reaches a disk."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from fleet.phone.config_file import (
    GLOBAL_FILE,
    FileKind,
    RequestedFile,
    firmware_file,
    mac_file,
    model_files,
    requested_file,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECRET_FOLDER = b"p"
_LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Which file a request's path asks for.

    `secret` is the one that a path may hold (empty: none does); `prefixes` are folders that a path
    may begin with and that say nothing, as the phones' `http path` or `tftp path` of before.
    """

    secret: str = field(default="", repr=False)
    prefixes: Sequence[str] = ()

    def file(self, path: bytes) -> tuple[RequestedFile, bool]:
        """Return the file that a path asks for, and whether the path holds the secret.

        `path` is as it came, percent-encoded, with or without a query: `/NAME`, `/p/SECRET/NAME`,
        either behind a prefix. Both slashes divide a path, and `.` is no part of it. A path that
        names no file that phones ask for by its name is `OTHER`. Never raises.
        """
        parts = re.split(rb"[/\\]", unquote_to_bytes(path.partition(b"?")[0]))
        pieces = [piece for piece in parts if piece not in (b"", b".")]
        given = b""
        if not _has_secret(pieces):
            pieces = self._without_prefix(pieces)
        if _has_secret(pieces):
            given, pieces = pieces[1], self._without_prefix(pieces[2:])
        is_secret = hmac.compare_digest(given, self.secret.encode()) and bool(self.secret)
        name = b"/".join(pieces).decode("utf-8", "replace")
        if self.secret:  # before it is cut: a part of the secret would not be found
            name = re.sub(re.escape(self.secret), "***", name, flags=re.IGNORECASE)
        return known_as(name[: _LONGEST + 1]), is_secret

    def _without_prefix(self, pieces: list[bytes]) -> list[bytes]:
        for folders in self._folders:
            if [piece.lower() for piece in pieces[: len(folders)]] == folders:
                return pieces[len(folders) :] or pieces
        return pieces

    @cached_property
    def _folders(self) -> list[list[bytes]]:
        """The prefixes in small letters, those of more folders first."""
        split = [prefix.lower().encode().split(b"/") for prefix in self.prefixes]
        return sorted(split, key=len, reverse=True)


def _has_secret(pieces: Sequence[bytes]) -> bool:
    return len(pieces) >= 3 and pieces[0] == _SECRET_FOLDER


@lru_cache(maxsize=4096)
def known_as(name: str) -> RequestedFile:
    """The file of this name, by the one name under which it is kept, whatever case was asked for.

    The name of an `OTHER` file is cut to 200 characters, all of them printable.
    """
    asked = requested_file(name)
    match asked.kind:
        case FileKind.GLOBAL:
            return replace(asked, name=GLOBAL_FILE)
        case FileKind.MAC:
            return replace(asked, name=mac_file(asked.mac))
        case FileKind.MODEL:
            return replace(asked, name=_spelt(name, model_files(asked.model)))
        case FileKind.FIRMWARE:
            return replace(asked, name=_spelt(name, (firmware_file(asked.model),)))
        case FileKind.LANGUAGE:
            return replace(asked, name=name.lower())
    return replace(asked, name=_printable(name))


def _spelt(name: str, spellings: Sequence[str]) -> str:
    same = (each for each in spellings if each.lower() == name.lower())
    return next(same, name.lower())


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name[:_LONGEST])
