"""`fleet.env` beside fleet.toml: variables, written as for systemd's EnvironmentFile=."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleet.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENV_FILE = "fleet.env"

_NAME = re.compile(r"[ \t]*([A-Za-z_][A-Za-z0-9_]*)=[ \t]*")
_COMMENT = re.compile(r"[ \t]*[#;](?:\\\n|[^\n])*")
_BLANK = re.compile(r"[ \t]*")
# A value is made of such pieces, up to the end of its line.
_PIECE = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|(\\.|[^'"\\\n])""", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED_IN_QUOTES = re.compile(r"""\\([\\"$`\n])""")


def read_env_file(folder: Path) -> dict[str, str]:
    """The variables of the folder's `fleet.env`, none where there is no such file.

    A file that may not be read counts as absent: systemd reads it before it gives up its rights.
    Raises `SettingsError` for what is no such file.
    """
    path = folder / ENV_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, PermissionError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{path} cannot be read: {reason}.") from None
    return dict(_variables(text.replace("\r\n", "\n").removeprefix("\ufeff"), path))


def _variables(text: str, path: Path) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        if comment := _COMMENT.match(text, at):
            at = comment.end()
        elif name := _NAME.match(text, at):
            value, at = _value(text, name.end())
            yield name[1], value
        else:
            blank = _BLANK.match(text, at)
            at = blank.end() if blank else at
        if at < len(text) and text[at] != "\n":
            line = text.count("\n", 0, at) + 1
            raise SettingsError(f"{path}, line {line}: write NAME=value there, or # for a comment.")
        at += 1


def _value(text: str, at: int) -> tuple[str, int]:
    """The value that begins at a place, and where it ends; blanks at its end are left off."""
    value, kept = "", 0
    while piece := _PIECE.match(text, at):
        at = piece.end()
        single, double, bare = piece.groups()
        if bare is None:
            value += single if single is not None else _unescaped(_ESCAPED_IN_QUOTES, double)
        else:
            value += _unescaped(_ESCAPED, bare)
        if bare not in (" ", "\t"):
            kept = len(value)
    return value[:kept], at


def _unescaped(escape: re.Pattern[str], text: str) -> str:
    """The text without its backslashes; one at a line's end joins the next line to it."""
    return escape.sub(lambda found: "" if found[1] == "\n" else found[1], text)
