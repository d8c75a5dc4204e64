"""A rotation of SIP passwords, through the whole loop: no phone is locked out, whatever fails."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet.clock import now
from fleet.errors import StoreError, UsageError
from fleet.model import AccountState, ProofState, Reach, Registration, RolloutState, Wanted
from fleet.provision.rollout import StageOrder
from fleet.provision.rollout.service import Terms, begin, roll_back
from fleet.provision.rotate.service import taken_back
from fleet.simulator import RegistrarState
from fleet.store import Change
from tests.provision.loop import OLD
from tests.provision.rotate.rotating import CANARY_FIRST, Rotating, lasting, rotating

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.store import Store

ALL_AT_ONCE = Terms(order=StageOrder(canary_count=0, steps=()), deadline=30)
PROVEN, TAKEN, KEPT, UNKNOWN = (
    AccountState.PROVEN,
    AccountState.TAKEN,
    AccountState.KEPT,
    AccountState.UNKNOWN,
)


async def all_registered(it: Rotating) -> bool:
    await it.loop.poll()
    return all(
        status.reach is Reach.OK
        and all(each.line.registration is Registration.REGISTERED for each in status.lines)
        for status in it.store.observations.statuses()
    )


async def test_every_account_gets_a_password_and_every_phone_registers_with_it(
    store: Store, tmp_path: Path
) -> None:
    async with rotating(store, tmp_path) as it:
        ended = await it.rotate("tell")
        assert (ended.state, ended.stages) == (RolloutState.DONE, ("canaries", "the rest"))
        assert it.states() == {"1001": PROVEN, "1002": PROVEN}
        said = it.intended()
        assert len(set(said.values())) == 2
        assert all(len(password) == 16 and password.isalnum() for password in said.values())
        assert await it.in_force() == {"1001", "1002"}
        assert it.loop.pbx.record.wrong_passwords.total() == 0, "nobody was ever refused"
        assert it.is_settled()
        assert {(account.old, account.new) for account in it.accounts().values()} == {("", "")}
        assert await all_registered(it)


async def test_a_phone_gets_its_old_file_until_its_registrar_has_the_new_password(
    store: Store, tmp_path: Path
) -> None:
    async with rotating(store, tmp_path) as it:
        rollout = it.rotator.enact(it.planned(), CANARY_FIRST)
        assert store.held_files.phones() == set(it.loop.ids)
        phone = it.loop.simulator.phones[1].device
        assert phone
        phone.reboot()
        await it.loop.until_registered()
        await it.loop.pbx.until(lambda pbx: pbx.record.accepted["1002"] >= 2)
        assert it.loop.pbx.record.wrong_passwords.total() == 0
        ended = await it.run(rollout, "tell")
        assert ended.state is RolloutState.DONE
        assert it.loop.pbx.record.wrong_passwords.total() == 0


async def test_a_command_that_lies_tells_no_phone_and_stops_the_rotation(
    store: Store, tmp_path: Path
) -> None:
    async with rotating(store, tmp_path) as it:
        before = dict(it.loop.pbx.record.registers)
        ended = await it.rotate("lie")
        assert ended.state is RolloutState.STOPPED
        assert "rejects this SIP user and password" in ended.why
        proofs = it.loop.proofs()
        assert (proofs[1].state, proofs[1].how) == (ProofState.FAILED, "not asked")
        assert proofs[2].state is ProofState.WAITING
        assert it.loop.pbx.record.forwarded.total() == 0
        assert dict(it.loop.pbx.record.registers) == before
        assert it.states() == {"1001": KEPT, "1002": KEPT}
        assert set(it.intended().values()) == {OLD}
        assert it.is_settled()
        assert await all_registered(it)


@pytest.mark.parametrize("way", ["fail", "half"])
async def test_a_command_that_fails_is_told_the_old_password_again(
    store: Store, tmp_path: Path, way: str
) -> None:
    async with rotating(store, tmp_path) as it:
        ended = await it.rotate(f"{way}:1001", lasting(CANARY_FIRST, 30, 1))
        assert ended.state is RolloutState.DONE
        assert it.states() == {"1001": KEPT, "1002": PROVEN}
        assert "failed with exit code 7" in it.accounts()["1001"].detail
        assert it.intended()["1001"] == OLD
        assert await it.in_force() == {"1001", "1002"}
        assert it.is_settled()
        assert await all_registered(it)


async def test_a_shared_line_gets_one_password_for_all_its_phones_at_once(
    store: Store, tmp_path: Path
) -> None:
    async with rotating(store, tmp_path, 3, shared="1099") as it:
        ended = await it.rotate("tell", CANARY_FIRST, 1)
        assert ended.state is RolloutState.DONE
        assert it.states() == {"1001": PROVEN, "1099": PROVEN}
        assert ended.stages == ("canaries",), "nobody who shares it is left for later"
        assert {proof.state for proof in it.loop.proofs().values()} == {ProofState.PROVEN}
        assert it.intended()["1002"] == OLD
        assert await it.in_force() == it.loop.users
        assert await all_registered(it)


async def test_one_account_that_is_refused_keeps_back_all_that_hang_together_with_it(
    store: Store, tmp_path: Path
) -> None:
    async with rotating(store, tmp_path, 2, shared="1099") as it:
        ended = await it.rotate("lie:1099")
        assert ended.state is RolloutState.STOPPED
        assert set(it.states().values()) == {KEPT}
        assert set(it.intended().values()) == {OLD}
        assert await it.in_force() == it.loop.users
        assert it.loop.pbx.record.forwarded.total() == 0
        assert await all_registered(it)


async def test_a_password_that_a_parameter_gives_becomes_a_named_secret(
    store: Store, tmp_path: Path
) -> None:
    async with rotating(store, tmp_path) as it:
        (stored,) = store.phones.load(ids=[it.loop.ids[0]])
        (account,) = stored.phone.accounts
        bare = replace(stored.phone, accounts=(replace(account, sip_password=""),))
        given = Wanted(value=OLD, lock=True)
        intent = replace(bare.intent, parameters={"sip line1 password": given})
        change = Change(id=stored.id, phone=replace(bare, intent=intent))
        store.inventory.apply([], [change])
        it.loop.apply()
        await it.loop.run(begin(store, CANARY_FIRST, now()))
        assert (await it.rotate("tell")).state is RolloutState.DONE
        ((name, _),) = store.intents.secrets()
        assert name == f"sip-1001-{account.registrar}:{account.registrar_port}"
        assert await it.takes("1001", store.intents.secret(name))
        (again,) = store.phones.load(ids=[stored.id])
        wanted = again.phone.intent.parameters["sip line1 password"]
        assert (str(wanted.value), wanted.lock) == (f"{{secret: {name}}}", True)
        assert await all_registered(it)


async def test_a_registrar_that_is_down_changes_nothing(store: Store, tmp_path: Path) -> None:
    async with rotating(store, tmp_path) as it:
        rollout = it.rotator.enact(it.planned(), CANARY_FIRST)
        it.loop.pbx.state = RegistrarState.DOWN
        ended = await it.run(rollout, "tell")
        assert ended.state is RolloutState.STOPPED
        assert it.states() == {"1001": UNKNOWN, "1002": KEPT}
        assert it.accounts()["1001"].old == OLD, "kept, for nobody knows"
        assert "does not answer SIP" in it.accounts()["1001"].detail
        it.loop.pbx.state = RegistrarState.UP
        assert await it.in_force() == it.loop.users, "it had been given the old one back"
        rotation = store.rotations.get()
        assert rotation
        await it.gate_of(rotation, "tell").give_back()
        assert it.states()["1001"] is KEPT


async def test_a_phone_that_is_off_finds_its_new_file_or_is_given_the_old_password_back(
    store: Store, tmp_path: Path
) -> None:
    async with rotating(store, tmp_path) as it:
        phone = it.loop.simulator.phones[0].device
        assert phone
        await phone.stop()
        ended = await it.rotate("tell", lasting(CANARY_FIRST, 10, 1))
        assert ended.state is RolloutState.DONE
        assert it.states() == {"1001": TAKEN, "1002": PROVEN}
        account = it.accounts()["1001"]
        assert account.old == OLD
        assert await it.takes("1001", account.new)
        rotation = store.rotations.get()
        assert rotation
        back = it.rotator.plan(taken_back(rotation), gives_back=True)
        again = await it.run(it.rotator.enact(back, lasting(ALL_AT_ONCE, 1, 1)), "tell")
        assert again.state is RolloutState.DONE
        assert it.intended()["1001"] == OLD
        assert await it.takes("1001", OLD)
        assert it.is_settled()


async def test_files_from_before_a_rotation_are_not_applied_again(
    store: Store, tmp_path: Path
) -> None:
    async with rotating(store, tmp_path) as it:
        await it.rotate("tell")
        last = store.revisions.last()
        with pytest.raises(UsageError, match="registrars no longer accept"):
            store.revisions.roll_back(1, by="test", comment="", now=now(), expected=last)
        assert store.revisions.last() == last


async def test_what_a_later_rollout_is_rolled_back_to_has_the_passwords_in_force(
    store: Store, tmp_path: Path
) -> None:
    async with rotating(store, tmp_path) as it:
        await it.rotate("lie:1001", lasting(CANARY_FIRST, 30, 1))
        rotation = store.rotations.get()
        assert rotation
        assert (rotation.revision, rotation.settled) == (2, 3)
        with pytest.raises(UsageError, match="registrars no longer accept"):
            store.revisions.roll_back(2, by="test", comment="", now=now(), expected=3)
        it.loop.intend(2, "Wrong-pass-9")
        it.loop.apply()
        begin(store, ALL_AT_ONCE, now())
        roll_back(store, ALL_AT_ONCE, to=None, by="test", now=now())
        bodies = [file.body for file in store.revisions.files(3)]
        assert [file.body for file in store.revisions.files()] == bodies


async def test_without_a_command_a_phone_is_told_only_once_its_registrar_was_changed(
    store: Store, tmp_path: Path
) -> None:
    async with rotating(store, tmp_path) as it:
        rotation = it.planned()
        new = {account.user: account.new for account in rotation.accounts}
        it.loop.pbx.set_password("1001", new["1001"])
        rollout = it.rotator.enact(rotation, lasting(CANARY_FIRST, 30, 1))
        ended = await it.run(rollout, "")
        assert ended.state is RolloutState.DONE
        assert it.states() == {"1001": PROVEN, "1002": KEPT}
        assert await it.in_force() == it.loop.users
        assert await all_registered(it)


async def test_a_rotation_that_cannot_be_enacted_leaves_everything_as_it_was(
    store: Store, tmp_path: Path
) -> None:
    async with rotating(store, tmp_path) as it:
        rotation = it.planned()
        it.loop.intend(1, "Another-pass-1")
        it.loop.apply()
        with pytest.raises(StoreError, match="The password of 1001"):
            it.rotator.enact(rotation, CANARY_FIRST)
        assert it.intended() == {"1001": "Another-pass-1", "1002": OLD}
        assert it.is_settled()
        it.rotator.abandon(rotation)
        assert it.planned().accounts


async def test_no_password_shows_anywhere(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_SECRETS_KEY", "the-key-itself")
    caplog.set_level(logging.INFO)
    async with rotating(store, tmp_path) as it:
        rotation = it.planned()
        secret = {password for each in rotation.accounts for password in (each.old, each.new)}
        ended = await it.run(it.rotator.enact(rotation, lasting(CANARY_FIRST, 30, 2)), "fail:1001")
        visible = "".join(path.read_text() for path in it.folder.iterdir())
        assert "the-key-itself" not in visible
        said = [
            visible,
            caplog.text,
            repr(rotation),
            repr(store.rotations.get()),
            repr(ended),
            *(repr(entry) for entry in store.journal.load()),
            *(repr(proof) for proof in it.loop.proofs().values()),
        ]
        assert "1001 gets [redacted]" in caplog.text
        assert "1001 gets [redacted]" in it.accounts()["1001"].detail
        for text in said:
            assert not [password for password in secret if password in text]


async def test_a_command_that_hangs_is_ended(store: Store, tmp_path: Path) -> None:
    from tests.provision.rotate.rotating import command

    async with rotating(store, tmp_path) as it:
        account = it.planned().accounts[0]
        hook = command(it.loop.control, "sleep", it.folder, timeout=1)
        assert "took longer than 1 seconds" in await hook.tell(account, account.new)
        none = command(it.loop.control, "tell", it.folder / "none")
        assert "cannot be run" in await none.tell(account, account.new)
        cut = asyncio.create_task(command(it.loop.control, "sleep", it.folder).tell(account, "x"))
        await asyncio.sleep(0)
        cut.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cut
