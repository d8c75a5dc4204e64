"""What lines have to be told again of what is said for all lines; pure.

Intents are laid over each other parameter by parameter, but phones take a line's parameters by sets
(`LineSet`): a line that says anything of a set loses what is said of it for all lines. So it is
told the rest of that set in its own name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.phone.config_file import SET_OF, LineSet, said_of_line
from fleet.provision.origin import Origin, Source, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_ORIGIN = Origin(source=Source.COMPUTED, detail="settings for all lines")
_NOWHERE = "0.0.0.0"  # noqa: S104  the phones' way to say "do not register"
_USER = "user name"
_RANKS = ("", "backup ")
_GOES_WITH: Mapping[str, str] = {
    "auth name": _USER,
    "password": _USER,
    **{f"{rank}registrar port": f"{rank}registrar ip" for rank in _RANKS},
    **{f"{rank}proxy port": f"{rank}proxy ip" for rank in _RANKS},
    **{f"{rank}proxy ip": f"{rank}registrar ip" for rank in _RANKS},
    **{f"{rank}outbound proxy port": f"{rank}outbound proxy" for rank in _RANKS},
}
"""What is another's once a line names another: the port of a host, the proxy of a registrar."""

_OF_ALL: Mapping[str, str] = {name: f"sip {name}" for name in SET_OF if name != _USER}


def lines_that_say(values: Mapping[str, Value]) -> frozenset[tuple[int, LineSet]]:
    """Which lines say something of which set."""
    found = (said_of_line(name) for name, value in values.items() if value.wanted.value)
    return frozenset(one for one in found if one is not None)


def inherited(
    below: Mapping[str, Value], over: Mapping[str, Value], lines: Iterable[tuple[int, LineSet]]
) -> dict[str, Value]:
    """What each of these lines is told of the set that it says a part of.

    `over` is laid over `below`; what was removed from a line is not inherited. Who a line is
    (its user) is never inherited, nor anything else of that set by a line without a user.
    """
    values = _Laid(below, over)
    of_all = [
        (name, found)
        for name, full in _OF_ALL.items()
        if (found := values.get(full)) and found.wanted.value
    ]
    return {
        f"sip line{line} {name}": Value(wanted=found.wanted, origin=_ORIGIN, over=(found,))
        for line, name, found in _wanting(values, of_all, lines)
    }


class _Laid:
    """Values laid over others."""

    def __init__(self, below: Mapping[str, Value], over: Mapping[str, Value]) -> None:
        self._below, self._over = below, over

    def get(self, name: str) -> Value | None:
        return self._over.get(name) or self._below.get(name)

    def text(self, name: str) -> str:
        found = self.get(name)
        return str(found.wanted.value or "") if found else ""


def _wanting(
    values: _Laid, of_all: list[tuple[str, Value]], lines: Iterable[tuple[int, LineSet]]
) -> Iterator[tuple[int, str, Value]]:
    for line, one in sorted(lines, key=lambda each: (each[0], each[1].name)) if of_all else ():
        if one is LineSet.AUTHENTICATION and not values.text(f"sip line{line} {_USER}"):
            continue
        for name, found in of_all:
            says_it = values.get(f"sip line{line} {name}") is not None
            if SET_OF[name] is one and not says_it and not _is_anothers(values, line, name):
                yield line, name, found


def _is_anothers(values: _Laid, line: int, name: str) -> bool:
    """Whether a value for all lines belongs to a host or a user that this line does not have."""
    anchor = _GOES_WITH.get(name)
    if anchor is None or values.get(f"sip line{line} {anchor}") is None:
        return False
    own, of_all = values.text(f"sip line{line} {anchor}"), values.text(f"sip {anchor}")
    is_proxy = name.endswith("proxy ip")
    return of_all not in ("", own) and not (is_proxy and own == _NOWHERE)
