"""`fleet capture`: a fixture folder from a phone, whatever it answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cli.steps import REFUSED, Simulate, done, imported, spec

if TYPE_CHECKING:
    import pytest

    from tests.cli.conftest import Fleet


def test_a_phones_page_becomes_a_folder_with_nobodys_accounts(
    fleet: Fleet, simulated: Simulate
) -> None:
    imported(fleet, simulated([spec(1, REFUSED)]))

    out = done(fleet, "capture", "phone1", "--folder", "new")

    expected = json.loads(Path("new/expected.json").read_text(encoding="utf-8"))
    assert "Wrote new" in out
    assert [(line["code"], line["account"]["user"]) for line in expected["lines"]] == [
        (401, "1001")
    ]
    assert "pbx.example" not in Path("new/sysinfo.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_read_is_written_with_its_reason(
    fleet: Fleet, simulated: Simulate
) -> None:
    imported(fleet, simulated([spec(1, behaviour="table_missing")]))

    ran = fleet("capture", "phone1")

    folder = Path("fixtures/unknown_unknown_no-table")
    assert ran.code == 0
    assert json.loads((folder / "expected.json").read_text()) == {"unreadable": "no_table"}
    assert "00:08:5D:00:00:00" in (folder / "sysinfo.html").read_text(encoding="utf-8")
    assert "00:08:5D:00:00:01" not in (folder / "sysinfo.html").read_text(encoding="utf-8")
    assert "could not identify its accounts" in ran.err


def test_a_page_that_can_be_read_after_a_new_login_is_captured_as_that(
    fleet: Fleet, simulated: Simulate
) -> None:
    imported(fleet, simulated([spec(1, behaviour="session_expired_until_root")]))

    done(fleet, "capture", "phone1", "--folder", "new")

    assert "lines" in json.loads(Path("new/expected.json").read_text(encoding="utf-8"))


def test_the_typed_password_counts_for_a_phone_of_the_inventory(
    fleet: Fleet, simulated: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = simulated([spec(1)])
    imported(fleet, phones)
    phones.set(0, password="77777")
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _prompt: "77777")

    assert fleet("capture", "phone1", "--folder", "old").code == 3
    done(fleet, "capture", "phone1", "--folder", "new", "--ask-password")


def test_no_folder_is_overwritten(fleet: Fleet) -> None:
    Path("there").mkdir()

    ran = fleet("capture", "127.0.0.1:1", "--folder", "there")

    assert (ran.code, "already exists" in ran.err) == (2, True)


def test_a_phone_that_does_not_answer_ends_with_3(fleet: Fleet) -> None:
    assert fleet("capture", "127.0.0.1:1", "--folder", "new").code == 3
    assert not Path("new").exists()
