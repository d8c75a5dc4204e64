"""The CSV inventory: what is taken, and what is refused by row."""

from __future__ import annotations

import io

import pytest

from fleet.errors import InventoryError
from fleet.inventory import (
    COLUMNS,
    UNSAID,
    AccountEntry,
    InventoryFile,
    PhoneEntry,
    parse_csv,
    write_csv,
)
from fleet.model import IntendedAccount, Inventory, Phone


def refused(text: str) -> list[str]:
    with pytest.raises(InventoryError) as caught:
        parse_csv(text)
    return [str(row) for row in caught.value.bad_rows]


def message(text: str) -> str:
    with pytest.raises(InventoryError) as caught:
        parse_csv(text)
    assert not caught.value.bad_rows
    return str(caught.value)


def only(file: InventoryFile) -> PhoneEntry:
    (phone,) = file.phones
    return phone


def test_a_list_of_hosts_is_enough() -> None:
    file = parse_csv("host\n10.0.0.1\n10.0.0.2:8080\n")
    assert file.phones == (
        PhoneEntry(where="row 2", host="10.0.0.1"),
        PhoneEntry(where="row 3", host="10.0.0.2:8080"),
    )


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_comma_or_semicolon_and_any_line_end(delimiter: str, end: str) -> None:
    text = "host,name\n10.0.0.1,A\n10.0.0.2,B\n".replace(",", delimiter).replace("\n", end)
    assert [phone.name for phone in parse_csv(text).phones] == ["A", "B"]


def test_a_semicolon_in_a_comma_file_is_a_text() -> None:
    assert only(parse_csv("host,name\n10.0.0.1,a;b\n")).name == "a;b"


def test_headers_may_stand_in_any_order_case_and_spacing() -> None:
    file = parse_csv("Backup Registrar Port, LINE ,Host,sip-password\n5070,1,10.0.0.1,s3\n")
    (account,) = only(file).accounts  # type: ignore[misc]
    assert (account.backup_registrar_port, account.sip_password) == (5070, "s3")


def test_all_columns_are_read() -> None:
    row = "B,10.0.0.1,00085d126411,6753i,R,admin,22,1,1001,a1,p1,Ann,pbx.example,5060,b.example,0"
    assert only(parse_csv(f"{','.join(COLUMNS)}\n{row}\n")) == PhoneEntry(
        where="row 2",
        site="B",
        host="10.0.0.1",
        mac="00:08:5D:12:64:11",
        model="6753i",
        name="R",
        username="admin",
        password="22",
        accounts=(
            AccountEntry(
                where="row 2",
                line=1,
                user="1001",
                auth_name="a1",
                sip_password="p1",
                display_name="Ann",
                registrar="pbx.example",
                registrar_port=5060,
                backup_registrar="b.example",
                backup_registrar_port=0,
            ),
        ),
    )


def test_leading_zeros_stay() -> None:
    (account,) = only(parse_csv("host,line,user\n10.0.0.1,01,0012\n")).accounts  # type: ignore[misc]
    assert (account.line, account.user) == (1, "0012")


@pytest.mark.parametrize(
    "rows",
    [
        "10.0.0.1,A,1,1001\n10.0.0.1,A,2,1002\n",
        "10.0.0.1,A,1,1001\n10.0.0.1,,2,1002\n",
        "10.0.0.1,A,1,1001\n,,2,1002\n",
        "10.0.0.1,A,,\n,,1,1001\n,,2,1002\n",
        "10.0.0.1,,1,1001\n10.0.0.1,A,2,1002\n",
    ],
)
def test_a_phones_columns_may_repeat_or_be_given_once(rows: str) -> None:
    phone = only(parse_csv("host,name,line,user\n" + rows))
    assert phone.name == "A"
    assert [(a.line, a.user) for a in phone.accounts] == [(1, "1001"), (2, "1002")]  # type: ignore[union-attr]


def test_rows_of_one_phone_need_not_be_neighbours() -> None:
    file = parse_csv("host,line\n10.0.0.1,1\n10.0.0.2,1\n10.0.0.1,2\n")
    assert [len(phone.accounts) for phone in file.phones] == [2, 1]  # type: ignore[arg-type]


def test_rows_that_contradict_each_other_are_refused() -> None:
    assert refused("host,name,password,line\n10.0.0.1,A,p1,1\n10.0.0.1,B,p2,2\n") == [
        "row 3: name 'B' differs from that in row 2, for the same host",
        "row 3: password differs from that in row 2, for the same host",
    ]


def test_every_bad_row_is_named() -> None:
    text = (
        "host,mac,line,registrar_port\n"
        "10.0.0.300,,,\n"
        "10.0.0.1,nonsense,,\n"
        "10.0.0.2,,0,\n"
        "10.0.0.3,,1,65536\n"
        "10.0.0.4,,,5060\n"
        "10.0.0.5,,100,\n"
    )
    assert refused(text) == [
        "row 2: host '10.0.0.300': not an IPv4 address; it has four numbers from 0 to 255",
        "row 3: mac 'nonsense': not a MAC address; write it as 00:08:5D:12:64:11",
        "row 4: line '0': must be from 1 to 99",
        "row 5: registrar_port '65536': must be from 0 to 65535",
        "row 6: line is missing",
        "row 7: line '100': must be from 1 to 99",
    ]


def test_row_numbers_are_the_spreadsheets_even_after_blank_rows_and_quoted_newlines() -> None:
    text = '\nhost,name\n10.0.0.1,"two\nlines"\n,\n\n10.0.0.300,x\n'
    assert [row.split(":")[0] for row in refused(text)] == ["row 3", "row 6"]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("10.0.0.1,,\n10.0.0.1,,\n", "row 3: host 10.0.0.1 is already in row 2"),
        ("10.0.0.1,,1\n10.0.0.1,,1\n", "row 3: line 1 of 10.0.0.1 is already in row 2"),
        ("10.0.0.1,,1\n10.0.0.1,,\n", "row 3: host 10.0.0.1 is already in row 2"),
        (
            "10.0.0.1,00085D000001,\n10.0.0.2,00-08-5d-00-00-01,\n",
            "row 3: mac 00:08:5D:00:00:01 is already in row 2, for another host",
        ),
        ("PHONE.example,,\nphone.EXAMPLE.,,\n", "row 3: host phone.example is already in row 2"),
        ("10.0.0.1,,\n,,\n,00085D000001,\n", "row 4: host is missing"),
        (",,1\n", "row 2: host is missing"),
        ("10.0.0.1,\n", "row 2: has 2 cells, but the first row has 3"),
        (
            "10.0.0.1,,1,x\n",
            "row 2: has a value in a column without a name; is a cell unquoted?",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(rows: str, reason: str) -> None:
    assert refused("host,mac,line\n" + rows) == [reason]


def test_a_bad_rows_followers_are_not_blamed() -> None:
    assert refused("host,line\nbad host,1\n,2\n,3\n")[1:] == []


def test_cells_beyond_the_header_may_be_empty() -> None:
    assert only(parse_csv("host,name,\n10.0.0.1,A,,,\n")).name == "A"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("host,name\n", "no phones"),
        ("hots,name\n10.0.0.1,x\n", "'hots' (did you mean host?)"),
        ("host,colour\n10.0.0.1,x\n", "'colour'"),
        ("name\nx\n", "no column host"),
        ("10.0.0.1\n10.0.0.2\n", "unknown columns"),
        ("host,Host\n10.0.0.1,10.0.0.1\n", "a column twice: host"),
        ("host,user\n10.0.0.1,1001\n", "no column line"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_told_in_a_sentence(text: str, told: str) -> None:
    assert told in message(text)


@pytest.mark.parametrize("char", ["\n", "\t", "\x1b", "\u2028", "\u202e", "\u200b"])
def test_control_characters_are_refused(char: str) -> None:
    (reason,) = refused(f'host,name\n10.0.0.1,"a{char}b"\n')
    assert f"U+{ord(char):04X}" in reason


def test_too_long_a_value_is_refused() -> None:
    assert refused(f"host,name\n10.0.0.1,{'x' * 256}\n")[0].endswith("longer than 255 characters")


@pytest.mark.parametrize("rest", ['"a"b', '"never closed'])
def test_stray_quotation_marks_are_found(rest: str) -> None:
    (reason,) = refused(f"host,name\n10.0.0.1,A\n10.0.0.2,{rest}\n10.0.0.3,x\n")
    assert reason.startswith("row 3: cannot be read from here on")


def test_a_bad_secret_is_not_shown() -> None:
    (reason,) = refused('host,password\n10.0.0.1,"hush\x07"\n')
    assert "hush" not in reason


def test_absent_columns_are_unsaid_and_empty_cells_clear() -> None:
    phone = only(parse_csv("host,name,mac,password\n10.0.0.1,,,\n"))
    assert phone.site is UNSAID
    assert phone.accounts is UNSAID
    assert phone.name == ""
    assert phone.mac is UNSAID
    assert phone.password is UNSAID


def test_an_empty_line_column_says_that_there_are_no_accounts() -> None:
    assert only(parse_csv("host,line\n10.0.0.1,\n")).accounts == ()


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("'=x", "=x"),
        ("'+49", "+49"),
        ("''x", "'x"),
        ("'x", "'x"),
        ("+49", "+49"),
        ("'", "'"),
    ],
)
def test_an_exports_quote_against_formulas_is_undone(cell: str, value: str) -> None:
    assert only(parse_csv(f"host,name\n10.0.0.1,{cell}\n")).name == value


def exported(inventory: Inventory, *, with_secrets: bool = False) -> str:
    out = io.StringIO(newline="")
    write_csv(inventory, out, with_secrets=with_secrets)
    return out.getvalue()


PHONE = Phone(
    host="10.0.0.1",
    name="=cmd",
    password="webpass",
    accounts=(IntendedAccount(line=1, user="1001", sip_password="sippass"),),
)


def test_an_export_holds_secrets_only_if_asked() -> None:
    inventory = Inventory(phones=(PHONE,))
    assert "pass," not in exported(inventory)
    assert "webpass" in exported(inventory, with_secrets=True)
    assert "sippass" in exported(inventory, with_secrets=True)


def test_an_export_has_no_formulas() -> None:
    assert "'=cmd" in exported(Inventory(phones=(PHONE,)))


def test_many_rows_are_taken() -> None:
    rows = (f"10.{n >> 16}.{n >> 8 & 255}.{n & 255},{n}" for n in range(20_000))
    assert len(parse_csv("host,name\n" + "\n".join(rows)).phones) == 20_000
