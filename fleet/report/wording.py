"""How people read counts, times, lengths of time and states; the only place that words them."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fleet.model import Registration

if TYPE_CHECKING:
    from datetime import datetime

_UNITS = (("d", 86_400), ("h", 3600), ("min", 60))


def at(moment: datetime | None, zone: str) -> str:
    """A moment in an IANA time zone, to the minute: `2026-11-25 02:30`; empty for None."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") if moment else ""


def lasting(seconds: float) -> str:
    """A length of time in its largest unit and the next: `3 d 4 h`, `2 d`, `23 min`, `40 s`."""
    rest = max(round(seconds), 0)
    if rest < 60:
        return f"{rest} s"
    first = next(place for place, (_, size) in enumerate(_UNITS) if rest >= size)
    parts = []
    for unit, size in _UNITS[first : first + 2]:
        number, rest = divmod(rest, size)
        parts += [f"{number} {unit}"] if number else []
    return " ".join(parts)


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago, short: `12 s`, `5 min`, `3 h`, `12 d`; empty for None."""
    if moment is None:
        return ""
    seconds = (now - moment.astimezone(UTC)).total_seconds()
    for unit, size in _UNITS:
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def percent(share: float | None) -> str:
    """A share as `99.95 %`, never rounded up to a whole; empty for None."""
    if share is None:
        return ""
    hundredths = min(int(share * 10_000 + 1e-6), 10_000 if share >= 1 else 9_999)
    return f"{hundredths // 100} %" if hundredths % 100 == 0 else f"{hundredths / 100:.2f} %"


def counted(number: int, noun: str) -> str:
    """`1 phone`, `2 phones`, `1,234 phones`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def line_state(state: str, code: int | None, backup: str, status_text: str) -> str:
    """A line's state: `failed 401`, `on backup`, `unknown: Registering`; as the records have it."""
    words = state if code is None else f"{state} {code}"
    if state == Registration.UNKNOWN and status_text:
        words = f"{words}: {status_text}"
    if backup == "yes":
        return "on backup" if state == Registration.REGISTERED else f"{words} (backup)"
    return words


def reach_state(reach: str, reason: str) -> str:
    """How far polls of a phone got: `ok`, `refused: wrong_password`."""
    return f"{reach}: {reason}" if reason else reach
