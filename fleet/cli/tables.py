"""Tables for people: readable at 80 columns, nothing cut off where there is no terminal."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import box
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fleet.cli.common import WIDE, time_zone
from fleet.model import Reach, Registration, Severity
from fleet.report import yes_or_no
from fleet.report.wording import ago, line_state, reach_state
from fleet.status import was_not_read, worst_of_rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from rich.console import Console

    from fleet.report import HistoryRecord, LineRecord
    from fleet.store import LineStatus, PhoneStatus

WITH_SITES = 100  # columns of a terminal from which on there is room for the site as well
ACCOUNT = ("account", "account or reason")
GIVES_WAY = (*ACCOUNT, "what", "why")  # the columns that give way on a narrow terminal
ON_BACKUP = yes_or_no(choice=True)
REACHES: dict[str, str] = {Reach.UNREACHABLE: "not reachable"}
LONGEST = 24  # characters of a status text in a table

STYLES: dict[str, str] = {
    Registration.REGISTERED: "green",
    Registration.FAILED: "bold red",
    Registration.UNREGISTERED: "bold red",
    Registration.UNKNOWN: "yellow",
    Registration.UNCONFIGURED: "dim",
}
SEVERITIES = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, folds: Collection[str] = ()
) -> Table:
    """Make a table. Cells are plain text: nothing a phone says is taken for markup.

    Where the terminal is too narrow accounts are cut: their users come first, and are left. What is
    in the columns `folds` is never cut: it goes on in a next line of its row.
    """
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        gives_way = column in GIVES_WAY
        made.add_column(
            column,
            overflow="ellipsis" if gives_way else "fold",
            no_wrap=not gives_way and column not in folds,
        )
    for row in rows:
        made.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return made


def hanging(text: str) -> Padding:
    """Lay out a line that may be long, each of its lines as far in as its first."""
    said = text.lstrip(" ")
    return Padding(Text(said), (0, 0, 0, len(text) - len(said)), expand=False)


def pairs(rows: Iterable[tuple[str, str]]) -> Table:
    """Lay out names and what they are; long texts go on under their own beginning."""
    made = Table.grid(padding=(0, 1))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(Text(name), Text(value))
    return made


def print_lines(
    screen: Console,
    records: Sequence[LineRecord],
    now: datetime,
    statuses: Iterable[PhoneStatus] = (),
) -> None:
    """Show lines: who, which line, what it is, since when, and why it is flagged.

    `statuses` say what was last known of lines whose phone could not be read.
    """
    last_known = {
        (status.stored.phone.host, each.line.number): each.last_known
        for status in statuses
        for each in status.lines
    }
    columns = ["site", "phone", "host", "line", ACCOUNT[1], "state", "since", "flags"]
    rows: list[list[str | Text]] = [
        [
            record.site,
            record.phone,
            record.host,
            "" if record.line is None else str(record.line),
            record.reason
            if was_not_read(record) and record.line is None
            else record.account.removesuffix(":5060"),
            _state(record, last_known.get((record.host, record.line or 0)), now),
            ago(record.since, now),
            record.flags.replace(" ", "\n"),
        ]
        for record in records
    ]
    if all(record.host == record.phone for record in records):
        _drop("host", columns, rows)
    # A phone's name says more than its host, and the user of an account more than the site.
    if "host" in columns and not _fits(screen, columns, rows):
        _drop("host", columns, rows)
    place = columns.index(ACCOUNT[1])
    users = [
        [*row[:place], f"{str(row[place]).partition('@')[0]}…", *row[place + 1 :]] for row in rows
    ]
    if not _fits(screen, [*columns[:place], ACCOUNT[0], *columns[place + 1 :]], users):
        _drop("site", columns, rows)
    with paged(screen, len(rows)):
        screen.print(table(columns, rows))


def _drop(column: str, columns: list[str], rows: list[list[str | Text]]) -> None:
    place = columns.index(column)
    del columns[place]
    for row in rows:
        del row[place]


def _fits(screen: Console, columns: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> bool:
    """Return whether there is room for a table with nothing cut off or folded."""
    if not screen.is_terminal:
        return True
    whole = screen.options.update(max_width=WIDE)
    return Measurement.get(screen, whole, table(columns, rows)).maximum <= screen.width


@contextmanager
def paged(screen: Console, rows: int) -> Iterator[None]:
    """Show what is longer than the terminal in a pager; print it as it is anywhere else."""
    if not (screen.is_terminal and sys.stdin.isatty() and rows >= screen.height):
        yield
        return
    os.environ.setdefault("LESS", "-FRX")
    with screen.pager(styles=True):
        yield


def _state(record: LineRecord, last: LineStatus | None, now: datetime) -> Text:
    if was_not_read(record):
        words = REACHES.get(record.reach, record.reach)
        if record.line is not None:
            words += f" ({record.reason})"
        if last is not None:
            line = last.line
            state = state_text(
                line.registration, line.code, yes_or_no(line.backup), line.status_text
            )
            words += f"\nlast known: {state.plain}, {ago(last.since, now)}"
        return Text(words, style="magenta")
    if not record.reach:
        return Text("not polled yet", style="dim")
    made = state_text(record.state, record.code, record.backup, record.status_text)
    if severity := worst_of_rules(record.flags.split()):
        made.style = SEVERITIES[severity]
    return made


def state_text(state: str, code: int | None, backup: str, status_text: str) -> Text:
    """Say a line's state: `failed 401`, `on backup`, `unknown: Registering`."""
    words = line_state(state, code, backup, shortened(status_text))
    is_on_backup = words == "on backup"
    return Text(words, style="yellow" if is_on_backup else STYLES.get(state, ""))


def shortened(text: str) -> str:
    """Cut a text that is long for a table."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def local(moment: datetime | None) -> str:
    """Show a moment and its zone, to the second: `2026-11-25 02:30:07 CET`; empty for None."""
    return f"{moment.astimezone(time_zone()):%Y-%m-%d %H:%M:%S %Z}" if moment else ""


def period_state(record: HistoryRecord) -> Text:
    """Say what a period was: a line's state with its code, or a phone's reach with its reason."""
    if record.line is None:
        return Text(
            reach_state(record.reach, record.reason),
            style="" if record.reach == Reach.OK else "magenta",
        )
    return state_text(record.state, record.code, record.backup, record.status_text)
