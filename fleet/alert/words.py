"""Plain words for times, counts, and whatever a phone said."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta, tzinfo


def plain(text: str, longest: int = 300) -> str:
    """Put a text on one line, without characters that a terminal or a mail would obey."""
    seen = "".join(sign if sign.isprintable() else " " for sign in text)
    line = " ".join(seen.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def when(moment: datetime, zone: tzinfo) -> str:
    """`2026-11-23 07:12 CET`."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


def lasted(time: timedelta) -> str:
    """`45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    seconds = max(int(time.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    units = (("d", 86_400), ("h", 3600), ("min", 60))
    first = next(place for place, (_, size) in enumerate(units) if seconds >= size)
    parts = []
    for unit, size in units[first : first + 2]:
        number, seconds = divmod(seconds, size)
        parts += [f"{number} {unit}"] if number else []
    return " ".join(parts)


def counted(number: int, noun: str) -> str:
    """`1 phone`, `2 phones`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def zone_of(site: str, zones: Mapping[str, tzinfo], otherwise: tzinfo) -> tzinfo:
    """Give the zone in which a site's people read the clock."""
    return zones.get(site, otherwise)
