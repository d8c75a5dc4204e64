"""Which weekday of a month a row of dates has in common, in the phones' way of counting."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

SUNDAY = 1
_WEEKS = (-1, 1, 2, 3, 4, -2, -3, -4)


@dataclass(frozen=True, slots=True)
class Week:
    """A weekday of a month: `week` 1 to 4 from its beginning, -1 to -4 from its end.

    `day` is 1 for Sunday to 7 for Saturday (facts/provisioning 1.3). The fifth week is never used:
    not every month has one.
    """

    week: int
    day: int


def week_of_all(moments: Sequence[datetime]) -> Week | None:
    """The one rule that all these moments follow; None where their hours, months or weeks differ.

    A week counted from the beginning is found for Sundays only: the guide's "first full week" is
    the first Sunday's, but whether it is the first Friday's is open.
    """
    first = moments[0]
    if len({(one.month, one.hour, one.isoweekday()) for one in moments}) > 1:
        return None
    day = first.isoweekday() % 7 + 1
    for week in _WEEKS:
        if (week < 0 or day == SUNDAY) and all(week in _weeks(one) for one in moments):
            return Week(week, day)
    return None


def _weeks(moment: datetime) -> tuple[int, int]:
    """The week of a date counted from its month's beginning, and from its end."""
    last = calendar.monthrange(moment.year, moment.month)[1]
    return (moment.day - 1) // 7 + 1, -((last - moment.day) // 7 + 1)
