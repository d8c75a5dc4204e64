"""`fleet inventory`: import, list, export, remove, trust."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.steps import Simulate, done, imported, spec

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet

TWO = "site,host,name,password\nhere,10.1.1.1,one,geheim1\nhere,10.1.1.2,two,\n"


@pytest.fixture
def phones(fleet: Fleet) -> None:
    Path("two.csv").write_text(TWO, encoding="utf-8")
    done(fleet, "inventory", "import", "two.csv")


def test_a_dry_run_changes_nothing(fleet: Fleet) -> None:
    Path("two.csv").write_text(TWO, encoding="utf-8")

    out = done(fleet, "inventory", "import", "two.csv", "--dry-run")

    assert "2 added" in out
    assert "No phones in" in done(fleet, "inventory", "list")


def test_an_import_that_fails_does_not_say_what_it_would_have_done(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, phones: None
) -> None:
    monkeypatch.setenv("FLEET_SECRETS_KEY", "kLsfGkBSwDWZxdvhcEVBCUDAWtlmpMRqoaC4lAzxAIU=")
    Path("more.csv").write_text("host,password\n10.1.1.3,geheim3\n", encoding="utf-8")

    ran = fleet("inventory", "import", "more.csv")

    assert ran.code != 0
    assert "added" not in ran.out


@pytest.mark.usefixtures("phones")
@pytest.mark.parametrize("form", ["csv", "yaml"])
def test_an_exported_inventory_changes_nothing_when_imported(form: str, fleet: Fleet) -> None:
    file = f"all.{form}"
    done(fleet, "inventory", "export", "--format", form, "--with-secrets", "--output", file)

    assert Path(file).stat().st_mode & 0o777 == 0o600
    assert "geheim1" in Path(file).read_text(encoding="utf-8")
    out = done(fleet, "inventory", "import", file)
    assert out == "Phones: 0 added, 0 changed, 2 unchanged, 0 absent.\n"


@pytest.mark.usefixtures("phones")
def test_the_list_names_phones_of_a_site(fleet: Fleet) -> None:
    out = done(fleet, "inventory", "list", "--site", "here")

    assert "one" in out
    assert "10.1.1.2" in out


@pytest.mark.usefixtures("phones")
def test_a_phone_is_removed_only_when_that_is_confirmed(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert fleet("inventory", "remove", "one").code == 3
    assert "10.1.1.1" in done(fleet, "inventory", "list")

    assert done(fleet, "inventory", "remove", "one", "--yes") == "Removed 1 phone.\n"
    assert "10.1.1.1" not in done(fleet, "inventory", "list")


def test_a_changed_certificate_is_trusted_when_told(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1, behaviour="https")]))
    done(fleet, "poll")

    out = done(fleet, "inventory", "trust", "phone1")

    assert out == "Fleet will trust the next certificate of 1 phone.\n"
    assert "1 read" in done(fleet, "poll")
