"""Which column of a table is which: by its headers where they are known, else by what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from fleet.model import Registration
from fleet.phone.pages.cells import is_blank, line_number, status
from fleet.phone.pages.text import has_clock, label

if TYPE_CHECKING:
    from fleet.phone.pages.words import Words

Row: TypeAlias = Sequence[str]

_BACKUP_PARTS = frozenset({"backup", "secours"})
_LONGEST_WORD = 14


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """Where a table's columns are; `backup` is None when there is none that we know."""

    line: int
    account: int
    status: int
    backup: int | None

    def number(self, row: Row, words: Words) -> int | None:
        """The row's line number, None for a row that is no line's."""
        return line_number(cell(row, self.line), words)


def cell(row: Row, column: int | None) -> str:
    """A row's text in a column; empty where the row has none."""
    return row[column] if column is not None and column < len(row) else ""


def headed(rows: Sequence[Row], words: Words) -> Columns | None:
    """The columns by their headers, if account and status are among those that are understood."""
    for row in rows:
        roles = _roles(row, words)
        if "account" in roles and "status" in roles:
            taken = set(roles.values())
            line = roles.get("line")
            return Columns(
                line=_free_number_column(rows, taken, words) if line is None else line,
                account=roles["account"],
                status=roles["status"],
                backup=roles.get("backup"),
            )
    return None


def _roles(row: Row, words: Words) -> dict[str, int]:
    roles: dict[str, int] = {}
    for at, text in enumerate(row):
        role = _role(label(text), words)
        if role:
            roles.setdefault(role, at)
    return roles


def _role(key: str, words: Words) -> str:
    if key in words.sip_account:
        return "account"
    if key in words.line:
        return "line"
    if key in words.status:
        return "status"
    return "backup" if key in words.backup or _tells_of_a_backup_registrar(key) else ""


def _tells_of_a_backup_registrar(key: str) -> bool:
    """Whether a header is a shorter or longer way to say `Backup Registrar Used?`."""
    parts = key.split()
    if not 1 < len(parts) < 8 or any(one.isdigit() or one == "@" for one in key):
        return False
    return not _BACKUP_PARTS.isdisjoint(parts) and any(part.startswith("reg") for part in parts)


def _free_number_column(rows: Sequence[Row], taken: set[int], words: Words) -> int:
    width = max(map(len, rows))
    free = [at for at in range(width) if at not in taken]
    for at in free:
        if any(line_number(cell(row, at), words) is not None for row in rows):
            return at
    return free[0] if free else 0


def by_content(rows: Sequence[Row], words: Words) -> Columns | None:
    """The columns by what the numbered rows hold: a number, an account, a state, yes or no.

    None when there is no account in any of them (facts/web-ui 7: find the table by structure).
    """
    lines = [row for row in map(_trimmed, rows) if line_number(cell(row, 0), words) is not None]
    width = max(map(len, lines), default=0)
    account = _first(lines, range(1, width), lambda text: "@" in text or "%40" in text)
    if account is None or width < 3:
        return None
    others = [at for at in range(1, width) if at != account]
    state = _state_column(lines, others, account, words)
    last = others[-1]
    return Columns(line=0, account=account, status=state, backup=last if last != state else None)


def _trimmed(row: Row) -> Row:
    """A row without the blank cells at its end that some pages add, four cells kept."""
    end = len(row)
    while end > 4 and not row[end - 1]:
        end -= 1
    return row[:end]


def _state_column(lines: Sequence[Row], others: list[int], account: int, words: Words) -> int:
    """The column of states: one that holds their words, else codes, else the one after accounts."""

    def tells(*registrations: Registration) -> Iterator[int]:
        for at in others:
            texts = (cell(row, at) for row in lines)
            if any(understood(text, words) in registrations for text in texts):
                yield at

    by_words = list(tells(Registration.REGISTERED, Registration.UNREGISTERED))
    by_codes = list(tells(Registration.FAILED))
    for found in (by_words, by_codes):
        if len(found) == 1:
            return found[0]
    return account + 1 if account + 1 in others else others[0]


def understood(text: str, words: Words) -> Registration:
    """What a status says; a text with a time in it says nothing here (see fingerprint)."""
    return Registration.UNKNOWN if has_clock(text) else status(text, words)[0]


def _first(lines: Sequence[Row], columns: range, holds: Callable[[str], bool]) -> int | None:
    found = (at for at in columns if any(holds(cell(row, at)) for row in lines))
    return next(found, None)


def is_like_yes_or_no(text: str) -> bool:
    """Whether a cell may be a yes or a no in some language: one short word of letters, or blank."""
    return is_blank(text) or (text.isalpha() and len(text) <= _LONGEST_WORD)
