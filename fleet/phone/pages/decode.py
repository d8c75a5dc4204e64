"""Bytes to text: the charset ladder, after facts/web-ui 3.3. Never fails.

Control characters go on the way: some as blanks, the rest without a trace. lxml refuses them, and
whatever reads the text must see the same markup as lxml does.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META = re.compile(
    rb"<meta\b[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,30})", re.IGNORECASE
)
_META_WITHIN = 4096

# As the first bytes of every charset below. Vertical tab, form feed and the separators part words.
_AS_BLANKS = b"\x0b\x0c\x1c\x1d\x1e\x1f"
_BLANKED = bytes.maketrans(_AS_BLANKS, b" " * len(_AS_BLANKS))
_DROPPED = bytes((*range(0x09), *range(0x0E, 0x1C), 0x7F))
_NO_CHARACTERS = ("\ufffe", "\uffff")

# Charsets in which the bytes of "<", ">" and digits are always those characters: a page cannot
# smuggle markup past the masks of fingerprint. UTF-16 is read by its byte order mark only.
_WELCOME = re.compile(r"utf-8|iso8859-\d+|cp125\d|koi8-[rtu]|mac-roman|ascii")


def decode(body: bytes, charset: str | None = None) -> str:
    """Return the page's text. `charset` is what the HTTP head said, which may be nonsense.

    A byte order mark, UTF-8, the HTTP charset, the page's own `<meta>`, then Windows-1252 (which
    holds ISO-8859-1): the first that decodes the whole body without an error. UTF-8 goes before
    what is declared because text in another charset is all but never valid UTF-8 by chance, while
    embedded servers are known to declare a charset that the page is not in.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            text = body[len(mark) :].decode(name, errors="replace")
            body = text.encode("utf-8", errors="replace")
            break
    text = _decoded(body.translate(_BLANKED, _DROPPED), charset)
    for each in _NO_CHARACTERS:
        text = text.replace(each, "")
    return text


def _decoded(body: bytes, charset: str | None) -> str:
    text = _strictly(body, "utf-8")
    if text is not None:
        return text
    for name in (known_charset(charset), _meta_charset(body), "cp1252"):
        text = _strictly(body, name) if name else None
        if text is not None:
            return text
    return body.decode("latin-1")


def known_charset(name: str | None) -> str:
    """Python's name of a charset that we decode, else empty."""
    cleaned = (name or "").strip(" \t\"'")
    if not cleaned.isascii() or not cleaned.isprintable() or len(cleaned) > 40:
        return ""
    try:
        found = codecs.lookup(cleaned).name
    except (LookupError, ValueError):
        return ""
    # As browsers do: a page that says ISO-8859-1 or ASCII means Windows-1252.
    found = "cp1252" if found in ("iso8859-1", "ascii") else found
    return found if _WELCOME.fullmatch(found) else ""


def _meta_charset(body: bytes) -> str:
    match = _META.search(body, 0, _META_WITHIN)
    return known_charset(match[1].decode("ascii")) if match else ""


def _strictly(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except UnicodeDecodeError:
        return None
