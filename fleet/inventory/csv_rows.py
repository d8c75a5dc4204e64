"""Rows of a CSV inventory gathered into phones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fleet.errors import BadRow
from fleet.inventory.entries import (
    ACCOUNT_COLUMNS,
    PHONE_COLUMNS,
    SECRETS,
    UNSAID,
    AccountEntry,
    PhoneEntry,
    Unsaid,
)
from fleet.inventory.spreadsheets import text_of
from fleet.inventory.validate import read_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet.inventory.validate import Value

_OWN_COLUMNS = tuple(name for name in PHONE_COLUMNS if name != "host")
_OF_ACCOUNT = tuple(name for name in ACCOUNT_COLUMNS if name != "line")


@dataclass(kw_only=True, slots=True)
class _Gathered:
    """A phone's rows so far: each column's value, and the row that gave it."""

    row: int
    host: str
    values: dict[str, Value | Unsaid] = field(default_factory=dict)
    given_in: dict[str, int] = field(default_factory=dict)
    accounts: list[AccountEntry] = field(default_factory=list)


class Rows:
    """Takes a file's rows one by one; what cannot be taken goes to `bad`, by row and column."""

    def __init__(self, columns: Sequence[str], bad: list[BadRow]) -> None:
        self._at = {name: index for index, name in enumerate(columns) if name}
        self._nameless = [index for index, name in enumerate(columns) if not name]
        self._width = len(columns)
        self._own = [name for name in _OWN_COLUMNS if name in self._at]
        self._of_account = [name for name in _OF_ACCOUNT if name in self._at]
        self._bad = bad
        self._phones: dict[str, _Gathered] = {}
        self._above: _Gathered | None = None

    def add(self, number: int, cells: list[str]) -> None:
        """Take one row that is not blank. `number` is what a spreadsheet shows beside it."""
        phone = self._phone(number, cells) if self._fits(number, cells) else None
        # Rows that follow a bad one without a host belong to it: only its own fault is reported.
        self._above = phone or _Gathered(row=number, host="")
        if phone is None:
            return
        for name in self._own:
            self._take(phone, name, self._value(number, name, cells), number)
        self._take_line(phone, number, cells)

    def phones(self) -> Iterator[PhoneEntry]:
        """The phones, in the order in which the file first names them."""
        for phone in self._phones.values():
            values: dict[str, Any] = phone.values
            yield PhoneEntry(
                where=f"row {phone.row}",
                host=phone.host,
                accounts=tuple(phone.accounts) if "line" in self._at else UNSAID,
                **values,
            )

    def _fits(self, number: int, cells: list[str]) -> bool:
        if len(cells) < self._width:
            self._refuse(number, f"has {len(cells)} cells, but the first row has {self._width}")
            return False
        if any(cells[self._width :]) or any(cells[index] for index in self._nameless):
            self._refuse(number, "has a value in a column without a name; is a cell unquoted?")
            return False
        return True

    def _phone(self, number: int, cells: list[str]) -> _Gathered | None:
        if not cells[self._at["host"]]:
            return self._phone_above(number, cells)
        host = self._value(number, "host", cells)
        if not isinstance(host, str):
            return None
        known = self._phones.get(host)
        if known is not None and not self._has_account(cells):
            self._refuse(number, f"host {host} is already in row {known.row}")
            return None
        return known or self._phones.setdefault(host, _Gathered(row=number, host=host))

    def _phone_above(self, number: int, cells: list[str]) -> _Gathered | None:
        if self._above is None or not self._has_account(cells):
            self._refuse(number, "host is missing")
            return None
        return self._above

    def _has_account(self, cells: list[str]) -> bool:
        return "line" in self._at and bool(
            cells[self._at["line"]] or any(cells[self._at[name]] for name in self._of_account)
        )

    def _take(self, phone: _Gathered, name: str, value: Value | Unsaid, number: int) -> None:
        """Keep a phone's value; its rows may leave it out, but not contradict each other."""
        first = phone.given_in.get(name)
        if first is not None:
            if value not in ("", UNSAID, phone.values[name]):
                shown = "" if name in SECRETS else f" {value!r}"
                reason = f"{name}{shown} differs from that in row {first}, for the same host"
                self._refuse(number, reason)
            return
        phone.values[name] = value
        if value not in ("", UNSAID):
            phone.given_in[name] = number

    def _take_line(self, phone: _Gathered, number: int, cells: list[str]) -> None:
        if not self._has_account(cells):
            return
        if not cells[self._at["line"]]:
            self._refuse(number, "line is missing")
            return
        line = self._value(number, "line", cells)
        values: dict[str, Any] = {
            name: self._value(number, name, cells) for name in self._of_account
        }
        if isinstance(line, int):
            phone.accounts.append(AccountEntry(where=f"row {number}", line=line, **values))

    def _value(self, number: int, name: str, cells: list[str]) -> Value | Unsaid:
        text = cells[self._at[name]]
        try:
            return read_value(name, text_of(name, text))
        except ValueError as error:
            shown = "" if name in SECRETS else f" {text[:80]!r}"
            self._refuse(number, f"{name}{shown}: {error}")
            return UNSAID

    def _refuse(self, number: int, reason: str) -> None:
        self._bad.append(BadRow(where=f"row {number}", reason=reason))
