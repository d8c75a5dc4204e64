"""Captures: nobody's page, that says what somebody's page said."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest

from fleet.errors import FleetError, UsageError
from fleet.phone.capture import capture_files, folder_name, write_capture
from fleet.phone.pages import read_page
from tests.phone.pages.pages import page, row, sip_table, table

if TYPE_CHECKING:
    from pathlib import Path

ROWS = (
    ("1", "alice@pbx.acme.example:5060", "Registered", "No"),
    ("2", "alice@10.1.2.3", "401", "Yes"),
    ("3", "sales&co@pbx.acme.example:5060", "Unregistered", "No"),
    ("4", "", "", ""),
)
EXTRA = table(
    row("Serial Number", "ABC123456"),
    row("IP Address", "10.1.2.9"),
    row("Gateway", "10.1.2.3"),
    row("Subnet Mask", "255.255.255.0"),
)
BODY = (
    page(EXTRA + sip_table(*ROWS)).replace("3.3.1.4365", "3.2.2.56")
    + "<!-- password: hunter2 hunter2secret 00085d102030 -->"
).encode()


def files() -> dict[str, str]:
    return capture_files(BODY, read_page(BODY), secrets=["hunter2secret"])


def test_a_capture_names_nobody() -> None:
    source = files()["sysinfo.html"]
    for name in ("alice", "acme", "sales", "10.1.2", "ABC123456", "10:20:30", "102030", "hunter2"):
        assert name not in source
    assert "255.255.255.0" in source


def test_a_capture_is_expected_to_say_what_the_page_said() -> None:
    captured = files()
    facts = read_page(captured["sysinfo.html"].encode())
    expected = json.loads(captured["expected.json"])
    assert expected["mac"] == facts.mac == "00:08:5D:00:00:00"
    assert expected["firmware"] == "3.2.2.56"
    assert [line["account"] and line["account"]["raw"] for line in expected["lines"]] == [
        "1001@registrar1.example:5060",
        "1001@registrar2.example",
        "1002@registrar1.example:5060",
        None,
    ]
    assert [line["code"] for line in expected["lines"]] == [None, 401, None, None]


def test_a_captures_origin_is_told() -> None:
    origin = tomllib.loads(files()["origin.toml"])
    assert origin["kind"] == "capture"
    assert "6753i" in origin["shows"]
    assert folder_name(read_page(BODY)) == "6753i_3.2.2.56"


def test_a_page_that_cannot_be_made_nobodys_is_not_captured() -> None:
    body = BODY.replace(b"alice@pbx", b"ali<b>ce</b>@pbx")
    with pytest.raises(FleetError, match="nothing was written"):
        capture_files(body, read_page(body))


def test_a_folder_is_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "6753i_3.2.2.56"
    write_capture(folder, files())
    assert sorted(path.name for path in folder.iterdir()) == [
        "expected.json",
        "origin.toml",
        "sysinfo.html",
    ]
    with pytest.raises(UsageError, match="already exists"):
        write_capture(folder, {"expected.json": "{}"})
    assert (folder / "expected.json").read_text(encoding="utf-8") != "{}"
