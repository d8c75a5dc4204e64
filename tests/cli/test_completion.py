"""Tab in a shell: the names of phones, sites and rules, through click's own protocol."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.steps import done

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet

PHONES = """\
site,host,mac,name
berlin,10.1.1.20,00085D126411,reception
berlin,10.1.1.21,00085D126412,Reception 2
bern,10.2.1.20,,
"""


def completed(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, words: str, shell: str = "bash"
) -> list[str]:
    monkeypatch.setenv("_FLEET_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", f"fleet {words}")
    number = len(words.split()) + words.endswith(" ")
    # fish names the word that is completed, the other shells its place
    monkeypatch.setenv("COMP_CWORD", words.split()[-1] if shell == "fish" else str(number))
    ran = fleet()
    assert (ran.code, ran.err) == (0, "")
    return [line for line in ran.out.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("explain rec", ["Reception 2", "reception"]),
        ("explain 10.1", ["10.1.1.20", "10.1.1.21"]),
        ("history 00085d", ["00085D126411", "00085D126412"]),
        ("status reception 10.2", ["10.2.1.20"]),
        ("provision plan 10.2", ["10.2.1.20"]),
        ("provision rotate admin 10.2", ["10.2.1.20"]),
        ("incidents silence --phone 10.2", ["10.2.1.20"]),
        ("status --site b", ["berlin", "bern"]),
        ("export lines --site berl", ["berlin"]),
        ("status --site=berl", ["berlin"]),
        ("incidents silence --rule line-u", ["line-unknown", "line-unregistered"]),
        ("status --rule phone-ref", ["phone-refused"]),
        ("incidents una", ["unack"]),
        ("--config fleet.toml explain bern", []),
    ],
)
def test_names_are_completed(
    words: str, names: list[str], fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("phones.csv").write_text(PHONES)
    done(fleet, "inventory", "import", "phones.csv")
    before = Path("fleet.db").read_bytes()

    assert completed(fleet, monkeypatch, words) == [f"plain,{name}" for name in names]
    assert Path("fleet.db").read_bytes() == before


def test_names_come_from_either_database(
    database_url: str, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_DATABASE_URL", database_url)
    Path("phones.csv").write_text(PHONES)
    done(fleet, "inventory", "import", "phones.csv")

    assert completed(fleet, monkeypatch, "explain 10.2") == ["plain,10.2.1.20"]
    assert completed(fleet, monkeypatch, "history 00085d126411") == ["plain,00085D126411"]
    assert completed(fleet, monkeypatch, "status --site b") == ["plain,berlin", "plain,bern"]


@pytest.mark.parametrize(("shell", "line"), [("zsh", ["plain", "bern", "_"]), ("fish", None)])
def test_every_shell_is_served(
    shell: str, line: list[str] | None, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("phones.csv").write_text(PHONES)
    done(fleet, "inventory", "import", "phones.csv")

    found = completed(fleet, monkeypatch, "status --site bern", shell)
    assert found == (line or ["plain,bern"])
    monkeypatch.setenv("_FLEET_COMPLETE", f"{shell}_source")
    assert "_FLEET_COMPLETE" in fleet().out


@pytest.mark.parametrize(
    "settings",
    ["", "nonsense", "[database]\nurl = 'sqlite:///absent.db'\n", "[alerts]\nurls = 7\n"],
)
def test_any_trouble_completes_nothing(
    settings: str, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("fleet.toml").write_text(settings)
    if not settings:
        Path("fleet.db").write_bytes(b"no database")

    assert completed(fleet, monkeypatch, "explain r") == []
    assert not Path("absent.db").exists()


def test_completion_loads_no_library_of_the_work(fleet: Fleet) -> None:
    code = """
import os, sys
os.environ |= {"_FLEET_COMPLETE": "bash_complete", "COMP_WORDS": "fleet explain r",
               "COMP_CWORD": "2"}
sys.argv = ["fleet"]
from fleet.cli import main
try: main()
finally: print(sorted({"sqlalchemy", "httpx", "lxml", "cryptography"} & {*sys.modules}))
"""
    Path("phones.csv").write_text(PHONES)
    done(fleet, "inventory", "import", "phones.csv")
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.splitlines() == ["plain,Reception 2", "plain,reception", "[]"]
