"""The SIP status table: found by structure, told from its look-alikes, read line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.errors import PageUnreadable
from fleet.model import Reason, Registration
from fleet.phone.pages.cells import backup_used, is_blank, read_line
from fleet.phone.pages.columns import (
    Columns,
    by_content,
    cell,
    headed,
    is_like_yes_or_no,
    understood,
)
from fleet.phone.pages.text import label
from fleet.phone.pages.words import HEADINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet.model import Line
    from fleet.phone.pages.grid import Table
    from fleet.phone.pages.lxml_reader import Page
    from fleet.phone.pages.words import Words


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    """A table that may be the SIP table, and where its columns are.

    `numbered` are the rows that are a line's, with the line's number; `others` the rest.
    """

    table: Table
    columns: Columns
    numbered: Sequence[tuple[int, Sequence[str]]]
    others: Sequence[Sequence[str]]

    @classmethod
    def of(cls, table: Table, columns: Columns, words: Words) -> _Candidate:
        """Sort a table's rows."""
        numbered, others = [], []
        for row in table.rows:
            number = columns.number(row, words)
            if number is None:
                others.append(row)
            else:
                numbered.append((number, row))
        return cls(table=table, columns=columns, numbered=numbered, others=others)

    @property
    def width(self) -> int:
        """How many columns the widest row has."""
        return max(map(len, self.table.rows), default=0)


def read_lines(page: Page, words: Words) -> tuple[Line, ...] | None:
    """The lines of the page's SIP table; None when it has no such table.

    A table with understood headers is the SIP table, even without a row. Without headers it is
    one whose rows look like lines. Raises PageUnreadable when the table is cut off, or when the
    page contradicts itself: never fewer lines than the page has, and none that it has not.
    """
    chosen = _choose(page, words)
    if chosen is None:
        return None
    tables = []
    for candidate in chosen:
        if not page.source.holds_whole(candidate.table.ordinal, page.count):
            raise PageUnreadable(Reason.TRUNCATED, "The page ends in the middle of the SIP table.")
        tables.append(_lines_of(candidate, words))
    return _united(tables)


def _choose(page: Page, words: Words) -> list[_Candidate] | None:
    with_headers, headless = [], []
    for table in page.tables:
        if columns := headed(table.rows, words):
            with_headers.append(_Candidate.of(table, columns, words))
        else:
            headless.append(table)
    filled = _without_other_lists([one for one in with_headers if one.numbered], words)
    alike = list(_alike(headless, page, words))
    if filled:
        return [*filled, *(one for one in alike if _has_more_lines(one, filled, words))]
    if with_headers and alike:
        return _under_headers_apart(with_headers[0], alike, words)
    if alike and page.source.is_cut:
        raise PageUnreadable(Reason.TRUNCATED, "The page ends before a SIP table with headers.")
    known = [one for one in alike if _is_understood(one, words)]
    return with_headers or known or alike or None


def _under_headers_apart(
    headers: _Candidate, alike: list[_Candidate], words: Words
) -> list[_Candidate]:
    """Rows whose headers stand in a table of their own."""
    rows = [
        _Candidate.of(one.table, headers.columns, words)
        for one in alike
        if one.width == headers.width
    ]
    rows = [one for one in rows if _is_understood(one, words)]
    if len(rows) != len(alike):
        raise PageUnreadable(
            Reason.CONTRADICTORY,
            "The SIP table is empty, but another table holds what may be lines.",
        )
    return rows


def _alike(headless: Sequence[Table], page: Page, words: Words) -> Iterable[_Candidate]:
    """Tables without known headers whose rows look like lines."""
    for table in headless:
        columns = by_content(table.rows, words)
        if columns is None:
            continue
        candidate = _Candidate.of(table, columns, words)
        if _is_believable(candidate, page, words):
            yield candidate


def _is_believable(candidate: _Candidate, page: Page, words: Words) -> bool:
    """Whether rows without known headers are lines, and not a call log or a directory.

    Where the states are understood the table speaks for itself, once its last column can be the
    backup's or the page has the section's heading. Where they are not, nothing but the usual
    order of columns on a page of these phones will do.
    """
    columns, rows = candidate.columns, candidate.numbered
    if columns.backup is None:
        has_heading = any(label(run) in HEADINGS for run in page.runs)
        return _has_word(candidate, words) or (has_heading and _is_understood(candidate, words))
    if not all(is_like_yes_or_no(cell(row, columns.backup)) for _, row in rows):
        return _is_understood(candidate, words) and _has_word(candidate, words)
    if _is_understood(candidate, words) and _knows_backup(candidate, words):
        return True
    in_order = (columns.account, columns.status, columns.backup) == (1, 2, 3)
    return in_order and (page.source.names_the_maker or _has_labels(page, words))


def _without_other_lists(filled: list[_Candidate], words: Words) -> list[_Candidate]:
    """Leave out lists of another thing by line and account, say of who does not want calls.

    They have no column of backups, which the SIP table beside them has, and no state in them.
    """
    if not any(one.columns.backup is not None for one in filled):
        return filled
    return [one for one in filled if one.columns.backup is not None or _is_understood(one, words)]


def _has_more_lines(candidate: _Candidate, filled: Sequence[_Candidate], words: Words) -> bool:
    """Whether a table without headers can be nothing but more lines, beside one with headers."""
    if not _knows_backup(candidate, words):
        return False
    known = {number for one in filled for number, _ in one.numbered}
    numbers = {number for number, _ in candidate.numbered}
    others = known.isdisjoint(numbers) and _is_understood(candidate, words)
    return others or _has_word(candidate, words)


def _knows_backup(candidate: _Candidate, words: Words) -> bool:
    column = candidate.columns.backup
    return any(backup_used(cell(row, column), words) is not None for _, row in candidate.numbered)


def _has_labels(page: Page, words: Words) -> bool:
    return any(label(run) in words.labels for run in page.runs)


def _is_understood(candidate: _Candidate, words: Words) -> bool:
    """Whether at least one state is."""
    return any(
        understood(cell(row, candidate.columns.status), words) is not Registration.UNKNOWN
        for _, row in candidate.numbered
    )


def _has_word(candidate: _Candidate, words: Words) -> bool:
    said = (Registration.REGISTERED, Registration.UNREGISTERED)
    return any(
        understood(cell(row, candidate.columns.status), words) in said
        for _, row in candidate.numbered
    )


def _lines_of(candidate: _Candidate, words: Words) -> dict[int, Line]:
    columns, table = candidate.columns, candidate.table
    if table.loose or any(_tells_of_a_line(row, columns, words) for row in candidate.others):
        raise PageUnreadable(
            Reason.NO_TABLE, "The SIP table has a row whose line number cannot be read."
        )
    lines: dict[int, Line] = {}
    for number, row in candidate.numbered:
        line = read_line(
            number,
            cell(row, columns.account),
            cell(row, columns.status),
            cell(row, columns.backup),
            words,
        )
        if lines.setdefault(number, line) != line:
            raise PageUnreadable(
                Reason.CONTRADICTORY, f"The SIP table says two different things of line {number}."
            )
    return lines


def _tells_of_a_line(row: Sequence[str], columns: Columns, words: Words) -> bool:
    """Whether a row without a number tells of an account or a state."""
    account, state = cell(row, columns.account), cell(row, columns.status)
    if "@" in account and not is_blank(account):
        return True
    return understood(state, words) is not Registration.UNKNOWN


def _united(tables: Sequence[dict[int, Line]]) -> tuple[Line, ...]:
    """The lines of all tables, which must say the same or tell of different lines."""
    lines = dict(tables[0])
    for other in tables[1:]:
        if lines == other:
            continue
        if not lines.keys().isdisjoint(other):
            raise PageUnreadable(Reason.CONTRADICTORY, "The page has two SIP tables that disagree.")
        lines |= other
    return tuple(lines.values())
