"""Moments and lengths of time as people read them, in the time zone of the readers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import datetime

_UNITS = (("d", 86_400), ("h", 3600), ("min", 60))


def at(moment: datetime | None, zone: str) -> str:
    """A moment in an IANA time zone, to the minute: `2026-11-25 02:30`; empty for None."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") if moment else ""


def lasting(seconds: float) -> str:
    """A length of time in its two largest units: `3 d 4 h`, `23 min`, `40 s`."""
    rest, parts = round(seconds), list[str]()
    for unit, size in _UNITS:
        if rest >= size and len(parts) < 2:
            parts.append(f"{rest // size} {unit}")
        rest %= size
    return " ".join(parts) or f"{round(seconds)} s"


def percent(share: float | None) -> str:
    """A share as `99.95 %`, never rounded up to a whole; empty for None."""
    if share is None:
        return ""
    hundredths = min(int(share * 10_000 + 1e-6), 10_000 if share >= 1 else 9_999)
    return f"{hundredths // 100} %" if hundredths % 100 == 0 else f"{hundredths / 100:.2f} %"


def counted(number: int, noun: str) -> str:
    """`1 phone`, `2 phones`, `1,234 phones`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
