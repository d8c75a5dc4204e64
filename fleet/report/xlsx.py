"""Records as an Excel workbook (the one door for XlsxWriter): typed cells, no formulas, no links.

Written row by row in XlsxWriter's constant-memory mode, so its size does not matter.
"""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from itertools import chain, count, islice
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from fleet.report.records import Record, cells_of, columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from fleet.report.records import Cell

ROWS_TO_A_SHEET = 1_048_575  # Excel's 1,048,576, the header's taken away
_LONGEST = 32_767  # characters that Excel allows in a cell
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
# What XML 1.0 cannot hold, and lone surrogates, which UTF-8 cannot.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WIDTHS = {"line": 6, "port": 7, "code": 6, "backup": 8, "lines": 6, "account": 34, "flags": 30}
_WIDTHS |= {"since": 24, "until": 24, "observed_at": 24, "registrar": 22, "detail": 60}
_WIDTHS |= {"text": 60, "check": 40, "first": 24, "last": 24, "times": 6, "name": 30, "value": 24}
_WIDTH = 16


def write_xlsx(
    records: Iterable[Record],
    kind: type[Record],
    out: BinaryIO,
    *,
    rows_to_a_sheet: int = ROWS_TO_A_SHEET,
) -> None:
    """One sheet, and further ones where a sheet is full. Times are real dates, in UTC.

    `out` need not be seekable: the workbook is made in a temporary file first.
    """
    write_book([(kind, records)], out, rows_to_a_sheet=rows_to_a_sheet)


def write_book(
    sheets: Iterable[tuple[type[Record], Iterable[Record]]],
    out: BinaryIO,
    *,
    created: datetime | None = None,
    rows_to_a_sheet: int = ROWS_TO_A_SHEET,
) -> None:
    """A sheet for each kind of records. With `created` the same records give the same bytes."""
    import xlsxwriter  # only here: a command that writes no workbook starts without it

    with TemporaryFile() as made:
        with xlsxwriter.Workbook(made, _OPTIONS) as book:
            if created is not None:
                book.set_properties({"created": created.astimezone(UTC)})
            formats = _Formats(book)
            for kind, records in sheets:
                _write_sheets(book, formats, iter(records), kind, rows_to_a_sheet)
        made.seek(0)
        shutil.copyfileobj(made, out)


class _Formats:
    """How cells look, by what they hold."""

    def __init__(self, book: Workbook) -> None:
        self.time = book.add_format({"num_format": 'yyyy-mm-dd hh:mm:ss "UTC"'})
        self.bold = book.add_format({"bold": True})
        self.share = book.add_format({"num_format": "0.00%"})


def _write_sheets(
    book: Workbook, formats: _Formats, records: Iterator[Record], kind: type[Record], rows: int
) -> None:
    names, cells = columns(kind), cells_of(kind)
    numbers = [formats.share if "share_" in name else None for name in names]
    sheets = (kind.TITLE if number == 1 else f"{kind.TITLE} {number}" for number in count(1))
    part: Iterable[Record] = islice(records, rows)
    while True:
        sheet = _new_sheet(book, next(sheets), names, formats.bold)
        last = 0
        for record in part:
            last += 1
            _write_row(sheet, last, cells(record), formats.time, numbers)
        sheet.autofilter(0, 0, last, len(names) - 1)
        following = next(records, None)
        if following is None:
            return
        part = chain((following,), islice(records, rows - 1))


def _new_sheet(book: Workbook, title: str, names: tuple[str, ...], bold: Format) -> Worksheet:
    sheet = book.add_worksheet(title)
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(names):
        sheet.set_column(column, column, _WIDTHS.get(name, _WIDTH))
    for column, name in enumerate(names):
        sheet.write_string(0, column, name, bold)
    return sheet


def _write_row(
    sheet: Worksheet,
    row: int,
    cells: tuple[Cell, ...],
    time: Format,
    numbers: Sequence[Format | None],
) -> None:
    for column, cell in enumerate(cells):
        match cell:
            case None | "":
                pass
            case str():
                text = cell if cell.isprintable() else _ILLEGAL.sub("\ufffd", cell)
                sheet.write_string(row, column, text[:_LONGEST])
            case datetime():
                moment = cell.astimezone(UTC).replace(tzinfo=None, microsecond=0)
                sheet.write_datetime(row, column, moment, time)
            case _:
                sheet.write_number(row, column, cell, numbers[column])
