"""The page family of the 67xxi and 9xxxi, firmware 2.x and 3.x (facts/web-ui 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.phone.pages.phone_page import facts_of

if TYPE_CHECKING:
    from fleet.model import Facts
    from fleet.phone.pages.identity import Identity
    from fleet.phone.pages.lxml_reader import Page
    from fleet.phone.pages.words import Words

NAME = "aastra_67xxi"


def read(page: Page, identity: Identity, words: Words) -> Facts | None:
    """Read a page of this family, which also takes the pages of models that nobody knows."""
    return facts_of(page, identity, words, dialect=NAME)
