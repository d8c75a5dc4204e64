"""`fleet history`: when a line lost its registration, for how long, and where it had been."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from fleet.cli.answers import answer, moment, phone_answer, span
from fleet.cli.common import JSON, TIME, console, print_json, time_zone, with_app
from fleet.cli.completion import PHONE
from fleet.cli.groups import examples
from fleet.cli.tables import local, period_state, table
from fleet.cli.timeline import Scale, axis, coloured, legend, line_bar, reach_bar
from fleet.clock import now
from fleet.judge import NO_REGISTER
from fleet.outages import stories
from fleet.report import json_object
from fleet.report.records import iso
from fleet.report.wording import ago
from fleet.status import history_records

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from fleet.app import App
    from fleet.outages import LineStory, Outage
    from fleet.report import HistoryRecord
    from fleet.store import LinePeriod, PhoneStatus, ReachPeriod

DAYS = 7  # shown unless --since says otherwise
NARROW, WIDEST = 80, 160  # columns of a timeline without a terminal, and at most


@dataclass(frozen=True, kw_only=True)
class Past:
    """A phone, what is known of it since a moment, and the story of each of its lines."""

    status: PhoneStatus
    since: datetime
    now: datetime
    periods: tuple[LinePeriod | ReachPeriod, ...]
    reaches: tuple[ReachPeriod, ...]
    lines: tuple[LineStory, ...]

    def answer(self, story: LineStory) -> str:
        """Say of a line when it lost its registration."""
        wanted = {want.line: want.registrar.strip() for want in self.status.stored.phone.accounts}
        is_muted = wanted.get(story.number) == NO_REGISTER
        return answer(story, self.since, self.now, is_muted=is_muted)

    def records(self) -> list[HistoryRecord]:
        """Give the periods as records."""
        stored = self.status.stored
        return list(history_records(self.periods, {stored.id: stored.phone}, self.now))


@click.command(
    epilog=examples(
        "fleet history reception",
        "fleet history reception --line 2 --since 30d",
        "fleet history 10.1.1.20 --format table",
    )
)
@click.argument("phone", type=PHONE, metavar="PHONE")
@click.option("--line", type=click.IntRange(1, 99), help="Show only this line.")
@click.option(
    "--since", type=TIME, help=f"Start of the history: 2026-11-23T07:00 or 30d.  [default: {DAYS}d]"
)
@click.option(
    "--format", "form", type=click.Choice(["timeline", "table"]), default="timeline",
    show_default=True, help="Bars and a sentence per line, or every period in a table.",
)  # fmt: skip
@JSON
@with_app
def command(
    app: App, phone: str, line: int | None, since: datetime | None, form: str, as_json: bool
) -> None:
    """Show when each line of a phone lost its registration, for how long, and where it had been.

    PHONE is a MAC, a host or a name. While a phone cannot be read, the state of its lines is
    unknown: their periods continue, and the phone's own periods show the gap. A flap is one loss of
    a registration.
    """
    past = _past(app, app.store.phones.find(phone), line, since)
    if as_json:
        print_json(_document(past))
    elif not past.periods or (line and not past.lines):
        console().print(_nothing(past.status, line, since))
    elif form == "table":
        _show_table(console(), past)
    else:
        _show_timeline(console(), past)


def _past(app: App, phone_id: int, line: int | None, since: datetime | None) -> Past:
    from fleet.store import LinePeriod, ReachPeriod

    [status] = app.store.observations.statuses(ids=[phone_id])
    present = now()
    start = since or present - timedelta(days=DAYS)
    every = list(app.store.observations.history(ids=[phone_id], since=start))
    reaches = tuple(each for each in every if isinstance(each, ReachPeriod))
    asked = [each for each in every if isinstance(each, LinePeriod)]
    asked = [each for each in asked if line in (None, each.line.number)]
    return Past(
        status=status,
        since=start,
        now=present,
        periods=tuple(every) if line is None else tuple(asked),
        reaches=reaches,
        lines=tuple(stories(asked, start)),
    )


def _show_table(screen: Console, past: Past) -> None:
    rows = (
        (
            "" if record.line is None else str(record.line),
            local(record.since),
            local(record.until) if record.until else "now",
            ago(record.since, record.until or past.now),
            period_state(record),
            record.account.removesuffix(":5060"),
        )
        for record in past.records()
    )
    screen.print(table(("line", "from", "until", "for", "state", "account"), rows))


def _show_timeline(screen: Console, past: Past) -> None:
    names = ["phone", *(f"line {story.number}" for story in past.lines)]
    margin = max(map(len, names)) + 1
    whole = min(screen.width, WIDEST) if screen.is_terminal else NARROW
    scale = Scale(since=past.since, until=past.now, width=max(whole - margin, 10))
    bars = [reach_bar(past.reaches, scale)]
    bars += [line_bar(story.periods, past.reaches, scale) for story in past.lines]
    screen.print(_head(past))
    for name, bar in zip(names, bars, strict=True):
        screen.print(Text.assemble(f"{name:<{margin}}", coloured(bar)))
    screen.print(" " * margin + axis(scale, time_zone()))
    screen.print(legend(bars))
    screen.print()
    for sentence in _answers(past):
        screen.print(sentence)


def _head(past: Past) -> str:
    label = past.status.stored.phone.label
    return f"{label}, {span(past.since, past.now)} up to {moment(past.now)}:"


def _answers(past: Past) -> list[str]:
    said = [past.answer(story) for story in past.lines]
    phone = phone_answer(past.reaches, past.since, past.now)
    return [*said, phone] if phone else said


def _document(past: Past) -> dict[str, Any]:
    phone = past.status.stored.phone
    return {
        "site": phone.site,
        "phone": phone.label,
        "mac": phone.mac,
        "host": phone.host,
        "since": iso(past.since),
        "until": iso(past.now),
        "lines": [_line_object(story, past) for story in past.lines],
        "periods": [json_object(record) for record in past.records()],
    }


def _line_object(story: LineStory, past: Past) -> dict[str, Any]:
    return {
        "line": story.number,
        "answer": past.answer(story),
        "flaps": story.flaps,
        "outages": [_outage_object(outage, past.now) for outage in story.outages],
    }


def _outage_object(outage: Outage, now: datetime) -> dict[str, Any]:
    before = outage.before
    account = before.account if before else None
    return {
        "since": iso(outage.since),
        "until": iso(outage.until) if outage.until else None,
        "seconds": round(((outage.until or now) - outage.since).total_seconds()),
        "state": outage.line.registration,
        "code": outage.line.code,
        "was_registered": outage.is_loss,
        "registrar": account.registrar if account else None,
        "on_backup": before.backup if before else None,
    }


def _nothing(status: PhoneStatus, line: int | None, since: datetime | None) -> str:
    label = status.stored.phone.label
    if status.reach is None:
        return f"{label} has no history yet: run fleet poll."
    after = f" after {local(since)}" if since else ""
    return f"{label} has no line {line} in its history{after}."
