"""The export formats. A format is a function in a table: to add one, name it in `FORMATS`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from fleet.report.neutral import neutral
from fleet.report.records import Record, cells_of, columns, iso, json_maker
from fleet.report.xlsx import write_xlsx

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.report.records import Cell

Writer: TypeAlias = Callable[[Iterable[Record], type[Record], BinaryIO], None]


def write_csv(records: Iterable[Record], kind: type[Record], out: BinaryIO) -> None:
    """RFC 4180 in UTF-8. A text that a spreadsheet would run as a formula gets a `'` before it."""
    text = io.TextIOWrapper(out, encoding="utf-8", errors="replace", newline="")
    cells = cells_of(kind)
    try:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(columns(kind))
        writer.writerows([_csv_cell(cell) for cell in cells(record)] for record in records)
    finally:
        text.detach()  # else `out`, which is not ours, is closed with the wrapper


def _csv_cell(cell: Cell) -> str | int | float | None:
    if isinstance(cell, str):
        return neutral(cell)
    return iso(cell) if isinstance(cell, datetime) else cell


def write_json(records: Iterable[Record], kind: type[Record], out: BinaryIO) -> None:
    """One JSON array in UTF-8, an object to a line, with the columns' names."""
    encode, as_object = json.JSONEncoder(ensure_ascii=False).encode, json_maker(kind)
    before = "[\n"
    for record in records:
        out.write(f"{before}{encode(as_object(record))}".encode("utf-8", "replace"))
        before = ",\n"
    out.write(b"\n]\n" if before == ",\n" else b"[]\n")


FORMATS: Mapping[str, Writer] = {"csv": write_csv, "json": write_json, "xlsx": write_xlsx}
