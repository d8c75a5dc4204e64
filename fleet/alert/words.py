"""What alerts say of moments, in the zone of a site, and of texts that a phone sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo


def plain(text: str, longest: int = 300) -> str:
    """Put a text on one line, without characters that a terminal or a mail would obey."""
    seen = "".join(sign if sign.isprintable() else " " for sign in text)
    line = " ".join(seen.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def when(moment: datetime, zone: tzinfo) -> str:
    """`2026-11-23 07:12 CET`."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


def zone_of(site: str, zones: Mapping[str, tzinfo], otherwise: tzinfo) -> tzinfo:
    """Give the zone in which a site's people read the clock."""
    return zones.get(site, otherwise)
