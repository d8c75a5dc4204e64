"""Values that a line inherits from the settings for all lines; a whole set or nothing (pure).

The vendor's rule (admin guides 1.4.1 p.4-39, 2.4 p.4-73, 3.3.1 p.4-57): the parameters of a line
form two sets, and a line that says anything of a set itself gets nothing of that set from those for
all lines, not even what it leaves out. The guide's example: a line with a proxy of its own does not
register, although the phone has a registrar.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from fleet.phone.config_file.names import numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PREFIX = "sip lineN "
_SERVERS = tuple(
    f"{rank}{name}"
    for rank in ("", "backup ")
    for name in (
        *("registrar ip", "registrar port", "proxy ip", "proxy port"),
        *("outbound proxy", "outbound proxy port"),
    )
)


class LineSet(Enum):
    """A set of what can be said of a line, by the names behind `sip lineN`."""

    AUTHENTICATION = (
        *("user name", "auth name", "password", "display name", "screen name", "screen name 2"),
        *("vmail", "mode", "bla number"),
    )
    NETWORK = (*_SERVERS, "registration period")


SET_OF: Mapping[str, LineSet] = {name: one for one in LineSet for name in one.value}
"""The set of each name. What is in none, `dtmf method` say, a line takes from all lines."""


def said_of_line(name: str) -> tuple[int, LineSet] | None:
    """The line, and the set, that a parameter of a line is of; None for any other parameter."""
    found = numbered(name)
    one = SET_OF.get(found.family.removeprefix(_PREFIX))
    if one is None or not found.family.startswith(_PREFIX):
        return None
    return found.numbers[0], one


def _says_itself(text: Callable[[str], str], line: int, one: LineSet) -> bool:
    """Whether a line says anything of a set; `text` gives a value, empty where there is none.

    That an empty value says nothing is assumed.
    """
    return any(text(f"sip line{line} {name}") for name in one.value)


def line_value(text: Callable[[str], str], line: int | None, name: str) -> str:
    """What a line has: its own value, or that for all lines. A line of None is all lines.

    `name` is what stands behind `sip lineN`, `registrar ip` say.
    """
    if line is None:
        return text(f"sip {name}")
    if own := text(f"sip line{line} {name}"):
        return own
    one = SET_OF.get(name)
    if one is not None and _says_itself(text, line, one):
        return ""
    return text(f"sip {name}")
