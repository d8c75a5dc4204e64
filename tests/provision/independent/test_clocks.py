"""Clocks: what others write for a zone, and every zone of the IANA database from 2020 to 2035.

A phone's parameters are said again as a POSIX `TZ` text, which the C library evaluates; so neither
fleet's way of making rules nor a test's own idea of them has a part in the answer.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

from fleet.errors import ConfigurationError
from fleet.phone.timezones import phone_clock
from tests.provision.independent.cases import cases

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIRST, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
MOVED = {"Antarctica/Casey", "Antarctica/Vostok"}  # by hours, which no phone follows as summer time
STEP = timedelta(days=9, hours=7)
REFUSED = {"Antarctica/Troll", "NZ-CHAT", "Pacific/Chatham"}


def parameters(zone: str, at: datetime) -> tuple[dict[str, str], datetime | None]:
    clock = phone_clock(zone, at=at)
    return {one.name: one.value for one in clock.parameters}, clock.valid_until


@cases("clocks")
def test_a_clock_is_as_others_write_it_but_for_good_reason(case: dict[str, Any]) -> None:
    written, _ = parameters(case["zone"], NOW)
    differs = case.get("differs", {})

    assert {name: written.get(name) for name in case["same"]} == case["same"]
    assert {name: written.get(name) for name in differs} == {
        n: ours for n, (_, ours) in differs.items()
    }
    assert bool(differs) == bool(case["why"])


def posix(values: dict[str, str]) -> str:
    """The `TZ` text that says the same: west is positive in both."""
    west = int(values["time zone minutes"])
    if values["dst config"] == "0":
        return f"<STD>{_hours(west)}"
    saving = int(values["dst minutes"])
    start, end = (_rule(values, side) for side in ("start", "end"))
    return f"<STD>{_hours(west)}<DST>{_hours(west - saving)},{start},{end}"


def _hours(minutes: int) -> str:
    return f"{'-' if minutes < 0 else ''}{abs(minutes) // 60}:{abs(minutes) % 60:02d}"


def _rule(values: dict[str, str], side: str) -> str:
    month, day, hour = (int(values[f"dst {side} {what}"]) for what in ("month", "day", "hour"))
    if values["dst [start|end] relative date"] == "0":
        return f"J{date(2001, month, day).timetuple().tm_yday}/{hour}"
    week = int(values[f"dst {side} week"])
    assert week in {-1, 1, 2, 3, 4}, "POSIX has no such week"
    assert week == -1 or day == 1, "the guide's full week is clear for Sundays alone"
    return f"M{month}.{5 if week == -1 else week}.{day - 1}/{hour}"


def offset(zone: ZoneInfo, at: datetime) -> int:
    return round((at.astimezone(zone).utcoffset() or timedelta()).total_seconds())


def moments(zone: ZoneInfo, since: datetime, until: datetime) -> list[int]:
    """A day in nine, and the seconds around each change of the offset."""
    found, at, known = [], since, offset(zone, since)
    while at < until:
        now = offset(zone, at)
        if now != known:
            low, high = at - STEP, at
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                low, high = (middle, high) if offset(zone, middle) == known else (low, middle)
            change = round(high.timestamp())
            found += [one for one in (change - 1, change) if one >= since.timestamp()]
            known = now
        found.append(round(at.timestamp()))
        at += STEP
    return found


def stretches(name: str) -> list[tuple[str, list[int]]]:
    """What a phone is told from 2020 on, each time as long as it holds, and when to look."""
    found, at = [], FIRST
    while at < END:
        try:
            values, until = parameters(name, at)
        except ConfigurationError:
            assert name in MOVED
            at = at.replace(year=at.year + 1, month=1, day=1, hour=0, minute=0)
            continue
        assert until is None or until > at
        found.append((posix(values), moments(ZoneInfo(name), at, min(until or END, END))))
        at = until or END
    return found


def distinct_zones() -> list[str]:
    """One name for each zone: others say the same."""
    seen: dict[tuple[int, ...], str] = {}
    days = [FIRST + timedelta(days=5 * one) for one in range(16 * 73)]
    for name in sorted(available_timezones() - REFUSED):
        zone = ZoneInfo(name)
        seen.setdefault(tuple(offset(zone, day) for day in days), name)
    return sorted(seen.values())


def test_phones_show_the_time_of_every_zone_from_2020_to_2035() -> None:
    asked = [(name, *one) for name in distinct_zones() for one in stretches(name)]
    program = Path(__file__).with_name("libc_clock.py")
    text = "".join(f"{zone} {' '.join(map(str, at))}\n" for _, zone, at in asked)
    ran = subprocess.run(
        [sys.executable, str(program)], input=text, capture_output=True, text=True, check=True
    )

    assert len(asked) > 100
    for (name, zone, at), line in zip(asked, ran.stdout.splitlines(), strict=True):
        shown = list(map(int, line.split()))
        right = [offset(ZoneInfo(name), datetime.fromtimestamp(one, UTC)) for one in at]
        wrong = [one for one, a, b in zip(at, shown, right, strict=True) if a != b]
        assert wrong == [], f"{name} as {zone}"


@pytest.mark.parametrize("zone", sorted(REFUSED))
def test_a_zone_that_no_phone_can_follow_is_refused(zone: str) -> None:
    with pytest.raises(ConfigurationError):
        phone_clock(zone, at=NOW)
