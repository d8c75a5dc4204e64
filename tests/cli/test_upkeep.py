"""`fleet init` and `fleet db`: what is made, and what looks after it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet.app import App
from fleet.model import NewFile
from fleet.settings import load_settings
from tests.cli.steps import done
from tests.store.fleets import START

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet


@pytest.fixture
def folder(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder made by `fleet init`, with one phone that has a password."""
    done(fleet, "init", "new")
    folder = Path("new").absolute()
    monkeypatch.setenv("FLEET_CONFIG", str(folder / "fleet.toml"))
    Path("one.csv").write_text("host,password\n10.1.1.1,geheim1\n", encoding="utf-8")
    done(fleet, "inventory", "import", "one.csv")
    return folder


def test_init_makes_settings_key_and_database_for_nobody_else(folder: Path) -> None:
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "fleet.toml": 0o600,
        "fleet.key": 0o600,
        "fleet.db": 0o600,
    }


def test_init_leaves_alone_what_is_there(folder: Path, fleet: Fleet) -> None:
    before = (folder / "fleet.toml").read_bytes(), (folder / "fleet.key").read_bytes()

    assert "was not changed" in done(fleet, "init", str(folder))
    assert ((folder / "fleet.toml").read_bytes(), (folder / "fleet.key").read_bytes()) == before


def test_a_file_is_no_folder_to_init(fleet: Fleet) -> None:
    Path("file").touch()

    ran = fleet("init", "file")

    assert ran.code == 2
    assert "The folder file cannot be created" in ran.err


def test_a_database_in_order_says_so(folder: Path, fleet: Fleet) -> None:
    assert "has no problems" in done(fleet, "db", "check")
    assert "at version" in done(fleet, "db", "upgrade")


def test_a_lost_key_is_told_by_the_check(folder: Path, fleet: Fleet) -> None:
    (folder / "fleet.key").unlink()

    ran = fleet("db", "check")

    assert ran.code == 3
    assert "has problems" in ran.err
    assert "key" in ran.err


def test_a_backup_holds_the_phones_and_is_never_overwritten(folder: Path, fleet: Fleet) -> None:
    done(fleet, "db", "backup", "copy.db")

    assert fleet("db", "backup", "copy.db").code != 0
    (folder / "fleet.db").write_bytes(Path("copy.db").read_bytes())
    for beside in folder.glob("fleet.db-*"):
        beside.unlink()
    assert "10.1.1.1" in done(fleet, "inventory", "list")


def test_a_new_key_opens_the_old_passwords(folder: Path, fleet: Fleet) -> None:
    before = (folder / "fleet.key").read_bytes()

    assert "Encrypted 1 password with a new key" in done(fleet, "db", "rotate-key")

    assert (folder / "fleet.key").read_bytes() != before
    assert "geheim1" in done(fleet, "inventory", "export", "--with-secrets")


def test_prune_says_what_it_deleted(folder: Path, fleet: Fleet) -> None:
    assert done(fleet, "db", "prune") == (
        "Deleted 0 periods, 0 pages, 0 sweeps, 0 events, 0 incidents, 0 fetches, 0 revisions, "
        "0 file contents.\n"
    )


def test_prune_names_the_revisions_that_it_deleted(
    folder: Path, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(App.open(load_settings(folder / "fleet.toml", {}))) as app:
        for number in range(3):
            file = NewFile(name="aastra.cfg", body=b"%d" % number)
            app.store.revisions.apply([file], by="me", comment="", now=START, expected=number)
    assert "Deleted 0" in done(fleet, "db", "prune")
    monkeypatch.setenv("FLEET_RETENTION_REVISIONS", "1")
    assert "0 revisions" in done(fleet, "db", "prune")
    monkeypatch.setenv("FLEET_RETENTION_REVISIONS_AT_LEAST", "1")
    out = done(fleet, "db", "prune")
    assert "2 revisions, 2 file contents.\nRevisions deleted: 1 to 2.\n" in out
    ran = fleet("provision", "show", "1")
    assert (ran.code, "Revision 1 was deleted because of its age" in ran.err) == (2, True)
    assert "Deleted old revisions" in done(fleet, "provision", "journal")


@pytest.mark.parametrize(
    "words", [("status",), ("poll",), ("serve",), ("doctor",), ("db", "check")]
)
def test_a_wrong_folder_is_named_and_no_database_is_made(
    fleet: Fleet, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "fleet.db").unlink()
    ran = fleet(*words)
    assert ran.code == 2
    assert "fleet init" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_init_says_that_the_key_of_its_passwords_is_lost(fleet: Fleet, tmp_path: Path) -> None:
    assert fleet("init").code == 0
    (tmp_path / "phones.csv").write_text("host,password\n10.0.0.1,secret\n", encoding="utf-8")
    assert fleet("inventory", "import", "phones.csv").code == 0
    (tmp_path / "fleet.key").unlink()
    ran = fleet("init")
    assert ran.code == 3
    assert "their key is missing" in ran.err
    assert "is ready" not in ran.out
    assert fleet("status").code == 0  # no key is needed to read
