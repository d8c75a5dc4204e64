"""Opening an inventory file, and saying in one sentence why it cannot be read."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from fleet.errors import InventoryError
from fleet.inventory.csv_format import parse_csv
from fleet.inventory.yaml_format import parse_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.inventory.entries import InventoryFile

_PARSERS = {".csv": parse_csv, ".yaml": parse_yaml, ".yml": parse_yaml}
_YAML_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|#[^\n]*\n|---)*[a-z]+:(?:\s|$)")
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
_SAVE_AS = "save it as UTF-8 (in a spreadsheet: CSV UTF-8)"


def read_inventory(
    path: Path, body: bytes | None = None, *, ignore_unknown_columns: bool = False
) -> InventoryFile:
    """Read a .csv, .yaml or .yml file. Raises InventoryError, with every bad row if it has any.

    `body` is what was read already, from standard input: CSV, or YAML if it begins as that.
    """
    try:
        is_stream, body = body is not None, path.read_bytes() if body is None else body
    except OSError as error:
        reason = error.strerror or str(error)
        raise InventoryError(f"The file {path} cannot be read: {reason}.") from None
    if body.startswith(_SPREADSHEETS):
        raise InventoryError(f"The file {path} is a spreadsheet's own format; save it as CSV.")
    suffix = path.suffix.lower()
    if is_stream:
        suffix = ".yaml" if _YAML_BEGINS.match(body) else ".csv"
    parse = _PARSERS.get(suffix)
    if parse is parse_csv:
        parse = partial(parse_csv, ignore_unknown_columns=ignore_unknown_columns)
    if parse is None:
        raise InventoryError(f"The file {path} must be named .csv, .yaml or .yml.")
    return parse(_decode(body, path), source=f"The file {path}")


def _decode(body: bytes, path: Path) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise InventoryError(
            f"The file {path} is not UTF-8 text (see line {line}); {_SAVE_AS}."
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InventoryError(f"The file {path} is not text (see line {line}); {_SAVE_AS}.")
    return text
