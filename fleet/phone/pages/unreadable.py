"""Why a page without a SIP table is no status page. A 200 is not proof of one (facts 1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.errors import PageUnreadable
from fleet.model import Reason
from fleet.phone.pages.text import caseless, label, unaccented
from fleet.phone.pages.words import HEADINGS, SESSION_TEXTS

if TYPE_CHECKING:
    from fleet.phone.pages.tables import Page
    from fleet.phone.pages.words import Words

_MESSAGE_LENGTH = 5000
_REFUSALS = ("access forbidden", "access denied", "forbidden", "403 forbidden")
_REFUSAL_LENGTH = 400


def why_unreadable(page: Page, words: Words) -> PageUnreadable:
    """The reason, and a sentence that says what came instead of a status page."""
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
