"""Tables for people: readable at 80 columns, nothing cut off where there is no terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet.report import HistoryRecord, LineRecord

STYLES = {
    "registered": "green",
    "failed": "bold red",
    "unregistered": "yellow",
    "unknown": "magenta",
    "unconfigured": "dim",
}


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, title: str = ""
) -> Table:
    """Make a table. Cells are plain text: nothing a phone says is taken for markup."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title or None, title_justify="left")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return made


def lines_table(records: Iterable[LineRecord], now: datetime) -> Table:
    """Show lines: who, which line, what it is, since when, and why it is flagged."""
    return table(
        ("phone", "line", "account", "state", "since", "flags"),
        (
            (
                _who(record),
                "" if record.line is None else str(record.line),
                record.account,
                _state(record),
                ago(record.since, now),
                record.flags.replace(" ", "\n"),
            )
            for record in records
        ),
    )


def one_row_per_failed_phone(records: Iterable[LineRecord]) -> list[LineRecord]:
    """Leave out all but the first line of phones that could not be read: none was looked at."""
    shown: dict[object, LineRecord] = {}
    for record in records:
        failed = record.reach not in ("ok", "")
        key = record.host if failed else (record.host, record.line)
        shown.setdefault(key, replace(record, line=None, account="") if failed else record)
    return list(shown.values())


def _who(record: LineRecord) -> str:
    return f"{record.site}/{record.phone}" if record.site else record.phone


def _state(record: LineRecord) -> Text:
    if record.reach not in ("ok", ""):
        return Text(f"{record.reach}: {record.reason}", style="magenta")
    return state_text(record.state, record.code, record.backup, record.status_text)


def state_text(state: str, code: int | None, backup: str, status_text: str) -> Text:
    """Say a line's state: `failed 401`, `registered (backup)`, `unknown: Registering`."""
    words = state
    if code is not None:
        words += f" {code}"
    if state == "unknown" and status_text:
        words += f": {status_text}"
    if backup == "yes":
        words += " (backup)"
    return Text(words, style=STYLES.get(state, ""))


def ago(moment: datetime | None, now: datetime) -> str:
    """Say how long ago: `12 s`, `5 min`, `3 h`, `12 d`; empty for None."""
    if moment is None:
        return ""
    seconds = (now - moment.astimezone(UTC)).total_seconds()
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def local(moment: datetime | None) -> str:
    """Show a moment in this machine's zone, to the second; empty for None."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def period_state(record: HistoryRecord) -> Text:
    """Say what a period was: a line's state with its code, or a phone's reach with its reason."""
    if record.line is None:
        words = f"{record.reach}: {record.reason}" if record.reason else record.reach
        return Text(words, style="" if record.reach == "ok" else "magenta")
    return state_text(record.state, record.code, record.backup, record.status_text)
