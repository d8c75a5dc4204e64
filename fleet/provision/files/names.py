"""From a request's path to the file that is meant; nothing of a path ever reaches a disk."""

from __future__ import annotations

import hmac
from dataclasses import replace
from functools import lru_cache
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


def file_of_path(path: bytes, secret: str) -> tuple[RequestedFile, bool]:
    """The file that a path asks for, and whether the path holds the secret.

    `path` is as it came, percent-encoded, with or without a query: `/NAME`, or `/p/SECRET/NAME`.
    An empty secret is in no path. Any other path asks for an `OTHER` file. Never raises.
    """
    pieces = [piece for piece in path.partition(b"?")[0].split(b"/") if piece]
    decoded = [unquote_to_bytes(piece) for piece in pieces]
    name, given = b"/".join(decoded), b""
    if len(decoded) == 3 and decoded[0] == _SECRET_FOLDER:
        name, given = decoded[2], decoded[1]
    is_secret = hmac.compare_digest(given, secret.encode()) and bool(secret)
    return known_as(name[: _LONGEST + 1].decode("utf-8", "replace")), is_secret


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
