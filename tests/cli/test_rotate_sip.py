"""`fleet provision rotate sip`, against phones that boot from our server and register."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import json
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet.provision.build import rotator_of
from fleet.provision.rollout.service import Terms
from tests.cli.steps import done
from tests.cli.test_rollout import loop
from tests.provision.loop import OLD
from tests.provision.rotate.rotating import TELLER

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet
    from tests.provision.loop import Loop

__all__ = ["loop"]

QUICK = ("--settle", "0", "--stages", "")


@pytest.fixture
def told(loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a registrar command that tells the registrar leaves what of it was to be seen."""
    folder = tmp_path / "told"
    folder.mkdir()
    said = ",".join((sys.executable, str(TELLER), loop.control, "tell", str(folder)))
    monkeypatch.setenv("FLEET_PROVISIONING_REGISTRAR_COMMAND", said)
    return folder


def passwords(loop: Loop) -> list[str]:
    phones = loop.store.phones.load()
    return [account.sip_password for each in phones for account in each.phone.accounts]


def test_a_rotation_runs_to_its_end_and_tells_how_it_went(
    fleet: Fleet, loop: Loop, told: Path
) -> None:
    out = done(fleet, "provision", "rotate", "sip", "--all", *QUICK)
    assert out.splitlines() == [
        "Revision 2 has new SIP passwords for 2 accounts.",
        "Revision 2, stage canaries: 1 phone.",
        "Revision 2, stage the rest: 1 phone.",
        "Revision 2 done: 2 proven.",
        "Rotated, and registered since: 2 accounts.",
    ]
    said = [
        out,
        done(fleet, "provision", "journal", "--json"),
        done(fleet, "provision", "rollout", "--json"),
        done(fleet, "provision", "diff", "1", "2"),
        *(path.read_text() for path in told.iterdir()),
    ]
    made = passwords(loop)
    assert OLD not in made
    assert not [text for text in said for password in (*made, OLD) if password in text]
    assert "accepts the new SIP password of" in said[1]
    assert "0 phones to change" in done(fleet, "provision", "plan")
    assert fleet("provision", "rotate", "sip", "--continue").code == 2
    back = done(fleet, "provision", "rollout", "rollback", *QUICK[:2])
    assert "No phone has an old password" in back
    ran = fleet("provision", "rollback", "1")
    assert (ran.code, "registrars no longer accept" in ran.err) == (2, True)


def test_passwords_are_exported_by_name_and_the_rotation_goes_on_once_they_are_loaded(
    fleet: Fleet, loop: Loop, tmp_path: Path
) -> None:
    ran = fleet("provision", "rotate", "sip", "--all")
    assert (ran.code, "registrar_command" in ran.err) == (2, True)
    path = tmp_path / "new.csv"
    out = done(fleet, "provision", "rotate", "sip", "--all", "--export", str(path))
    assert "Wrote the new passwords of 2 accounts" in out
    assert path.stat().st_mode & 0o777 == 0o600
    assert passwords(loop) == [OLD, OLD], "nothing is changed yet"
    ran = fleet("provision", "rotate", "sip", "--all", "--export", str(path))
    assert (ran.code, "already exists" in ran.err) == (2, True)
    ran = fleet("provision", "rotate", "sip", "--all", "--export", f"{path}.2")
    assert (ran.code, "--continue" in ran.err) == (3, True)
    assert not Path(f"{path}.2").exists()
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            loop.pbx.set_password(row["user"], row["sip_password"])
    out = done(fleet, "provision", "rotate", "sip", "--continue", *QUICK)
    assert "Rotated, and registered since: 2 accounts." in out
    assert OLD not in passwords(loop)


def test_a_rotation_that_was_exported_can_be_abandoned(
    fleet: Fleet, loop: Loop, tmp_path: Path
) -> None:
    mac = "00:08:5D:00:01:01"
    done(fleet, "provision", "rotate", "sip", mac, "--export", str(tmp_path / "new.csv"))
    assert "Abandoned" in done(fleet, "provision", "rotate", "sip", "--abandon")
    assert fleet("provision", "rotate", "sip", "--abandon").code == 2
    assert passwords(loop) == [OLD, OLD]


def test_lines_without_password_or_registrar_are_left_out_and_said(
    fleet: Fleet, loop: Loop, told: Path
) -> None:
    document = {
        "phones": [
            {
                "host": "10.0.9.9",
                "mac": "00:08:5D:00:09:09",
                "model": "6753i",
                "lines": [
                    {"line": 1, "user": "2001", "registrar": "pbx.example"},
                    {"line": 2, "user": "2002", "registrar": "0.0.0.0", "sip_password": OLD},
                ],
            }
        ]
    }
    path = told.parent / "more.yaml"
    path.write_text(json.dumps(document))
    done(fleet, "inventory", "import", str(path))
    done(fleet, "provision", "apply")
    ran = fleet("provision", "rotate", "sip", "00:08:5D:00:09:09")
    assert ran.code == 2
    assert "line 1: it has no password." in ran.out
    assert "line 2: it registers nowhere." in ran.out
    assert "None of these phones has a line" in ran.err


def test_a_phone_that_does_not_come_is_told_of_and_taken_back(
    fleet: Fleet, loop: Loop, told: Path, tmp_path: Path
) -> None:
    device = loop.simulator.phones[0].device
    assert device
    asyncio.run_coroutine_threadsafe(device.stop(), loop.runs_in).result(10)
    mac = "00:08:5D:00:01:01"
    ran = fleet("provision", "rotate", "sip", mac, *QUICK, "--deadline", "1")
    assert ran.code == 3
    assert "Rotated, but not every phone of it has registered since: 1 account." in ran.out
    assert passwords(loop)[0] != OLD
    with contextlib.closing(sqlite3.connect(tmp_path / "fleet.db")) as database, database:
        database.execute("DELETE FROM journal")  # a minute passes
    out = done(fleet, "provision", "rollout", "rollback", *QUICK[:2], "--deadline", "1")
    assert "Applied revision 3 with the old passwords of 1 account." in out
    assert passwords(loop) == [OLD, OLD]
    assert "Sets the new SIP password of 1001 at" in done(fleet, "provision", "journal")


def test_a_rotation_that_nobody_runs_is_stopped_and_keeps_what_was_not_reached(
    fleet: Fleet, loop: Loop, told: Path
) -> None:
    rotator = rotator_of(loop.store, loop.app.provisioner, by="test")
    accounts, _ = rotator.choose(loop.ids, 16)
    rotator.enact(rotator.plan(accounts), Terms())
    assert OLD not in passwords(loop)
    assert "Stopped" in done(fleet, "provision", "rollout", "stop")
    assert passwords(loop) == [OLD, OLD]
    assert not loop.store.held_files.phones()
    assert not list(told.iterdir()), "no registrar was told of anything"
    assert "0 phones to change" in done(fleet, "provision", "plan")
