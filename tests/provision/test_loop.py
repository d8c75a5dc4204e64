"""The whole loop: intent, plan, apply, roll-out, fetch, registration, proof."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from msgspec import structs

from fleet.clock import now
from fleet.errors import ConfigurationError
from fleet.model import (
    Fetch,
    FetchOutcome,
    Intent,
    ProofState,
    ProofWay,
    Reach,
    RolloutState,
    Wanted,
)
from fleet.phone.sip.transport import Peer
from fleet.provision.addressees import addressees
from fleet.provision.applied import AppliedRevision
from fleet.provision.logins import rotate
from fleet.provision.rollout import StageOrder
from fleet.provision.rollout.messages import sentence
from fleet.provision.rollout.service import Terms, begin
from fleet.push import PushState
from fleet.simulator import RegistrarSpec, SimulatedRegistrar, SipLogin
from fleet.store import IntentChange
from tests.daemon.running import until
from tests.provision.loop import ADMIN, NEW, OLD, PACE, WRONG, Loop, poll, whole_loop

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.app import App
    from fleet.store import FetchLogin, Store


def peer_of(registrar: SimulatedRegistrar) -> Peer:
    return Peer(host=registrar.address, port=registrar.port)


CANARY_FIRST = StageOrder(canary_count=1, steps=())


async def test_a_new_password_reaches_the_phones_and_the_poll_proves_it(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path) as loop:
        for number in (1, 2):
            loop.intend(number, NEW)
            loop.pbx.set_password(f"10{number:02}", NEW)
        revision = loop.apply()
        rollout = begin(store, Terms(order=CANARY_FIRST, deadline=30), now())
        ended = await loop.run(rollout)
        assert (ended.state, ended.revision) == (RolloutState.DONE, revision.number)
        assert ended.stages == ("canaries", "the rest")
        for proof in loop.proofs().values():
            assert proof.state is ProofState.PROVEN
            assert proof.how.startswith(
                "SIP NOTIFY through its registrar: accepted; it reaches every"
            )
            assert proof.told_at
            assert proof.fetched_at
            assert proof.proven_at
            assert proof.told_at <= proof.fetched_at <= proof.proven_at
        first, second = (loop.proofs()[number] for number in (1, 2))
        assert first.proven_at
        assert second.told_at
        assert first.proven_at <= second.told_at
        assert loop.pbx.record.wrong_passwords.total() == 0


async def test_after_a_change_of_registrar_phones_are_asked_through_the_old_one(
    store: Store, tmp_path: Path
) -> None:
    accounts = (SipLogin(user="1001", password=NEW), SipLogin(user="1002", password=NEW))
    async with (
        whole_loop(store, tmp_path) as loop,
        SimulatedRegistrar(RegistrarSpec(accounts=accounts)) as new,
    ):
        loop.move(to=new, password=NEW)
        revision = loop.apply()
        applied = AppliedRevision(store, revision.number)
        before = addressees(store, applied, loop.app.logins)
        assert [each.sip.lines[0].registrar for each in before] == [peer_of(loop.pbx)] * 2
        assert {each.sip.lines[0].login.password for each in before} == {OLD}
        ended = await loop.run(begin(store, Terms(order=CANARY_FIRST, deadline=30), now()))
        assert ended.state is RolloutState.DONE
        assert {proof.how for proof in loop.proofs().values()} == {
            "SIP NOTIFY through its registrar: accepted; it reaches every device registered as "
            f"10{number:02}"
            for number in (1, 2)
        }
        after = addressees(store, applied, loop.app.logins)
        assert [each.sip.lines[0].registrar for each in after] == [peer_of(new)] * 2
        assert set(new.registered) == {"1001", "1002"}
        assert (loop.pbx.record.wrong_passwords + new.record.wrong_passwords).total() == 0


async def test_what_phones_push_proves_them_where_nobody_polls(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path) as loop:
        await loop.poll()
        for number in (1, 2):
            loop.intend(number, NEW)
            loop.pbx.set_password(f"10{number:02}", NEW)
        loop.apply()
        loop.push(1)  # before its fetch, which proves nothing
        rollout = begin(store, Terms(order=CANARY_FIRST, deadline=30), now())
        running = asyncio.create_task(loop.run(rollout, polls=False))
        for number in (1, 2):
            await until(lambda number=number: is_fetched(loop, number))
            assert loop.proofs()[number].state is ProofState.FETCHED
            loop.push(number, PushState.UNREGISTERED)
            loop.push(number)
        assert (await running).state is RolloutState.DONE
        for proof in loop.proofs().values():
            assert (proof.state, proof.by) == (ProofState.PROVEN, ProofWay.PUSH)
            assert proof.fetched_at
            assert proof.proven_at
            assert proof.fetched_at <= proof.proven_at


async def test_where_the_login_changes_a_push_has_it_tried_before_it_proves_anything(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path, 1) as loop:
        await loop.poll()
        common = Intent(parameters={"admin password": Wanted(value="31415926", lock=True)})
        store.inventory.apply([], [], IntentChange(at=now(), fleet=common))
        loop.apply()
        rollout = begin(store, Terms(order=CANARY_FIRST, deadline=30, settle=3600), now())
        patient = replace(PACE, settle=timedelta(hours=1))
        running = asyncio.create_task(loop.run(rollout, pace=patient))
        await until(lambda: is_fetched(loop, 1))
        loop.push(1)
        assert (await running).state is RolloutState.DONE
        assert {each.phone.password for each in store.phones.load()} == {"31415926"}


def is_fetched(loop: Loop, number: int) -> bool:
    return loop.proofs()[number].state is ProofState.FETCHED


async def test_with_a_wrong_password_the_canary_fails_and_the_rollout_stops(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path) as loop:
        loop.intend(1, WRONG)
        loop.intend(2, WRONG)
        loop.apply()
        rollout = begin(store, Terms(order=CANARY_FIRST, deadline=4), now())
        ended = await loop.run(rollout)
        assert ended.state is RolloutState.STOPPED
        assert "1 phone of stage canaries failed" in ended.why
        assert "line 1 is failed (401)" in ended.why
        assert loop.proofs()[1].state is ProofState.FAILED
        assert loop.proofs()[2].state is ProofState.WAITING
        assert "1002" in loop.pbx.registered


async def test_a_canary_that_its_registrar_refuses_fails_long_before_the_deadline(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path) as loop:
        loop.intend(1, WRONG)
        loop.apply()
        order = StageOrder(canaries=(loop.ids[0],))
        ended = await loop.run(begin(store, Terms(order=order, deadline=86_400), now()))
        assert ended.state is RolloutState.STOPPED
        assert "line 1 is failed (401)" in loop.proofs()[1].detail


async def test_a_phone_that_is_led_to_another_server_does_not_prove_the_rollout(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path) as loop:
        away = {"download protocol": "HTTP", "http server": "127.0.0.99"}
        parameters = {name: Wanted(value=value) for name, value in away.items()}
        parameters["admin password"] = Wanted(value=ADMIN, lock=True)
        store.inventory.apply([], [], IntentChange(at=now(), fleet=Intent(parameters=parameters)))
        provisioner = loop.app.provisioner()
        planned = provisioner.plan()
        assert [phone.leaves for phone in planned.phones] == [True, True]
        with pytest.raises(ConfigurationError, match="fetches-elsewhere failed"):
            provisioner.apply(planned, by="test")
        provisioner.apply(planned, by="test", allow=["fetches-elsewhere"])
        ended = await loop.run(begin(store, Terms(order=CANARY_FIRST, deadline=3), now()))
        assert ended.state is RolloutState.STOPPED
        assert "did not come back to fetch a second time" in ended.why
        assert loop.proofs()[2].state is ProofState.WAITING


async def test_a_change_of_server_that_comes_back_is_proven_by_two_fetches(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path) as loop:
        server, _, port = loop.service.urls["http"].split("/")[2].partition(":")
        home = {"download protocol": "HTTP", "http server": server, "http port": port}
        parameters = {name: Wanted(value=value) for name, value in home.items()}
        parameters["admin password"] = Wanted(value=ADMIN, lock=True)
        store.inventory.apply([], [], IntentChange(at=now(), fleet=Intent(parameters=parameters)))
        before = {each: len(store.fetches.load(phone_id=each)) for each in loop.ids}
        loop.apply()
        ended = await loop.run(begin(store, Terms(order=CANARY_FIRST, deadline=30), now()))
        assert ended.state is RolloutState.DONE
        await loop.service.flush()
        for each in loop.ids:
            own = store.fetches.load(phone_id=each)[: -before[each]]
            assert sum(fetch.file.startswith("00085D") for fetch in own) >= 2


async def test_a_phone_that_is_off_is_absent_and_catches_up_when_it_is_back(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path) as loop:
        device = loop.simulator.phones[1].device
        assert device
        await device.stop()
        await loop.poll()
        password = Wanted(value=ADMIN, lock=True)
        period = Wanted(value="3000")
        slower = Intent(parameters={"admin password": password, "sip registration period": period})
        store.inventory.apply([], [], IntentChange(at=now(), fleet=slower))
        loop.apply()
        order = StageOrder(canary_count=2, steps=())
        ended = await loop.run(begin(store, Terms(order=order, deadline=30), now()))
        assert ended.state is RolloutState.DONE
        one, two = (loop.proofs()[number] for number in (1, 2))
        assert (one.state, two.state) == (ProofState.PROVEN, ProofState.ABSENT)
        assert "It was absent before the roll-out" in two.detail
        assert "1 absent phone gets the new files" in sentence(ended, loop.proofs().values())


async def test_a_new_admin_password_is_used_as_soon_as_the_phone_takes_it(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path) as loop:
        await loop.poll()
        common = Intent(parameters={"admin password": Wanted(value="31415926", lock=True)})
        store.inventory.apply([], [], IntentChange(at=now(), fleet=common))
        loop.apply()
        ended = await loop.run(begin(store, Terms(order=CANARY_FIRST, deadline=30), now()))
        assert ended.state is RolloutState.DONE
        assert {each.phone.password for each in store.phones.load()} == {"31415926"}
        await loop.poll()
        assert {status.reach for status in store.observations.statuses()} == {Reach.OK}
        written = store.journal.load(phone_id=loop.ids[0])
        assert "accepts its new admin password" in "".join(entry.what for entry in written)


async def test_what_was_applied_and_not_fetched_is_told_by_the_rules(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path) as loop:
        settings = loop.app.settings.provisioning
        patient, hasty = (
            replace(
                loop.app,
                settings=structs.replace(
                    loop.app.settings,
                    provisioning=structs.replace(
                        settings,
                        stale_after=stale_after,
                        firmware_versions={"6753i": "3.3.1.9999"},
                    ),
                ),
            )
            for stale_after in (3600, 0)
        )
        await poll(patient, loop.ids)
        assert rules(patient) == {"firmware-drift"}
        loop.intend(1, NEW)
        loop.apply()
        patient.rejudge()
        assert rules(patient) == {"firmware-drift"}
        hasty.rejudge()
        assert rules(hasty) == {"firmware-drift", "config-stale"}
        rollout = begin(store, Terms(order=CANARY_FIRST), now())
        hasty.rejudge()
        assert rules(hasty) == {"firmware-drift"}, "its turn has not come"
        assert store.rollouts.get() == rollout
        refused = Fetch(
            at=now(),
            file="00085D000101.cfg",
            address="127.9.9.9",
            outcome=FetchOutcome.WRONG_AGENT,
            phone_id=loop.ids[0],
        )
        store.fetches.record([refused])
        hasty.judging.files.read(now())
        await poll(hasty, loop.ids)
        assert rules(hasty) == {"firmware-drift", "unexpected-fetch"}


def rules(app: App) -> set[str]:
    statuses = app.store.observations.statuses()
    return {finding.rule for status in statuses for finding in status.findings}


async def roll_out_password(loop: Loop, password: str) -> None:
    """Give phone 1 a new SIP password, and bring it there."""
    loop.intend(1, password)
    loop.pbx.set_password("1001", password)
    loop.apply()
    ended = await loop.run(begin(loop.store, Terms(order=CANARY_FIRST, deadline=30), now()))
    assert ended.state is RolloutState.DONE
    await loop.service.flush()


async def test_phones_get_their_logins_by_the_factorys_and_then_need_their_own(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path, 1, login="digest") as loop:
        (number,) = loop.ids

        def login() -> FetchLogin:
            return store.fetch_logins.load()[number]

        first = login()
        assert (first.username, first.used) == ("00085D000101", None)
        assert len(first.password) == 20
        await roll_out_password(loop, NEW)
        assert login().used is not None
        done = rotate(
            store, loop.app.provisioner(), [number], from_factory=False, by="test", now=now()
        )
        second = login()
        assert (done, second.previous, second.used) == (1, first.password, None)
        await roll_out_password(loop, OLD)  # it fetches with the old login, and learns the new
        assert login().previous == first.password
        await roll_out_password(loop, NEW)
        assert (login().password, login().previous) == (second.password, "")
        host = loop.simulator.hosts[0].partition(":")[0]
        agent = {"User-Agent": "Aastra53i MAC:00-08-5D-00-01-01 V:3.3.1.4365-SIP"}
        transport = httpx.AsyncHTTPTransport(local_address=host)
        async with httpx.AsyncClient(transport=transport, headers=agent) as client:
            url = loop.service.urls["http"] + "00085D000101.cfg"
            status = {
                password: (await client.get(url, auth=httpx.DigestAuth(user, password))).status_code
                for user, password in (
                    (second.username, second.password),
                    (first.username, first.password),
                    ("aastra", "aastra"),
                )
            }
    assert status == {second.password: 200, first.password: 401, "aastra": 401}


async def test_a_rollout_that_holds_keeps_new_files_from_phones_it_has_not_asked(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path) as loop:
        before = store.revisions.last()
        for number in (1, 2):
            loop.intend(number, NEW)
        revision = loop.apply()

        async def given() -> list[int | None]:
            """The revisions of the own files that the phones would get if they restarted now."""
            for number, host in enumerate(loop.simulator.hosts, 1):
                agent = f"Aastra53i MAC:00-08-5D-00-01-{number:02X} V:3.3.1.4365-SIP"
                transport = httpx.AsyncHTTPTransport(local_address=host.partition(":")[0])
                async with httpx.AsyncClient(transport=transport) as client:
                    url = f"{loop.service.urls['http']}00085D0001{number:02X}.cfg"
                    await client.get(url, headers={"User-Agent": agent})
            await loop.service.flush()
            return [store.fetches.load(phone_id=each, limit=1)[0].revision for each in loop.ids]

        order = StageOrder(canaries=(loop.ids[0],), steps=())
        rollout = begin(store, Terms(order=order, deadline=1), now())
        assert await given() == [before, before]
        ended = await loop.run(rollout)  # the registrar does not take the new password
        assert ended.state is RolloutState.STOPPED
        assert await given() == [revision.number, before]
        said = sentence(ended, store.rollouts.proofs(ended.id))
        assert "1 phone has the new files. 1 phone keeps the old files" in said
        assert begin(store, Terms(deadline=1, hold=False), now()).hold is False
        assert await given() == [revision.number, revision.number]
