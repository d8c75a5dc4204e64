"""`fleet provision resync` and `rollout`, against phones that boot from our server."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from fleet.store import Store
from tests.cli.steps import done
from tests.provision.loop import NEW, Loop, whole_loop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet.store import Keyring
    from tests.cli.conftest import Fleet


@contextmanager
def looping(tmp_path: Path, keyring: Keyring) -> Iterator[Loop]:
    """The whole loop in a thread of its own, on the database that the commands use."""
    ready: Future[Loop] = Future()

    async def live() -> None:
        store = Store.open(f"sqlite:///{tmp_path / 'fleet.db'}", keyring=keyring)
        try:
            async with whole_loop(store, tmp_path) as loop:
                ready.set_result(loop)
                await loop.simulator.stopped.wait()
        except BaseException as error:
            if not ready.done():
                ready.set_exception(error)
            raise
        finally:
            store.close()

    runner = asyncio.Runner()
    thread = threading.Thread(target=lambda: runner.run(live()))
    thread.start()
    loop = ready.result(60)
    try:
        yield loop
    finally:
        runner.get_loop().call_soon_threadsafe(loop.simulator.stopped.set)
        thread.join()
        runner.close()


@pytest.fixture
def loop(
    fleet: Fleet, tmp_path: Path, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Loop]:
    assert fleet
    monkeypatch.setenv("FLEET_SECRETS_KEY", keyring.keys[0])
    with looping(tmp_path, keyring) as found:
        yield found


def changed(loop: Loop) -> None:
    for number in (1, 2):
        loop.intend(number, NEW)
        loop.pbx.set_password(f"10{number:02}", NEW)
    loop.apply()


def test_phones_are_asked_to_resync_and_each_says_what_came_of_it(fleet: Fleet, loop: Loop) -> None:
    out = done(fleet, "provision", "resync", "--all", "--spread", "0")
    assert out.count("SIP NOTIFY through its registrar: accepted") == 2
    assert out.splitlines()[-1] == "Asked 2 phones; 2 accepted."
    mac = "00:08:5D:00:01:01"
    said = json.loads(done(fleet, "provision", "resync", mac, "--json", "--spread", "0"))
    assert (said["asked"], said["accepted"]) == (1, 1)
    assert said["phones"][0]["tried"][-1]["way"] == "SIP NOTIFY through its registrar"


def test_nobody_is_asked_unless_it_is_said_who(fleet: Fleet, loop: Loop) -> None:
    ran = fleet("provision", "resync")
    assert (ran.code, "--all" in ran.err) == (2, True)


def test_a_rollout_runs_to_its_end_and_tells_how_it_went(fleet: Fleet, loop: Loop) -> None:
    assert "no roll-out yet" in done(fleet, "provision", "rollout")
    changed(loop)
    out = done(fleet, "provision", "rollout", "start", "--settle", "0", "--stages", "")
    assert out.splitlines() == [
        "Revision 2, stage canaries: 1 phone.",
        "Revision 2, stage the rest: 1 phone.",
        "Revision 2 done: 2 proven.",
    ]
    assert "Revision 2 done: 2 proven." in done(fleet, "provision", "rollout")
    said = json.loads(done(fleet, "provision", "rollout", "--json"))["rollout"]
    assert (said["state"], said["counts"]) == ("done", {"proven": 2})
    assert fleet("provision", "rollout", "resume").code == 2

    # and back again, as the registrar is too
    for number in (1, 2):
        loop.pbx.set_password(f"10{number:02}", "Old-pass-4711x")
    out = done(fleet, "provision", "rollout", "rollback", "--settle", "0")
    assert "Revision 3 done: 2 proven." in out


def test_a_paused_rollout_asks_nobody_until_it_is_resumed_or_stopped(
    fleet: Fleet, loop: Loop
) -> None:
    from fleet.clock import now
    from fleet.provision.rollout.service import Terms, begin

    changed(loop)
    begin(loop.store, Terms(), now())
    assert "Nobody runs it" in done(fleet, "provision", "rollout")
    ran = fleet("provision", "rollout", "start")
    assert (ran.code, "is not finished, and no process runs it: continue it with" in ran.err) == (
        3,
        True,
    )
    assert "Paused" in done(fleet, "provision", "rollout", "pause")
    ran = fleet("provision", "rollout", "start")
    assert (ran.code, "is paused: continue it with" in ran.err) == (3, True)
    assert "2 proven" in done(fleet, "provision", "rollout", "resume", "--settle", "0")
    assert fleet("provision", "rollout", "stop").code == 2
    written = done(fleet, "provision", "journal")
    assert "Paused the roll-out of revision 2." in written
    said = json.loads(done(fleet, "provision", "journal", "00:08:5D:00:01:01", "--json"))["journal"]
    assert said[0]["what"] == (
        "Asked to re-sync: SIP NOTIFY through its registrar: accepted; it reaches every device "
        "registered as 1001."
    )


def test_a_diagnosis_says_what_is_wrong_and_whom_it_asked(fleet: Fleet, loop: Loop) -> None:
    loop.intend(1, NEW)
    out = done(fleet, "diagnose", "00:08:5D:00:01:01")
    assert "rejects the inventory's user and password of 1001 (401 Unauthorized)." in out
    assert "in the inventory was not applied yet" in out
    said = json.loads(done(fleet, "diagnose", "00:08:5D:00:01:02", "--line", "1", "--json"))
    assert said["lines"][0]["registrars"][0]["login"] == "sent"
    assert NEW not in out


def test_new_admin_passwords_are_made_applied_rolled_out_and_used(fleet: Fleet, loop: Loop) -> None:
    out = done(fleet, "provision", "rotate", "admin", "--all", "--settle", "0")
    assert "Applied revision 2: 2 phones to change." in out
    assert "Revision 2 done: 2 proven." in out
    used = {each.phone.password for each in loop.store.phones.load()}
    assert len(used) == 2
    assert all(password.isdecimal() and len(password) == 9 for password in used)
    assert not any(password in out for password in used)
    loop.intend(1, NEW)
    ran = fleet("provision", "rotate", "admin", "--all")
    assert (ran.code, "wait to be applied" in ran.err) == (2, True)


def test_a_stopped_rollout_says_how_many_phones_may_still_take_its_files(
    fleet: Fleet, loop: Loop
) -> None:
    from fleet.clock import now
    from fleet.provision.rollout.service import Terms, begin

    changed(loop)
    begin(loop.store, Terms(), now())
    out = done(fleet, "provision", "rollout", "stop")
    assert "2 phones keep the old files until another roll-out starts." in out
    assert "fleet provision rollout rollback restores the old files." in out
    status = done(fleet, "provision", "rollout")
    assert "2 phones keep the old files until another roll-out starts." in status
