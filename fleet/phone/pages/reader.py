"""Read a status page: decode it, open it, let the dialects look, or say why it is unreadable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from fleet.errors import PageUnreadable
from fleet.model import Facts, Reason
from fleet.phone.pages import aastra_67xxi, mitel_68xxi
from fleet.phone.pages.decode import decode
from fleet.phone.pages.identity import Identity, identify
from fleet.phone.pages.lxml_reader import Page, open_page
from fleet.phone.pages.text import caseless, label, too_much, unaccented
from fleet.phone.pages.words import HEADINGS, SESSION_TEXTS, WORDS, Words

MOST_BYTES = 500_000
"""Bytes of a page that is read; a status page has some ten thousand."""

_SMALL = 32_768
_FEW_TAGS = 450  # one tag may cost 15 µs, and up to eight pages are read in one round of the loop
_MESSAGE_LENGTH = 5000
_REFUSALS = ("access forbidden", "access denied", "forbidden", "403 forbidden")
_REFUSAL_LENGTH = 400

Dialect: TypeAlias = Callable[[Page, Identity, Words], Facts | None]
"""Reads the pages of one family; None for a page that is not of it. May raise PageUnreadable.

It is given what the page shows, texts and tables, and the page's own text for any other form.
"""

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
    page = open_page(text, headers, careful=careful)
    identity = identify(page, words)
    for dialect in DIALECTS.values():
        facts = dialect(page, identity, words)
        if facts is not None:
            return facts
    raise _why_unreadable(page, words)


def _why_unreadable(page: Page, words: Words) -> PageUnreadable:
    """Why a page without a SIP table is no status page: a 200 is not proof of one (facts 1.4)."""
    text = caseless(" ".join((page.title, *page.runs))[:_MESSAGE_LENGTH])
    plain = unaccented(text)
    if any(message in plain for message in SESSION_TEXTS):
        detail = "The phone sent a message about the session instead of its status page."
        return PageUnreadable(Reason.SESSION_EXPIRED, detail)
    if len(text) < _REFUSAL_LENGTH and text.startswith(_REFUSALS):
        detail = (
            "The page says that access is forbidden: use a login that may see the status page, "
            "or wait a minute if logins failed there just now."
        )
        return PageUnreadable(Reason.FORBIDDEN, detail)
    if not text:
        return PageUnreadable(Reason.NO_TABLE, "The page is empty.")
    if page.source.is_cut:
        return PageUnreadable(Reason.TRUNCATED, "The page ends before its SIP table.")
    if not _is_of_a_phone(page, text, words):
        detail = "The page is not one of an Aastra or Mitel phone; is another device at this host?"
        return PageUnreadable(Reason.NOT_AASTRA, detail)
    return PageUnreadable(Reason.NO_TABLE, "The page has no SIP status table that can be read.")


def _is_of_a_phone(page: Page, text: str, words: Words) -> bool:
    """Whether the page names the maker, or holds any of the labels that a status page has."""
    if page.source.names_the_maker:
        return True
    known = words.labels | words.sip_account | HEADINGS | {"firmware release code"}
    within = any(name in text for name in known if " " in name)
    return within or any(label(run) in known for run in page.runs)
