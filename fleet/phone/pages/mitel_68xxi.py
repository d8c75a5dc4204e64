"""The page family of the 68xxi and 69xx: same table and words, other makers' name (facts 2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.phone.catalog import family_of
from fleet.phone.pages.phone_page import facts_of

if TYPE_CHECKING:
    from fleet.model import Facts
    from fleet.phone.pages.identity import Identity
    from fleet.phone.pages.lxml_reader import Page
    from fleet.phone.pages.words import Words

NAME = "mitel_68xxi"
FAMILIES = frozenset({"68xxi", "69xx"})


def read(page: Page, identity: Identity, words: Words) -> Facts | None:
    """Read a page of a 68xxi or 69xx; None for other models' pages."""
    if family_of(identity.model) not in FAMILIES:
        return None
    return facts_of(page, identity, words, dialect=NAME)
