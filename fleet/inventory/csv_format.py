"""The CSV inventory: one row per line of a phone.

A phone's columns may stand in each of its rows, or in one of them; a row whose host is empty
belongs to the phone above. Where a file has the column `line`, a phone's rows are all of its
accounts. What spreadsheets make of cells is in `spreadsheets`; a line `sep=;` above the header,
tabs, and empty columns behind the last one are theirs too.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from fleet.errors import BadRow, InventoryError
from fleet.inventory.csv_rows import Rows
from fleet.inventory.entries import (
    ACCOUNT_COLUMNS,
    COLUMNS,
    SECRETS,
    InventoryFile,
)
from fleet.inventory.spreadsheets import TYPOGRAPHIC, needs_quote, unwrapped
from fleet.inventory.validate import did_you_mean, repeated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from typing import TextIO

    from fleet.model import IntendedAccount, Inventory, Phone

_DELIMITERS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(
    r"\s*+\"?sep=(?P<delimiter>[,;\t|])\"?[,;\t| ]*+(?:\r\n|\n|\r|\Z)", re.IGNORECASE
)


def parse_csv(
    text: str, *, source: str = "The file", ignore_unknown_columns: bool = False
) -> InventoryFile:
    """Read CSV text. Raises InventoryError with every bad row, numbered as a spreadsheet does."""
    if separator := _SEPARATOR_LINE.match(text):
        text = text[separator.end() :]  # a spreadsheet does not count this line as a row
    delimiter = separator["delimiter"] if separator else _delimiter(text)
    bad: list[BadRow] = []
    numbered = _numbered(text, delimiter, bad)
    header = next(((number, cells) for number, cells in numbered if any(cells)), None)
    if header is None:
        raise InventoryError(_failure(source, bad) if bad else f"{source} is empty.", bad)
    left_out = {
        place
        for place, cell in enumerate(header[1])
        if ignore_unknown_columns and _plain(cell) and _plain(cell) not in _BY_PLAIN
    }
    columns = _columns(_without(header[1], left_out), source)
    rows = Rows(columns, bad)
    for number, cells in numbered:
        if any(cell and not cell.isspace() for cell in cells):
            rows.add(number, [unwrapped(cell.strip()) for cell in _without(cells, left_out)])
    phones = tuple(rows.phones())
    bad += repeated(phones)
    if bad:
        raise InventoryError(_failure(source, bad), sorted(bad, key=_row_number))
    if not phones:
        raise InventoryError(f"{source} has a header, but no phones.")
    return InventoryFile(phones=phones)


def _without(cells: list[str], places: Collection[int]) -> list[str]:
    return [cell for place, cell in enumerate(cells) if place not in places]


def _failure(source: str, bad: Sequence[BadRow]) -> str:
    many = "1 place" if len(bad) == 1 else f"{len(bad)} places"
    return f"{source} has errors in {many}; nothing was changed."


def _row_number(row: BadRow) -> int:
    return int(row.where.removeprefix("row "))


def _delimiter(text: str) -> str:
    """The one that makes more known columns out of the first row that is not blank."""
    start = len(text) - len(text.lstrip("\r\n"))
    first = text[start : start + 10_000].splitlines()[:1]

    def known(delimiter: str) -> int:
        cells = first[0].split(delimiter) if first else []
        return sum(_plain(cell.strip().strip('"')) in _BY_PLAIN for cell in cells)

    return max(_DELIMITERS, key=known)


def _numbered(text: str, delimiter: str, bad: list[BadRow]) -> Iterator[tuple[int, list[str]]]:
    number = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            number += 1
            yield number, cells
    except csv.Error as error:
        reason = f"cannot be read from here on; look for a stray quotation mark ({error})"
        bad.append(BadRow(where=f"row {number + 1}", reason=reason))


def _plain(name: str) -> str:
    """A column's name without case, blanks, byte-order marks, hyphens and underscores."""
    return re.sub(r"[\s\ufeff_-]+", "", name.casefold())


_BY_PLAIN = {_plain(column): column for column in COLUMNS}


def _columns(header: list[str], source: str) -> list[str]:
    """The columns of a header, in its order; "" for a column without a name.

    Columns without a name behind the last one are left out: spreadsheets add such ones.
    """
    if any(map(TYPOGRAPHIC.search, header)):
        raise InventoryError(
            f"{source} has typographic quotation marks in its first row; use plain ones or none."
        )
    unknown = [cell.strip() for cell in header if _plain(cell) and _plain(cell) not in _BY_PLAIN]
    if unknown:
        named = ", ".join(f"{name[:60]!r}{did_you_mean(name, COLUMNS)}" for name in unknown)
        raise InventoryError(
            f"{source} has unknown columns in its first row: {named}; known are "
            f"{', '.join(COLUMNS)}. --ignore-unknown-columns leaves them out."
        )
    columns = [_BY_PLAIN.get(_plain(cell), "") for cell in header]
    while columns and not columns[-1]:
        columns.pop()
    doubled = sorted({name for name in columns if name and columns.count(name) > 1})
    if doubled:
        raise InventoryError(f"{source} has a column twice: {', '.join(doubled)}.")
    if "host" not in columns:
        raise InventoryError(f"{source} has no column host, which every phone needs.")
    if "line" not in columns and set(columns) & set(ACCOUNT_COLUMNS):
        raise InventoryError(f"{source} has account columns, but no column line.")
    return columns


def write_csv(inventory: Inventory, out: TextIO, *, with_secrets: bool = False) -> None:
    """Write the inventory; `out` should be open with newline="".

    Reading it back changes nothing. Passwords are left empty unless asked for. What sites have
    beyond their names, and a phone's `legacy_tls`, only YAML can say.
    """
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for phone in inventory.phones:
        writer.writerows(_rows_of(phone, with_secrets=with_secrets))


def _rows_of(phone: Phone, *, with_secrets: bool) -> Iterable[list[str]]:
    accounts: Sequence[IntendedAccount | None] = phone.accounts or (None,)
    return [
        [
            "" if name in SECRETS and not with_secrets else _cell(phone, account, name)
            for name in COLUMNS
        ]
        for account in accounts
    ]


def _cell(phone: Phone, account: IntendedAccount | None, name: str) -> str:
    value = getattr(account, name, None) if name in ACCOUNT_COLUMNS else getattr(phone, name)
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if needs_quote(name, text) else text
