"""One sentence for each line: when it lost its registration, for how long, and where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.cli.common import time_zone
from fleet.model import Reach, Registration
from fleet.outages import is_left_out, runs
from fleet.report.wording import lasting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.model import Line
    from fleet.outages import LineStory, Outage
    from fleet.store import ReachPeriod


def answer(story: LineStory, since: datetime, now: datetime, *, is_muted: bool = False) -> str:
    """Say of a line what its newest outage was, or that there was none since then.

    `is_muted`: the inventory says that it does not register by design.
    """
    last = story.periods[-1]
    if last.until is not None:
        said = f"no longer in the phone's table since {moment(last.until)}"
    elif is_muted or is_left_out(last.line):
        said = _left_out(last.line)
    elif story.outages:
        said = _outage(story.outages[-1], now)
    else:
        said = _up(story, since)
    return f"line {story.number}: {said}; {_flaps(story.flaps)} in {span(since, now)}"


def _left_out(line: Line) -> str:
    if line.registration is Registration.UNCONFIGURED:
        return "has no account"
    return "does not register by design (0.0.0.0)"


def _outage(outage: Outage, now: datetime) -> str:
    lasted = lasting(((outage.until or now) - outage.since).total_seconds())
    began, why = moment(outage.since), _why(outage.line)
    if not outage.is_loss:
        past = (
            f"was not registered until {moment(outage.until)}, for"
            if outage.until
            else (f"not registered since {began},")
        )
        return f"{past} {lasted} ({why})"
    where = f", was on {_where(outage.before)}" if outage.before else ""
    if outage.until is None:
        return f"lost its registration {began} and has been without it for {lasted} ({why}){where}"
    return f"lost its registration {began} for {lasted} ({why}){where}"


def _up(story: LineStory, since: datetime) -> str:
    last = story.periods[-1]
    began = story.periods[0].since
    whole = "all the time" if began <= since else f"since {moment(began)}"
    if last.line.backup and last.since > max(began, since):
        return f"registered {whole}, on {_where(last.line)} since {moment(last.since)}"
    return f"registered {whole} on {_where(last.line)}"


def _where(line: Line | None) -> str:
    registrar = line.account.registrar if line and line.account else ""
    backup = " (backup)" if line and line.backup else ""
    return f"{registrar or 'a registrar that is not shown'}{backup}"


def _why(line: Line) -> str:
    if line.code is not None:
        return str(line.code)
    if line.registration is Registration.UNKNOWN and line.status_text:
        return line.status_text
    return line.registration


def _flaps(number: int) -> str:
    return {0: "no flaps", 1: "1 flap"}.get(number, f"{number} flaps")


def phone_answer(reaches: Sequence[ReachPeriod], since: datetime, now: datetime) -> str:
    """Say for how long the phone could not be read since then; empty if it always could."""
    gaps = list(runs(reaches, lambda period: period.reach is not Reach.OK))
    if not gaps:
        return ""
    unread = [(max(gap.since, since), gap.until or now) for gap in gaps]
    seconds = sum((until - start).total_seconds() for start, until in unread)
    last = next(each for each in reversed(reaches) if each.reach is not Reach.OK)
    reason = last.reason or last.reach
    if gaps[-1].until is None:
        began = gaps[-1].since
        return f"phone: not read since {moment(began)} ({reason}); its lines may have changed"
    return f"phone: not read for {lasting(seconds)} of the {span(since, now)} ({reason})"


def moment(at: datetime | None) -> str:
    """Show a moment and its zone, to the minute: `2026-11-25 02:30 CET`; empty for None."""
    return f"{at.astimezone(time_zone()):%Y-%m-%d %H:%M %Z}" if at else ""


def span(since: datetime, now: datetime) -> str:
    """Say how long a time is: `7 days`, else in its two largest units."""
    days = (now - since).total_seconds() / 86_400
    if round(days) > 1 and abs(days - round(days)) < 1 / 1440:
        return f"{round(days)} days"
    return lasting((now - since).total_seconds())
