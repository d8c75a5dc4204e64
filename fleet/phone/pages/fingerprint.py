"""Whether a page surely says the same as one that was read before, without reading it.

Real pages carry a clock (facts/web-ui 2.2, `Date/Time`), so that two of them are rarely equal.
A page's key is therefore of one of two kinds:

- `p:` a digest of the whole body. Equal bytes are read equally.
- `m:` a digest of the body with its clock texts masked. A clock text is all that stands between
  a `>` and the next `<`, is short, holds a time of day and nothing but plain letters, digits and
  a few harmless signs: no markup, quote, entity or `@` can be hidden in it.

An `m:` key is given only when reading the masked page gave the very same facts, which shows that
the masked texts are not read: a status `Registered since 12:30` would change with its mask, since
status and account texts are kept verbatim. That they are not read whatever their time is what the
reader guarantees: no text with a time in it is a known word, header, label, line number, model or
version. Any other change of the page changes the digest. The digest is salted with the reader's
version, the parser's, the charset and the words.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from fleet.errors import PageUnreadable
from fleet.phone.pages.lxml_reader import PARSER
from fleet.phone.pages.reader import read_page

if TYPE_CHECKING:
    from fleet.model import Facts
    from fleet.phone.pages.words import Words

READER_VERSION = 3
"""Raised with every change of what the reader says of some page."""

_MINUTES = re.compile(rb":[0-5][0-9](?::[0-5][0-9])?(?![:\w.])")
_HOURS = re.compile(rb"(?<![:\w.])[0-2]?[0-9]\Z")
_CLOCK_TEXT = re.compile(rb"[A-Za-z0-9 ,.:/+\-()\t\r\n]{4,80}")
_REACH = 81
_MOST_CLOCKS = 1000
# Names the maker, so that a maker named in a masked text makes no difference to the reader.
_MASK = b"(masked Aastra 00:00)"


def page_key(body: bytes, *, charset: str | None, words: Words) -> str:
    """The key of the page as it is."""
    return "p:" + _digest(body, charset, words)


def masked_key(body: bytes, facts: Facts, *, charset: str | None, words: Words) -> str | None:
    """The key of the page without its clock texts, if these were shown not to be read.

    `facts` is what the page says. None when it has no clock text, or when one matters.
    """
    masked = _masked(body)
    if masked is None or _MASK in body:
        return None
    try:
        same = read_page(masked, charset=charset, words=words) == facts
    except PageUnreadable:
        return None
    return "m:" + _digest(masked, charset, words) if same else None


def same_page(body: bytes, known_key: str, *, charset: str | None, words: Words) -> bool:
    """Whether the page surely says the same as the page that the key was made from."""
    if known_key.startswith("p:"):
        return page_key(body, charset=charset, words=words) == known_key
    if not known_key.startswith("m:"):
        return False
    masked = _masked(body)
    return masked is not None and "m:" + _digest(masked, charset, words) == known_key


def _masked(body: bytes) -> bytes | None:
    """The body with a mask for each clock text; None if there is none, or very many."""
    parts: list[bytes] = []
    done = 0
    for count, minutes in enumerate(_MINUTES.finditer(body)):
        if count == _MOST_CLOCKS:
            return None
        at = minutes.start()
        if at < done or not _HOURS.search(body[max(0, at - 3) : at]):
            continue
        start = body.rfind(b">", max(done - 1, at - _REACH, 0), at) + 1
        end = body.find(b"<", at, at + _REACH)
        if start > 0 and _CLOCK_TEXT.fullmatch(body, start, end):
            parts += (body[done:start], _MASK)
            done = end
    return b"".join((*parts, body[done:])) if parts else None


def _digest(body: bytes, charset: str | None, words: Words) -> str:
    digest = blake2b(_salt(charset, words), digest_size=20)
    digest.update(body)
    return digest.hexdigest()


@lru_cache(maxsize=64)
def _salt(charset: str | None, words: Words) -> bytes:
    named = [(name, sorted(getattr(words, name))) for name in words.__slots__]
    return repr((READER_VERSION, PARSER, charset, named)).encode() + b"\0"
