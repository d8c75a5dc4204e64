"""A phone's clock, made from its parameters alone: what it shows at any moment.

Written from the guide's words, apart from what makes the parameters: 1 is Sunday, weeks count from
a month's beginning or, negative, from its end; hours are those on the wall before the change.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.phone.config_file import Parameter


class Clock:
    """The clock of a phone that has loaded these parameters."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        values = {one.name: one.value for one in parameters}
        assert values.pop("time zone name") == "Custom"
        self._numbers = {name: int(value) for name, value in values.items()}
        self._standard = timedelta(minutes=-self._numbers["time zone minutes"])

    def offset(self, at: datetime) -> timedelta:
        if self._numbers["dst config"] == 0:
            return self._standard
        assert self._numbers["dst config"] == 3
        saving = timedelta(minutes=self._numbers["dst minutes"])
        assert timedelta(0) < saving <= timedelta(hours=1)
        start, end = self.change(at.year, "start"), self.change(at.year, "end")
        summer = start <= at < end if start < end else not end <= at < start
        return self._standard + (saving if summer else timedelta(0))

    def change(self, year: int, side: str) -> datetime:
        """The moment of a year's change, UTC."""
        hour = self._numbers[f"dst {side} hour"]
        wall = datetime(year, self._numbers[f"dst {side} month"], 1, tzinfo=UTC)
        wall = wall.replace(day=self._day(wall, side)) + timedelta(hours=hour)
        saving = timedelta(minutes=self._numbers["dst minutes"] if side == "end" else 0)
        return wall - self._standard - saving

    def _day(self, first: datetime, side: str) -> int:
        day = self._numbers[f"dst {side} day"]
        if not self._numbers["dst [start|end] relative date"]:
            return day
        following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        days = [first + timedelta(days=one) for one in range((following - first).days)]
        names = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
        wanted = [one.day for one in days if f"{one:%A}" == names[day - 1]]
        week = self._numbers[f"dst {side} week"]
        return wanted[week - 1 if week > 0 else week]
