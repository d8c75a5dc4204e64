"""Read a status page: decode it, open it, let the dialects look, or say why it is unreadable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from fleet.model import Facts
from fleet.phone.pages import aastra_67xxi, mitel_68xxi
from fleet.phone.pages.alike import open_alike
from fleet.phone.pages.decode import decode
from fleet.phone.pages.identity import Identity, identify
from fleet.phone.pages.tables import Page, open_page
from fleet.phone.pages.text import too_much
from fleet.phone.pages.unreadable import why_unreadable
from fleet.phone.pages.words import WORDS, Words

MOST_BYTES = 500_000
"""Bytes of a page that is read; a status page has some ten thousand."""

_SMALL = 32_768
_FEW_TAGS = 700

Dialect: TypeAlias = Callable[[Page, Identity, Words], Facts | None]
"""Reads the pages of one family; None for a page that is not of it. May raise PageUnreadable."""

DIALECTS: Mapping[str, Dialect] = {
    mitel_68xxi.NAME: mitel_68xxi.read,
    aastra_67xxi.NAME: aastra_67xxi.read,
}
"""In the order in which they look at a page; the last takes what no other has taken."""


def is_small(body: bytes) -> bool:
    """Whether reading the page takes a few milliseconds at most, whatever it holds."""
    return len(body) <= _SMALL and body.count(b"<") <= _FEW_TAGS


def read_page(
    body: bytes, *, charset: str | None = None, words: Words = WORDS, careful: bool = False
) -> Facts:
    """Return the facts that a status page states, and nothing that it does not.

    `charset` is what the HTTP head said. `careful` skips the shortcuts: the outcome is the
    same, and tests hold one against the other. Raises PageUnreadable, and nothing else, for
    whatever is not a status page.
    """
    if len(body) > MOST_BYTES:
        raise too_much("is larger")
    text, headers = decode(body, charset), words.headers
    page = open_page(text, headers, careful=True) if careful else open_alike(text, headers)
    identity = identify(page, words)
    for dialect in DIALECTS.values():
        facts = dialect(page, identity, words)
        if facts is not None:
            return facts
    raise why_unreadable(page, words)
