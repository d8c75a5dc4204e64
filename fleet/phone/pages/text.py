"""Text as it is compared: spaces folded, invisible characters dropped, case and forms made one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from unicodedata import combining

from fleet.errors import PageUnreadable
from fleet.model import Reason

_CLOCK = re.compile(r"\d:\d")
_ENDS = " \t?¿:.*"
_LONGEST_KEPT = 64
LONGEST_WORD = 100
"""Characters of the longest text that is compared as a word; a longer one is no known word."""


def too_much(has: str) -> PageUnreadable:
    """The error for a page that `has` more of something than a status page can have."""
    return PageUnreadable(Reason.TOO_LARGE, f"The page {has} than any status page.")


def fold(text: str) -> str:
    """What a reader sees: runs of white space as one space, no control or zero-width characters."""
    return _fold(text) if len(text) <= _LONGEST_KEPT else _fold.__wrapped__(text)


@lru_cache(maxsize=4096)  # a fleet's pages share their menus and labels
def _fold(text: str) -> str:
    folded = " ".join(text.split())
    if folded.isascii() and folded.isprintable():
        return folded
    folded = " ".join(unicodedata.normalize("NFC", folded).split())
    if folded.isprintable():
        return folded
    visible = (one for one in folded if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Cn"))
    return " ".join("".join(visible).split())


def word(text: str) -> str:
    """A cell's text for comparing it whole: folded, compatible forms (NFKC) and case made one.

    A text that is longer than any word is cut off, and so equals none.
    """
    if len(text) > LONGEST_WORD:
        return text[: LONGEST_WORD + 1]
    return _word(text) if len(text) <= _LONGEST_KEPT else _word.__wrapped__(text)


def caseless(text: str) -> str:
    """The text folded, with compatible forms (NFKC) and case made one, however long it is."""
    folded = fold(text)
    if folded.isascii():
        return folded.lower()  # all that the forms below make of it
    lowered = unicodedata.normalize("NFKC", folded).casefold()
    return unicodedata.normalize("NFKC", lowered)


_word = lru_cache(maxsize=4096)(caseless)


def unaccented(text: str) -> str:
    """The text with each letter's accents left out."""
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(one for one in parts if not combining(one)))


def label(text: str) -> str:
    """A header's or label's text for comparing: a word without the punctuation around its end."""
    if len(text) > LONGEST_WORD:
        return word(text)
    return _label(text) if len(text) <= _LONGEST_KEPT else _label.__wrapped__(text)


@lru_cache(maxsize=4096)
def _label(text: str) -> str:
    return word(text).strip(_ENDS)


def has_clock(text: str) -> bool:
    """Whether the text may hold a time of day; such texts are never words (see fingerprint)."""
    return _CLOCK.search(text) is not None
