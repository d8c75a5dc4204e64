"""Parameters to bytes: quoted where needed, refused where no file can say them."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from fleet.errors import ConfigurationError
from fleet.phone.config_file.names import canonical_name, is_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.phone.config_file.parameter import ConfigFile, Parameter

_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_EMPTY = "no parameters"


def render(file: ConfigFile) -> bytes:
    """A file's bytes: UTF-8, LF, one line for each parameter, and never empty.

    A phone that gets an empty `aastra.cfg` does not go on to its own file (facts/provisioning 1.1),
    so a file without parameters says so in a comment. Encoding and line ends are assumed (1.2).
    Raises ConfigurationError for what cannot be written; the value is not in its message.
    """
    return assemble(file.heading, [render_line(each) for each in file.parameters])


def assemble(heading: Sequence[str], lines: Sequence[str]) -> bytes:
    """A file's bytes of comments and of lines as `render_line` gives them; never empty."""
    comments = map(_comment, heading if heading or lines else (_EMPTY,))
    return "".join(f"{line}\n" for line in (*comments, *lines)).encode()


def render_line(parameter: Parameter) -> str:
    """One parameter as a file's line, without its end, the name in its one spelling."""
    if complaint := complaint_of(parameter):
        raise ConfigurationError(complaint)
    mark = "!" if parameter.lock else "^" if parameter.overwrite else ""
    return f"{mark}{canonical_name(parameter.name)}: {_quoted(parameter.value)}".rstrip(" ")


def complaint_of(parameter: Parameter) -> str:
    """Why a parameter cannot be written, as a sentence without its value; empty if it can."""
    if not is_name(parameter.name):
        return f"{parameter.name!r} cannot be a parameter's name: use letters, digits and blanks."
    if parameter.lock and parameter.overwrite:
        return (
            f"`{parameter.name}` is marked both ! and ^: a locked parameter needs no ^, leave it "
            "out."
        )
    if has_control(parameter.value):
        return (
            f"The value of `{parameter.name}` contains a line end or another control character, "
            "which would break its file: remove it."
        )
    if '"' in parameter.value:
        return (
            f'The value of `{parameter.name}` contains a double quote ("), and it is unknown how '
            "these phones read one: remove it."
        )
    return ""


def has_control(text: str) -> bool:
    """Whether a text holds anything that is no printable character: line ends, NUL, tabs."""
    return not text.isprintable() and any(unicodedata.category(one) in _UNPRINTABLE for one in text)


def _quoted(value: str) -> str:
    return f'"{value}"' if "#" in value or value != value.strip() else value


def _comment(text: str) -> str:
    if has_control(text):
        raise ConfigurationError("A comment of a configuration file has to be one line of text.")
    return f"# {text}".rstrip()
