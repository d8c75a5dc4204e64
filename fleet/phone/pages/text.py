"""Text as it is compared: spaces folded, invisible characters dropped, case and forms made one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from unicodedata import combining

_CLOCK = re.compile(r"\d:\d")
_ENDS = " \t?¿:.*"
_LONGEST_KEPT = 64


def fold(text: str) -> str:
    """What a reader sees: runs of white space as one space, no control or zero-width characters."""
    return _fold(text) if len(text) <= _LONGEST_KEPT else _fold.__wrapped__(text)


@lru_cache(maxsize=4096)  # a fleet's pages share their menus and labels
def _fold(text: str) -> str:
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    spaced = "".join(" " if one.isspace() else one for one in unicodedata.normalize("NFC", text))
    visible = (one for one in spaced if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Cn"))
    return " ".join("".join(visible).split())


def word(text: str) -> str:
    """A cell's text for comparing it whole: folded, compatible forms (NFKC) and case made one."""
    return _word(text) if len(text) <= _LONGEST_KEPT else _word.__wrapped__(text)


@lru_cache(maxsize=4096)
def _word(text: str) -> str:
    folded = fold(text)
    if folded.isascii():
        return folded.lower()  # all that the forms below make of it
    caseless = unicodedata.normalize("NFKC", folded).casefold()
    return unicodedata.normalize("NFKC", caseless)


def unaccented(text: str) -> str:
    """The text with each letter's accents left out."""
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(one for one in parts if not combining(one)))


def label(text: str) -> str:
    """A header's or label's text for comparing: a word without the punctuation around its end."""
    return _label(text) if len(text) <= _LONGEST_KEPT else word(text).strip(_ENDS)


@lru_cache(maxsize=4096)
def _label(text: str) -> str:
    return word(text).strip(_ENDS)


def has_clock(text: str) -> bool:
    """Whether the text may hold a time of day; such texts are never read as words (sameness)."""
    return _CLOCK.search(text) is not None
