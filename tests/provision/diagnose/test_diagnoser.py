"""Diagnoses of phones that registered at a simulated registrar, or did not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet.errors import UsageError
from fleet.phone.sip.ask import SipClient
from fleet.phone.sip.transport import Timers
from fleet.provision.build import diagnoser_of
from fleet.provision.diagnose import Diagnosis, What
from fleet.simulator import RegistrarState
from fleet.store import Change, Store
from tests.provision.loop import NEW, Loop, whole_loop

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.store import Keyring

QUICK = SipClient(timers=Timers(t1=0.02, t2=0.1, connect=1.0))


@pytest.fixture
def one_store(sqlite_url: str, keyring: Keyring) -> Store:
    return Store.open(sqlite_url, keyring=keyring)


async def diagnose(loop: Loop, number: int = 1, line: int | None = None) -> Diagnosis:
    (stored,) = loop.store.phones.load(ids=[loop.ids[number - 1]])
    made = diagnoser_of(loop.app.settings, loop.store, loop.app.provisioner(), by="test")
    return await replace(made, sip=QUICK).diagnose(stored, line)


def whats(found: Diagnosis) -> list[What]:
    return [each.what for each in found.conclusions]


async def test_a_registered_line_is_well_and_asked_about_once_a_minute(
    one_store: Store, tmp_path: Path
) -> None:
    async with whole_loop(one_store, tmp_path) as loop:
        await loop.poll()
        found = await diagnose(loop)
        assert whats(found) == [What.WELL]
        assert found.phone.options
        assert found.phone.options.model == "6753i"
        asked = loop.pbx.record.queries["1001"]
        assert whats(await diagnose(loop))[0] is What.ASKED_BEFORE
        assert loop.pbx.record.queries["1001"] == asked > 0
        assert "1001" in loop.pbx.registered
        (entry,) = loop.store.journal.load(phone_id=loop.ids[0])
        assert entry.what == f"Asked the registrar {loop.pbx.address}:{loop.pbx.port} about 1001."


async def test_it_tells_whose_password_is_wrong(one_store: Store, tmp_path: Path) -> None:
    async with whole_loop(one_store, tmp_path) as loop:
        loop.intend(1, NEW)
        found = await diagnose(loop)
        assert {What.WRONG_PASSWORD, What.NOT_APPLIED} <= set(whats(found))
        assert loop.pbx.record.wrong_passwords["1001"] == 1
        loop.pbx.set_password("1002", NEW)
        device = loop.simulator.phone(1).device
        assert device
        device.reboot()
        await loop.pbx.until(lambda pbx: pbx.record.wrong_passwords["1002"] > 0)
        await device.until(lambda _: loop.simulator.phone(1).spec.lines[:1] != ())
        await device.until(lambda _: loop.simulator.phone(1).spec.lines[0].code == 401)
        await loop.poll()
        loop.intend(2, NEW)
        found = await diagnose(loop, 2)
        assert whats(found)[0] is What.OLD_PASSWORD
        assert "was not applied yet" in found.conclusions[0].check


async def test_it_tells_a_dead_registrar_from_an_unknown_user(
    one_store: Store, tmp_path: Path
) -> None:
    async with whole_loop(one_store, tmp_path) as loop:
        loop.pbx.remove_user("1001")
        assert whats(await diagnose(loop))[0] is What.UNKNOWN_USER
        loop.pbx.state = RegistrarState.DOWN
        assert whats(await diagnose(loop, 2))[0] is What.REGISTRAR_DEAD
        with pytest.raises(UsageError, match="no line 7"):
            await diagnose(loop, line=7)


async def test_a_registrar_that_got_nothing_may_be_asked_again_at_once(
    one_store: Store, tmp_path: Path
) -> None:
    async with whole_loop(one_store, tmp_path) as loop:
        (stored,) = loop.store.phones.load(ids=[loop.ids[0]])
        accounts = tuple(
            replace(each, registrar="nowhere.invalid") for each in stored.phone.accounts
        )
        moved = replace(stored.phone, accounts=accounts)
        loop.store.inventory.apply([], [Change(id=stored.id, phone=moved)])
        for _ in range(2):
            found = await diagnose(loop)
            assert whats(found)[0] is What.REGISTRAR_DEAD
        assert loop.store.journal.load(phone_id=loop.ids[0]) == []
