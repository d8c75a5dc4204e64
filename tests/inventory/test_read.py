"""Opening inventory files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet.errors import InventoryError
from fleet.inventory import read_inventory

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv", b"host,name\n10.0.0.1,B\xc3\xbcro\n"),
        ("a.CSV", b"\xef\xbb\xbfhost,name\r\n10.0.0.1,B\xc3\xbcro\r\n"),
        ("a.yaml", b"phones: [{host: 10.0.0.1, name: B\xc3\xbcro}]"),
        ("a.yml", b"\xef\xbb\xbfphones: [{host: 10.0.0.1, name: B\xc3\xbcro}]"),
    ],
)
def test_files_are_read_by_their_suffix(tmp_path: Path, name: str, body: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(body)
    (phone,) = read_inventory(path).phones
    assert (phone.host, phone.name) == ("10.0.0.1", "Büro")


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("a.xlsx", b"PK\x03\x04rest", "save it as CSV"),
        ("a.csv", b"PK\x03\x04rest", "save it as CSV"),
        ("a.txt", b"host\n10.0.0.1\n", "must be named .csv"),
        ("a.csv", b"host,name\n10.0.0.1,B\xfcro\n", "not UTF-8 text (see line 2)"),
        ("a.csv", "host\n10.0.0.1\n".encode("utf-16"), "not UTF-8"),
        ("a.csv", b"host\n10.0.0.1\0\n", "not text (see line 2)"),
        ("a.csv", b"", "is empty"),
        ("a.yaml", b"", "is empty"),
        ("a.yaml", b"phones: [", "not valid YAML (line"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_sentence(
    tmp_path: Path, name: str, body: bytes, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(body)
    with pytest.raises(InventoryError) as caught:
        read_inventory(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="cannot be read: No such file"):
        read_inventory(tmp_path / "none.csv")


def test_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="cannot be read: Is a directory"):
        read_inventory(tmp_path)
