"""The names of parameters: one spelling for each, and what is numbered in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_BLANKS = re.compile(r"[ \t]+")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 _./|\[\]-]*[A-Za-z0-9_./|\[\]-])?")
_NUMBERED = re.compile(
    r"(?P<stem>\b(?:top)?softkey|\bprgkey|\bfeaturekey|\bexpmod|\btime server|(?<=sip )line)"
    r" ?0*(?P<number>[0-9]+)"
)
_MODULE_KEY = re.compile(r"(?P<module>\bexpmod[0-9]+) ?key ?0*(?P<number>[0-9]+)")
_LANGUAGE = re.compile(r"(?P<stem>\blanguage) ?0*(?P<number>[0-9]+)")
_BRACKETS = re.compile(r"(?:(?<!\s)\s++)?([\[|\]])\s*+")
_LINE = re.compile(r"(?P<head>sip line)(?P<first>[0-9]{1,9})(?= )")
_KEY = re.compile(r"(?P<head>(?:top)?softkey|prgkey|featurekey)(?P<first>[0-9]{1,9})(?= )")
_EXPMOD = re.compile(r"expmod(?P<first>[0-9]{1,9}) key(?P<second>[0-9]{1,9})(?= )")


def is_name(text: str) -> bool:
    """Whether a text can stand before the colon of a line: no marks, colon, `#` or quotes."""
    return _NAME.fullmatch(text) is not None


@lru_cache(maxsize=8192)
def canonical_name(name: str) -> str:
    """The one spelling of a parameter's name.

    Names are not case-sensitive (facts/provisioning 1.2). `SIP Line 1  User Name` is
    `sip line1 user name`, `expmod 1 key 2 type` is `expmod1 key2 type`. That a phone itself takes
    blanks before a number is not known, so the writer never writes them.
    """
    spaced = _BLANKS.sub(" ", name.strip(" \t")).lower()
    if any(digit in spaced for digit in "0123456789"):
        spaced = _NUMBERED.sub(r"\g<stem>\g<number>", spaced)
        spaced = _LANGUAGE.sub(r"\g<stem> \g<number>", spaced)
        spaced = _MODULE_KEY.sub(r"\g<module> key\g<number>", spaced)
    return _BRACKETS.sub(_bracket, spaced) if "[" in spaced else spaced


def _bracket(match: re.Match[str]) -> str:
    """The brackets of `dst [start|end] relative date` are literal: one blank outside, none in."""
    return {"[": " [", "|": "|", "]": "] "}[match[1]]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A name and its numbers: `sip lineN user name` with (3,), `expmodX keyN type` with (1, 36).

    `numbers` is empty for a parameter that is there once.
    """

    family: str
    numbers: tuple[int, ...] = ()


@lru_cache(maxsize=8192)
def numbered(name: str) -> Numbered:
    """Take the numbers out of a parameter's name."""
    key = canonical_name(name)
    if match := _LINE.match(key) or _KEY.match(key):
        return Numbered(f"{match['head']}N{key[match.end() :]}", (int(match["first"]),))
    if match := _EXPMOD.match(key):
        numbers = (int(match["first"]), int(match["second"]))
        return Numbered(f"expmodX keyN{key[match.end() :]}", numbers)
    return Numbered(key)
