"""What spreadsheets do to a table."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import InventoryError
from fleet.inventory import COLUMNS, AccountEntry, PhoneEntry, parse_csv, write_csv
from fleet.inventory.spreadsheets import needs_quote, text_of
from fleet.model import IntendedAccount, Inventory, Phone


def _only(text: str) -> PhoneEntry:
    (phone,) = parse_csv(text).phones
    return phone


def _account(text: str) -> AccountEntry:
    accounts = _only(text).accounts
    assert isinstance(accounts, tuple)
    return accounts[0]


def _refused(text: str) -> list[str]:
    with pytest.raises(InventoryError) as caught:
        parse_csv(text)
    return [str(row) for row in caught.value.bad_rows]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "sep=;;;", "\ufeffsep=;"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_separator_line_is_no_row_and_chooses_the_delimiter(first: str, end: str) -> None:
    text = f"{first}\nhost;name\n10.1.0.21;a,b\nnonsense!;x\n".lstrip("\ufeff").replace("\n", end)
    assert _refused(text) == ["row 3: host 'nonsense!': " + _HOST]
    assert _only(text.replace(f"nonsense!;x{end}", "")).name == "a,b"


_HOST = "not a host name; a host name has only letters, digits, - and ."


def test_a_table_with_tabs_is_read() -> None:
    assert _only("host\tmac\tname\n10.1.0.21\t00085D126411\tdesk, left\n").name == "desk, left"


def test_empty_columns_and_rows_behind_the_table_do_not_matter() -> None:
    assert _only("host,name,,,\n10.1.0.21,A\n,,,,\n\u00a0,,\n").name == "A"


@pytest.mark.parametrize("cell", ['"=""0012"""', "'0012", "\u20190012", "\u00a00012\u00a0"])
def test_what_marks_a_text_is_taken_away(cell: str) -> None:
    assert _account(f"host,line,user\n10.1.0.21,1,{cell}\n").user == "0012"


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("user", "1001.0", "decimal number"),
        ("auth_name", '"1001,0"', "decimal number"),
        ("sip_password", "48151623.0", "decimal number"),
        ("model", "6930.0", "decimal number"),
        ("user", '"1,001"', "separators"),
        ("auth_name", '"4,930,123"', "separators"),
        ("mac", "1.40009E+11", "rounded"),
        ("mac", '"1,40009E+11"', "rounded"),
        ("user", "4.93012E+12", "rounded"),
        ("password", "1.23457E+11", "rounded"),
        ("user", "02. Jan", "date"),
        ("user", "2-Jan", "date"),
        ("auth_name", "Mar-26", "date"),
        ("user", "2026-01-02 00:00:00", "date"),
        ("user", "1/2/2026", "date"),
        ("user", "TRUE", "truth value"),
        ("auth_name", "FALSCH", "truth value"),
        ("name", "#REF!", "error of a spreadsheet's formula"),
        ("registrar", "#N/A", "error of a spreadsheet's formula"),
        ("mac", "85D126411", "drops leading zeros"),
        ("mac", "8512641100", "drops leading zeros"),
        ("model", "\u201c6753i\u201d", "typographic"),
        ("user", "10\u00a001", "no-break space"),
        ("registrar", "sip:pbx.example.com", "has no scheme"),
        ("registrar", "SIPS:pbx.example.com:5061", "has no scheme"),
        ("backup_registrar", "https://pbx.example.com", "has no scheme"),
        ("registrar", "1001@pbx.example.com", "has no user"),
        ("registrar", "pbx.example.com;transport=tcp", "only an address"),
        ("user", "sip:1001", "has no scheme"),
        ("user", "<sip:1001@pbx.example.com>", "has no scheme"),
        ("auth_name", "tel:+4930123", "has no scheme"),
        ("registrar", "<sip:pbx.example.com>", "has no scheme"),
        ("registrar", "[2001:db8::5]:5060", "registrar_port"),
    ],
)
def test_what_is_damaged_is_refused_with_the_reason(column: str, cell: str, reason: str) -> None:
    (row,) = _refused(f"host,line,{column}\n10.1.0.21,1,{cell}\n")
    assert row.startswith(f"row 2: {column}")
    assert reason in row
    assert column not in ("password", "sip_password") or cell not in row


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("mac", "1400E9111114"),
        ("mac", "1400E9000000"),
        ("user", "1.001"),
        ("user", "may"),
        ("user", "telefon"),
        ("display_name", "1,001"),
        ("registrar", "10.2.2026.example"),
        ("display_name", "2-Jan"),
        ("name", "TRUE"),
        ("name", "\u201cBoss\u201d"),
        ("name", "'t Hooft"),
        ("sip_password", "'0012"),
        ("model", "6753i"),
    ],
)
def test_what_only_looks_so_is_taken(column: str, cell: str) -> None:
    assert text_of(column, cell) == cell
    assert not needs_quote(column, cell) or cell.startswith("'")


def test_typographic_quotation_marks_in_the_header_are_named() -> None:
    with pytest.raises(InventoryError, match="typographic quotation marks in its first row"):
        parse_csv("\u201chost\u201d,\u201cname\u201d\n10.1.0.21,x\n")


def test_a_value_that_looks_damaged_survives_an_export() -> None:
    phone = Phone(
        host="10.1.0.21",
        model="\u00ab",
        password="123456.0",
        accounts=(IntendedAccount(line=1, user="1001.0", auth_name="TRUE"),),
    )
    out = io.StringIO(newline="")
    write_csv(Inventory(phones=(phone,)), out, with_secrets=True)
    read = _only(out.getvalue())
    assert (read.model, read.password) == ("\u00ab", "123456.0")
    assert _account(out.getvalue()).user == "1001.0"
    assert _account(out.getvalue()).auth_name == "TRUE"


@given(
    st.sampled_from(COLUMNS),
    st.text("01.,E+-'=\u2019\u201c\u00a0#RFTUx", max_size=12) | st.text(max_size=20),
)
def test_a_text_is_read_back_as_it_was_exported(column: str, text: str) -> None:
    assert text_of(column, f"'{text}" if needs_quote(column, text) else text) == text


@given(st.text("host,;\t\"'=sep\n\r\ufeff10.", max_size=60))
def test_no_table_makes_the_reader_fail(text: str) -> None:
    with contextlib.suppress(InventoryError):
        parse_csv(text)
