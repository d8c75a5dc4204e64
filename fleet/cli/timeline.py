"""A bar for each line of a phone: what it was over time, told by letters and by colours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from fleet.model import Reach, Registration
from fleet.outages import is_left_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import tzinfo

    from fleet.model import Line
    from fleet.store import LinePeriod, ReachPeriod

UNREAD, NOTHING = "~", " "

# The worst first: of what was so within one letter's time the first of these is shown.
MARKS: dict[str, tuple[str, str]] = {
    "X": ("failed", "bold red"),
    "u": ("unregistered", "yellow"),
    "?": ("unknown", "magenta"),
    "b": ("on backup", "yellow"),
    "=": ("registered", "green"),
    UNREAD: ("phone not read", "magenta"),
    ".": ("not meant to register", "dim"),
}
_ORDER = [*MARKS, NOTHING]
_STATES = {
    Registration.FAILED: "X",
    Registration.UNREGISTERED: "u",
    Registration.UNKNOWN: "?",
    Registration.REGISTERED: "=",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """A time laid out over so many letters."""

    since: datetime
    until: datetime
    width: int

    def place(self, moment: datetime) -> float:
        """Give how many letters after the beginning a moment is."""
        whole = (self.until - self.since).total_seconds() or 1.0
        return self.width * (moment - self.since).total_seconds() / whole

    def letters(self, since: datetime, until: datetime | None) -> range:
        """Give the letters that a time touches; one that is over in an instant touches one."""
        first = max(int(self.place(since)), 0)
        end = self.place(until or self.until)
        last = min(int(end) + (end > int(end)), self.width)
        return range(first, max(last, min(first + 1, self.width)))


def mark_of(line: Line) -> str:
    """Give the letter of a line's state."""
    if is_left_out(line):
        return "."
    if line.registration is Registration.REGISTERED and line.backup:
        return "b"
    return _STATES[line.registration]


def line_bar(periods: Iterable[LinePeriod], reaches: Sequence[ReachPeriod], scale: Scale) -> str:
    """Give a line's letters. Where its phone was not read all along nobody knows what it was."""
    letters = [NOTHING] * scale.width
    for period in periods:
        mark = mark_of(period.line)
        for place in scale.letters(period.since, period.until):
            letters[place] = min(letters[place], mark, key=_ORDER.index)
    for place, unread in enumerate(reach_bar(reaches, scale)):
        if unread == UNREAD and letters[place] != NOTHING:
            letters[place] = UNREAD
    return "".join(letters)


def reach_bar(reaches: Iterable[ReachPeriod], scale: Scale) -> str:
    """Give the phone's letters: read at some time within each, or not at all."""
    letters = [NOTHING] * scale.width
    for period in reaches:
        mark = "=" if period.reach is Reach.OK else UNREAD
        for place in scale.letters(period.since, period.until):
            letters[place] = min(letters[place], mark, key=_ORDER.index)
    return "".join(letters)


def coloured(bar: str) -> Text:
    """Colour a bar's letters."""
    text = Text()
    for letter, same in groupby(bar):
        text.append("".join(same), style=MARKS.get(letter, ("", ""))[1])
    return text


def legend(bars: Iterable[str]) -> str:
    """Say what the letters in these bars mean."""
    used = set("".join(bars))
    return "  ".join(f"{mark} {name}" for mark, (name, _) in MARKS.items() if mark in used)


def axis(scale: Scale, zone: tzinfo) -> str:
    """Mark the midnights of a time zone, with their dates where there is room for them."""
    letters = [" "] * scale.width
    free = 0
    for midnight in _midnights(scale, zone):
        place, label = int(scale.place(midnight)), midnight.strftime("%m-%d")
        if not free <= place < scale.width:
            continue
        letters[place] = "|"
        if place + len(label) < scale.width:
            letters[place + 1 : place + 1 + len(label)] = label
            free = place + len(label) + 2
    return "".join(letters).rstrip()


def _midnights(scale: Scale, zone: tzinfo) -> Iterator[datetime]:
    day = scale.since.astimezone(zone).date() + timedelta(days=1)
    while True:
        midnight = datetime.combine(day, time(), zone)
        if midnight >= scale.until:
            return
        yield midnight
        day += timedelta(days=1)
