"""A database of every version before is brought up to date, with all that it holds."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet

RELEASES = sorted((Path(__file__).parents[1] / "store" / "releases").glob("*.sql"))


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_database_of_a_version_before_keeps_everything(
    release: Path, fleet: Fleet, tmp_path: Path
) -> None:
    (tmp_path / "fleet.db").unlink()
    database = sqlite3.connect(tmp_path / "fleet.db")
    database.executescript(release.read_text(encoding="utf-8"))
    database.close()
    (tmp_path / "fleet.key").touch(mode=0o600)
    shutil.copyfile(release.with_suffix(".key"), tmp_path / "fleet.key")
    (tmp_path / "fleet.toml").touch()

    (before,) = sqlite3.connect(tmp_path / "fleet.db").execute("SELECT * FROM alembic_version")
    for words in (("status",), ("poll",), ("provision", "revisions")):
        refused = fleet(*words)
        assert (refused.code, refused.out) == (2, "")
        assert "fleet db upgrade" in refused.err
    upgraded = fleet("db", "upgrade")
    assert upgraded.code == 0, upgraded.err
    [copy] = tmp_path.glob("fleet.db.version-*")
    assert str(copy) in upgraded.err
    assert sqlite3.connect(copy).execute("SELECT * FROM alembic_version").fetchone() == before
    assert fleet("db", "check").code == 0

    # What make.py did to it: ten phones with a line each, provisioned four times, then gone.
    lines = json.loads(fleet("status", "--format", "json").out)["lines"]
    assert len({line["phone"] for line in lines}) == 10
    assert {(line["state"], line["reach"]) for line in lines} == {("unknown", "unreachable")}
    assert len(json.loads(fleet("incidents", "list", "--json").out)["incidents"]) == 10
    assert "401" in fleet("history", "phone 1", "--format", "table", "--since", "3650d").out
    assert fleet("provision", "show", "4", "aastra.cfg").code == 0
    exported = fleet("inventory", "export", "--with-secrets", "--format", "csv").out
    assert exported.count("\n") == 11
    assert all(row.split(",")[10] for row in exported.splitlines()[1:])
