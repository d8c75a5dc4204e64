"""The firmware folder, and who runs what is in it."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from fleet.model import Phone
from fleet.provision.firmware import Compliance, FirmwareFolder, compliance
from fleet.store import PhoneStatus, StoredPhone

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0


@pytest.fixture
def folder(tmp_path: Path) -> FirmwareFolder:
    return FirmwareFolder(tmp_path, lambda: NOW)


def put(folder: FirmwareFolder, name: str, body: bytes, age: float = 60.0) -> None:
    (folder.path / name).write_bytes(body)
    os.utime(folder.path / name, (NOW - age, NOW - age))


def test_only_firmware_and_languages_are_listed(folder: FirmwareFolder) -> None:
    for name in ("53i.st", "lang_de.txt", "LANG_FR.TXT", "notes.txt", ".hidden", "53i.st.part"):
        put(folder, name, b"x")
    (folder.path / "55i.st").mkdir()
    put(folder, "57i.st", b"")
    assert set(folder.files()) == {"53i.st", "lang_de.txt", "lang_fr.txt"}
    assert folder.content("notes.txt") is not None
    assert folder.content("../fleet.key") is None
    assert folder.content("55i.st") is None


def test_a_file_has_its_checksums_and_comes_in_any_case(folder: FirmwareFolder) -> None:
    put(folder, "53i.st", b"firmware")
    file = folder.files()["53i.st"]
    assert (file.model, file.size) == ("6753i", 8)
    assert file.sha256 == hashlib.sha256(b"firmware").hexdigest()
    assert file.md5 == hashlib.md5(b"firmware").hexdigest()
    content = folder.content("53I.ST")
    assert content is not None
    assert (content.body, content.digest, content.revision) == (b"firmware", file.sha256, None)
    assert content.modified == file.modified


def test_a_file_is_read_again_only_when_it_was_changed(folder: FirmwareFolder) -> None:
    put(folder, "53i.st", b"one")
    first = folder.content("53i.st")
    assert folder.content("53i.st") is first
    put(folder, "53i.st", b"two", age=30)
    second = folder.content("53i.st")
    assert second is not None
    assert second.body == b"two"
    (folder.path / "53i.st").unlink()
    assert folder.content("53i.st") is None


def test_a_file_that_is_still_being_copied_is_not_there(folder: FirmwareFolder) -> None:
    put(folder, "53i.st", b"half", age=4.9)
    assert folder.content("53i.st") is None
    put(folder, "53i.st", b"whole", age=5.0)
    assert folder.content("53i.st") is not None
    put(folder, "53i.st", b"dated in the future", age=-60)
    assert folder.content("53i.st") is not None


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    folder = FirmwareFolder(tmp_path / "none", lambda: NOW)
    assert (folder.files(), folder.content("53i.st")) == ({}, None)


def status(model: str, firmware: str, name: str = "p") -> PhoneStatus:
    stored = StoredPhone(id=1, phone=Phone(host="10.0.0.1", model=model, name=name))
    return PhoneStatus(stored=stored, firmware=firmware)


def test_phones_are_compared_with_the_file_they_would_get(folder: FirmwareFolder) -> None:
    put(folder, "53i.st", b"firmware")
    put(folder, "57iCT.st", b"firmware")
    versions = {"53i": "3.3.1.4365-SIP", "9143i": "9.9"}
    statuses = [
        status("6753i", "3.3.1.4365"),
        status("53i", "2.3.1.26-SIP"),
        status("6753i", ""),
        status("6757i CT", "3.3.1.4365"),
        status("9143i", "3.3.1.4365"),
        status("", ""),
    ]
    records = list(compliance(statuses, folder.files(), versions))
    assert [(record.state, record.file, record.version) for record in records] == [
        (Compliance.SAME, "53i.st", "3.3.1.4365-SIP"),
        (Compliance.OTHER, "53i.st", "3.3.1.4365-SIP"),
        (Compliance.UNKNOWN, "53i.st", "3.3.1.4365-SIP"),
        (Compliance.UNKNOWN, "57iCT.st", ""),
        (Compliance.NO_FILE, "", ""),
        (Compliance.NO_FILE, "", ""),
    ]
    assert records[0].md5 == hashlib.md5(b"firmware").hexdigest()
