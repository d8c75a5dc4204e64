"""`fleet simulate` and `fleet demo`: phones that do not exist."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet.simulator import BEHAVIOURS
from tests.cli.steps import done

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet


def test_simulated_phones_can_be_imported_and_polled(fleet: Fleet) -> None:
    command = [sys.executable, "-m", "fleet", "simulate", "--phones", "3", "--bad-mix", "none"]
    with subprocess.Popen(
        [*command, "--inventory", "made.csv"], stdout=subprocess.PIPE, text=True
    ) as simulator:
        assert simulator.stdout
        assert "3" in simulator.stdout.readline()
        assert "made.csv" in simulator.stdout.readline()
        done(fleet, "inventory", "import", "made.csv")
        out = done(fleet, "poll")
        simulator.send_signal(signal.SIGINT)

    assert "3 polled, 3 read. Lines flagged: 0." in out
    assert simulator.returncode == 0


def test_an_inventory_that_is_there_is_left_alone(fleet: Fleet) -> None:
    Path("mine.csv").write_text("host\n10.1.1.1\n", encoding="utf-8")

    ran = fleet("simulate", "--inventory", "mine.csv")

    assert (ran.code, ran.out) == (2, "")
    assert "left alone" in ran.err
    assert Path("mine.csv").read_text(encoding="utf-8") == "host\n10.1.1.1\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["simulate", "--inventory", "gone/made.csv"], "gone/made.csv cannot be written"),
        (["simulate", "--bad-mix", "line-401"], "line-401 needs a share"),
        (["simulate", "--bad-mix", "rain=0.1"], "unknown trouble rain"),
        (["demo", "--folder", "file/demo"], "file/demo cannot be written"),
    ],
)
def test_what_cannot_be_simulated_is_told_in_a_sentence(
    words: list[str], sentence: str, fleet: Fleet
) -> None:
    Path("file").touch()

    ran = fleet(*words)

    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
    assert "Traceback" not in ran.err


def test_the_behaviours_are_listed(fleet: Fleet) -> None:
    assert done(fleet, "simulate", "--list-behaviours").split() == list(BEHAVIOURS)


def test_the_demo_flags_every_kind_of_trouble(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = done(fleet, "demo", "--phones", "40")

    for trouble in ("failed 401", "on backup", "unregistered", "wrong_password", "unreachable"):
        assert trouble in out
    monkeypatch.setenv("FLEET_CONFIG", "fleet-demo/fleet.toml")
    assert "failed 401" in done(fleet, "status", "--flagged")
    assert "40 polled" in done(fleet, "demo", "--phones", "40")


def test_the_demo_takes_no_folder_of_somebody_else(fleet: Fleet) -> None:
    Path("mine").mkdir()
    Path("mine/fleet.db").write_text("mine", encoding="utf-8")

    ran = fleet("demo", "--folder", "mine")

    assert (ran.code, ran.out) == (2, "")
    assert Path("mine/fleet.db").read_text(encoding="utf-8") == "mine"
