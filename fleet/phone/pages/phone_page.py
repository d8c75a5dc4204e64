"""What the page families share: one SIP table, and the phone's identity around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Facts
from fleet.phone.pages.table import read_lines

if TYPE_CHECKING:
    from fleet.phone.pages.identity import Identity
    from fleet.phone.pages.lxml_reader import Page
    from fleet.phone.pages.words import Words


def facts_of(page: Page, identity: Identity, words: Words, *, dialect: str) -> Facts | None:
    """The facts of a page with a SIP table; None for one without. Raises PageUnreadable."""
    lines = read_lines(page, words)
    if lines is None:
        return None
    return Facts(
        dialect=dialect,
        lines=lines,
        mac=identity.mac,
        model=identity.model,
        firmware=identity.firmware,
        boot_version=identity.boot_version,
    )
