"""Every format says the same; no spreadsheet runs a cell; memory stays flat."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.model import Reach, Registration
from fleet.report import (
    FORMATS,
    HistoryRecord,
    LineRecord,
    PhoneRecord,
    Record,
    columns,
    json_object,
    write_xlsx,
    yes_or_no,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NOON = datetime(2024, 5, 1, 12, 0, 0, 999_999, tzinfo=UTC)
FULL = LineRecord(
    site="Berlin",
    phone="Reception",
    mac="00:08:5D:12:64:11",
    host="10.0.0.1",
    model="6753i",
    firmware="3.3.1.4365",
    reach=Reach.OK,
    line=1,
    account="1001@pbx.example:5060",
    user="1001",
    registrar="pbx.example",
    port=5060,
    state=Registration.FAILED,
    code=401,
    backup=yes_or_no(False),
    status_text="401",
    since=NOON,
    observed_at=NOON.astimezone(timezone(timedelta(hours=2))),
    flags="line-failed line-on-backup",
)


def written(name: str, records: Iterable[Record], kind: type[Record] = LineRecord) -> bytes:
    out = io.BytesIO()
    FORMATS[name](records, kind, out)
    return out.getvalue()


def csv_rows(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode(), newline="")))


def sheet_rows(body: bytes, title: str = "lines") -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(io.BytesIO(body))[title].iter_rows(values_only=True))


def test_the_columns_of_lines_are_the_contracts() -> None:
    assert ",".join(columns(LineRecord)) == (
        "site,phone,mac,host,model,firmware,reach,reason,line,account,user,registrar,port,state,"
        "code,backup,status_text,since,observed_at,flags"
    )


def test_csv_is_rfc_4180() -> None:
    odd = LineRecord(phone='a "quoted", name', status_text="two\nlines")
    body = written("csv", [FULL, odd])
    assert body.count(b"\r\n") == 3
    assert not body.startswith(b"\xef\xbb\xbf")
    header, first, second = csv_rows(body)
    assert tuple(header) == columns(LineRecord)
    assert dict(zip(header, first, strict=True)) | {"phone": "", "firmware": ""} == {
        "site": "Berlin",
        "phone": "",
        "mac": "00:08:5D:12:64:11",
        "host": "10.0.0.1",
        "model": "6753i",
        "firmware": "",
        "reach": "ok",
        "reason": "",
        "line": "1",
        "account": "1001@pbx.example:5060",
        "user": "1001",
        "registrar": "pbx.example",
        "port": "5060",
        "state": "failed",
        "code": "401",
        "backup": "no",
        "status_text": "401",
        "since": "2024-05-01T12:00:00+00:00",
        "observed_at": "2024-05-01T12:00:00+00:00",
        "flags": "line-failed line-on-backup",
    }
    assert (second[1], second[16]) == (odd.phone, odd.status_text)


def test_json_has_numbers_nulls_and_texts() -> None:
    (full, empty) = json.loads(written("json", [FULL, LineRecord()]))
    assert list(full) == list(columns(LineRecord))
    assert (full["line"], full["code"], full["backup"]) == (1, 401, "no")
    assert (full["state"], full["reason"]) == ("failed", None)
    assert full["since"] == "2024-05-01T12:00:00+00:00"
    assert {name for name, value in empty.items() if value is not None} == {"flags"}
    assert empty["flags"] == ""
    assert json_object(FULL) == full


@pytest.mark.parametrize("kind", [LineRecord, PhoneRecord, HistoryRecord])
def test_no_records_are_a_document_all_the_same(kind: type[Record]) -> None:
    assert json.loads(written("json", [], kind)) == []
    assert csv_rows(written("csv", [], kind)) == [list(columns(kind))]
    assert sheet_rows(written("xlsx", [], kind), kind.TITLE) == [columns(kind)]


def test_xlsx_cells_have_types() -> None:
    header, row = sheet_rows(written("xlsx", [FULL]))
    cells = dict(zip(header, row, strict=True))
    assert cells["line"] == 1
    assert cells["since"] == cells["observed_at"] == datetime(2024, 5, 1, 12, 0, 0)  # noqa: DTZ001
    assert cells["user"] == "1001"
    assert cells["reason"] is None
    assert cells["state"] == "failed"


def test_xlsx_is_ready_to_work_with() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(written("xlsx", [FULL])))["lines"]
    assert sheet["A1"].font.bold
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:T2"
    assert sheet.column_dimensions["J"].width > 30
    assert "UTC" in sheet["R2"].number_format


FORMULAS = [
    "=1+1",
    "+49301234",
    "-2+3",
    "@SUM(A1)",
    "  =1+1",
    "\t=1",
    "\rx",
    "\nx",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
    "\xa0=1",
    "\u200b=1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_csv_cells_are_never_formulas(text: str) -> None:
    _, row = csv_rows(written("csv", [LineRecord(phone=text)]))
    assert row[1] == f"'{text}"


@pytest.mark.parametrize("text", ["1001", "a=b", "401 - Unregistered", "x@y", "'quoted'", ""])
def test_harmless_csv_cells_are_left_alone(text: str) -> None:
    _, row = csv_rows(written("csv", [LineRecord(phone=text)]))
    assert row[1] == text


@pytest.mark.parametrize("text", [*FORMULAS, "{=1}", "http://example.com", "internal:A1"])
def test_xlsx_texts_are_texts(text: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", [LineRecord(phone=text)])))
    cell = book["lines"]["B2"]
    assert cell.data_type == "s"
    assert cell.hyperlink is None


def test_a_numeric_column_may_be_negative() -> None:
    assert csv_rows(written("csv", [HistoryRecord(seconds=-5)], HistoryRecord))[1][-1] == "-5"


@given(text=st.text(st.characters(exclude_categories=())))
@settings(max_examples=60, deadline=None)
def test_any_text_can_be_written(text: str) -> None:
    record = LineRecord(line=1, phone=text, status_text=text)
    csv_rows(written("csv", [record]))
    json.loads(written("json", [record]))
    assert len(sheet_rows(written("xlsx", [record]))) == 2


def test_a_text_longer_than_a_cell_is_cut_in_xlsx() -> None:
    (_, row) = sheet_rows(written("xlsx", [LineRecord(phone="x" * 40_000)]))
    assert row[1] == "x" * 32_767


def test_a_full_sheet_is_followed_by_another() -> None:
    out = io.BytesIO()
    write_xlsx((LineRecord(line=n) for n in range(7)), LineRecord, out, rows_to_a_sheet=3)
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["lines", "lines 2", "lines 3"]
    assert [sheet.max_row for sheet in book] == [4, 4, 2]
    assert [sheet["I2"].value for sheet in book] == [0, 3, 6]


def test_exactly_full_sheets_are_followed_by_none() -> None:
    out = io.BytesIO()
    write_xlsx((LineRecord(line=n) for n in range(6)), LineRecord, out, rows_to_a_sheet=3)
    assert openpyxl.load_workbook(out).sheetnames == ["lines", "lines 2"]


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_pipe_will_do(name: str) -> None:
    reading, writing = os.pipe()
    got: list[bytes] = []

    def drain() -> None:
        with open(reading, "rb") as stream:  # noqa: PTH123  a file descriptor
            got.append(stream.read())

    reader = threading.Thread(target=drain)
    reader.start()
    with open(writing, "wb") as stream:  # noqa: PTH123  a file descriptor
        FORMATS[name]([FULL], LineRecord, stream)
        assert not stream.closed
    reader.join()
    assert len(got[0]) > 100


@pytest.mark.parametrize("name", list(FORMATS))
def test_the_stream_stays_open_when_the_records_fail(name: str) -> None:
    def failing() -> Iterator[LineRecord]:
        yield FULL
        raise LookupError

    out = io.BytesIO()
    with pytest.raises(LookupError):
        FORMATS[name](failing(), LineRecord, out)
    assert not out.closed


class Sink(io.RawIOBase):
    """Takes everything and keeps nothing."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return len(data)


@pytest.mark.parametrize("name", list(FORMATS))
def test_memory_is_bounded(name: str) -> None:
    def many() -> Iterator[HistoryRecord]:
        for n in range(20_000):
            yield HistoryRecord(phone=f"phone {n}", line=1, account=f"{n}@pbx.example", since=NOON)

    sink = io.BufferedWriter(Sink())
    FORMATS[name]([], HistoryRecord, io.BytesIO())
    tracemalloc.start()
    try:
        FORMATS[name](many(), HistoryRecord, sink)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_500_000
