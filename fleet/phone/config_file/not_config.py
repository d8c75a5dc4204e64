"""What is no configuration file at all, and what nobody sees in one; pure."""

from __future__ import annotations

import re
import unicodedata

NOT_TEXT = "it is not text; it may be encrypted"
MARKUP = "it is a web page or an XML document"

_ENOUGH, _SHARE = 4, 20
_BLANKS = "\t\r\n"


def why_not_config(text: str) -> str:
    """Why a whole file can be no configuration; empty if it may be one.

    Encrypted files (`.tuz` under another name) hold control characters by the dozen, texts none.
    """
    controls = sum(ord(one) < 32 and one not in _BLANKS for one in text)
    if controls >= _ENOUGH and controls * _SHARE > len(text):
        return NOT_TEXT
    return MARKUP if text.lstrip().startswith("<") else ""


def foreign_comment(value: str) -> str:
    """The mark in a value that begins a comment in other formats, `//` or `;`; empty if none does.

    Both count beside a blank only: URIs hold `//`, and some parameters `;` between their parts.
    """
    if re.search(r"\s//|(?<!:)//\s", value):
        return "//"
    return ";" if re.search(r"\s;", value) else ""


def has_hidden(text: str) -> bool:
    """Whether a text holds what looks like nothing or like a plain blank and is neither.

    No-break and zero-width spaces, byte-order marks, soft hyphens, marks of direction.
    """
    return not text.isascii() and any(
        one != " " and unicodedata.category(one) in ("Cf", "Zs") for one in text
    )
