"""The parameters of these phones: their names, what they take, which are secret."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from fleet.phone.config_file import canonical_name, numbered
from fleet.phone.parameters.table import ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.phone.parameters.kinds import Kind


class Reboot(StrEnum):
    """Whether a phone has to start again for a change to hold."""

    YES = "yes"
    ASSUMED = "assumed"  # no source says; taken for yes
    NO = "no"


@dataclass(frozen=True, kw_only=True, slots=True)
class ParameterSpec:
    """What is known of a parameter. `family` is its name with N and X for numbers."""

    family: str
    kind: Kind
    secret: bool = False
    reboot: Reboot = Reboot.ASSUMED


_LONGEST_NAME = 80
_NEEDS_REBOOT = frozenset({"http digest username", "http digest password"})
_NEEDS_NONE = frozenset({"action uri poll", "action uri poll interval"})
"""facts/provisioning 1.3, HTTP(S) fetch authentication; facts/web-ui 4.1."""

_SECRET = frozenset(
    (
        *("admin password", "user password", "http digest password", "ftp password"),
        *("sip password", "sip lineN password"),
    )
)
_LOOKS_SECRET = re.compile(r"\b(?:password|passwd|passcode|pass|secret|pin|key phrase)\b")


def _reboot(family: str) -> Reboot:
    if family in _NEEDS_REBOOT:
        return Reboot.YES
    return Reboot.NO if family in _NEEDS_NONE else Reboot.ASSUMED


PARAMETERS: Mapping[str, ParameterSpec] = {
    family: ParameterSpec(
        family=family, kind=kind, secret=family in _SECRET, reboot=_reboot(family)
    )
    for family, kind in ROWS
}
"""By family: facts/provisioning 1.3, and of facts/web-ui 3.3, 3.5 and 4.2 what is not there."""


def spec_of(name: str) -> ParameterSpec | None:
    """What is known of a parameter by any spelling of its name; None for an unknown one."""
    return PARAMETERS.get(numbered(name).family)


def is_secret(name: str) -> bool:
    """Whether a parameter's value must not be shown; an unknown one by what its name says."""
    spec = spec_of(name)
    return spec.secret if spec else _LOOKS_SECRET.search(canonical_name(name)) is not None


_MASK = re.compile(
    r"(?:([^\w\s]|[x_])\1{2,})"
    r"|[<\[({*_-]+(?:hidden|redacted|masked|removed|secret|password|censored|not shown)[>\])}*_-]+",
    re.IGNORECASE,
)
_MASK_SIGN = re.compile(r"[*\u2022\u25cf\u00b7\u2217\u25aa\u2588]{3}")


def is_mask(value: str) -> bool:
    """Whether a secret's value is only what stands for one: `****`, `••••`, `xxxx`, `<hidden>`.

    A row of one other letter or digit may be a password, if a bad one; a word counts in brackets.
    """
    text = value.strip()
    return _MASK_SIGN.search(text) is not None or _MASK.fullmatch(text) is not None


def needs_reboot(name: str) -> bool:
    """Whether a change needs a new start; where nobody says it is taken to."""
    spec = spec_of(name)
    return spec is None or spec.reboot is not Reboot.NO


_SLOT = re.compile(r"[0-9]+|(?<=[a-z])[NX](?= )")
_SKELETONS = frozenset(_SLOT.sub("#", family) for family in PARAMETERS)


def _is_slip(name: str, known: str) -> bool:
    """Whether a name is another with a slip of the pen in it, and not one with another word.

    `sip line1 dnd` is none of `sip line1 mode`, nor `directory 1 name` one of `directory 1`.
    """
    words, meant = name.split(), known.split()
    if len(words) == len(meant):
        return all(_alike(*pair) >= _LIKE_WORDS for pair in zip(words, meant, strict=True))
    return _alike("".join(words), "".join(meant)) >= _LIKE_NAMES


def _alike(one: str, two: str) -> float:
    return SequenceMatcher(None, one, two).ratio()


_LIKE_WORDS = 0.66
_LIKE_NAMES = 0.93


@lru_cache(maxsize=2048)
def suggestion_for(name: str) -> str:
    """The known name that an unknown one was probably meant to be; empty if none is close.

    `sip lin3 user nam` is `sip line3 user name`; a number that is missing is an N.
    """
    key = canonical_name(name[:_LONGEST_NAME])
    numbers = re.findall(r"[0-9]+", key)
    skeleton = _SLOT.sub("#", key)
    near = get_close_matches(skeleton, _SKELETONS, n=3, cutoff=0.8)
    close = next((each for each in near if _is_slip(skeleton, each)), None)
    if close is None:
        return ""
    meant = re.sub("#", lambda _: numbers.pop(0) if numbers else "N", close)
    return meant if "N" in meant or spec_of(meant) else ""
