"""The daemon runs roll-outs that were left to it or whose runner is gone, and outlives them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import structs

from fleet.clock import now
from fleet.model import ProofState, ProofWay, RolloutState, RunBy
from fleet.provision.rollout import StageOrder
from fleet.provision.rollout.service import Terms, begin
from fleet.settings.serving import ServerSettings
from fleet.store import Holder, Store
from tests.daemon.running import free_port, running, until
from tests.provision.loop import NEW, OLD, Loop, mac, whole_loop
from tests.simulator.boot.phones import within

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path

    from fleet.app import App
    from fleet.model import Rollout
    from fleet.store import Keyring
    from tests.daemon.running import Running

LEFT = Terms(order=StageOrder(steps=()), deadline=60, settle=0, run_by=RunBy.DAEMON)
GONE = replace(Holder.this_process(), started="0")  # a process of this number that has ended


@asynccontextmanager
async def changed(store: Store, folder: Path, count: int = 2) -> AsyncIterator[Loop]:
    """Phones whose new passwords are applied, and wait to be rolled out."""
    async with whole_loop(store, folder, count) as loop:
        for number in range(1, count + 1):
            loop.intend(number, NEW)
            loop.pbx.set_password(f"10{number:02}", NEW)
        loop.apply()
        yield loop


def served(loop: Loop, store: Store | None = None) -> App:
    """The app of a daemon that has the loop's database."""
    settings = structs.replace(loop.app.settings, server=ServerSettings(port=free_port()))
    return replace(loop.app, settings=settings, store=store or loop.store)


async def says(daemon: Running, number: int) -> None:
    """Have a phone push that its line is registered."""
    agent = f"Aastra6753i MAC:{mac(number).replace(':', '-')} V:3.3.1.4365-SIP"
    answer = await daemon.ask(f"/push/registered?u=10{number:02}", agent)
    assert answer.startswith("HTTP/1.1 200")


def last(loop: Loop) -> Rollout:
    rollout = loop.store.rollouts.get()
    assert rollout
    return rollout


def has(loop: Loop, number: int, *states: ProofState) -> bool:
    return loop.proofs()[number].state in states


def is_over(loop: Loop) -> bool:
    return last(loop).state is RolloutState.DONE


async def test_a_rollout_that_was_left_to_it_is_run_and_pushes_bring_it_on(
    store: Store, tmp_path: Path
) -> None:
    async with changed(store, tmp_path) as loop, running(served(loop)) as daemon:
        begin(store, LEFT, now())
        for number in (1, 2):
            await until(
                lambda number=number: has(loop, number, ProofState.FETCHED, ProofState.PROVEN)
            )
            await says(daemon, number)
        await until(lambda: is_over(loop))
        assert last(loop).run_by is RunBy.DAEMON
        assert {proof.state for proof in loop.proofs().values()} == {ProofState.PROVEN}
        assert all(isinstance(proof.by, ProofWay) for proof in loop.proofs().values())
        await until(lambda: store.rollouts.runner(now()) is None)
    assert "Runs the roll-out of revision 2." in [entry.what for entry in store.journal.load()]


async def test_it_is_left_by_a_command_and_followed_by_another(
    database_url: str, keyring: Keyring, store: Store, tmp_path: Path
) -> None:
    def fleet(*words: str) -> Awaitable[tuple[int, str]]:
        return said(database_url, keyring.keys[0], "provision", "rollout", *words)

    async with changed(store, tmp_path) as loop, running(served(loop)):
        started = await fleet("start", "--detach", "--stages", "", "--settle", "0")
        assert started[0] == 0, started[1]
        assert "was handed over to the daemon.\nIt runs in the daemon: process" in started[1]
        code, out = await fleet("--follow")
        assert code == 0
        assert out.splitlines()[0].startswith("Revision 2, stage ")
        assert out.splitlines()[-1] == "Revision 2 done: 2 proven."
        for number in (1, 2):
            loop.pbx.set_password(f"10{number:02}", OLD)
        back = await fleet("rollback", "--detach", "--settle", "0")
        assert back[0] == 0, back[1]
        assert (await fleet("--follow"))[1].splitlines()[-1] == "Revision 3 done: 2 proven."
        document = json.loads((await fleet("--json"))[1])["rollout"]
        assert (document["run_by"], document["process"]) == ("nobody", "")
        assert {phone["by"] for phone in document["phones"]} == {"poll"}


async def test_without_a_daemon_it_says_that_nobody_runs_it_and_what_to_do(
    database_url: str, keyring: Keyring, store: Store, tmp_path: Path
) -> None:
    async with changed(store, tmp_path, 1) as loop:
        words = ("provision", "rollout", "start", "--detach", "--settle", "0")
        code, out = await said(database_url, keyring.keys[0], *words)
        assert code == 3
        assert "Nobody runs it. It waits for a daemon: start fleet serve" in out
        here = ("provision", "rollout", "resume", "--here")
        code, out = await said(database_url, keyring.keys[0], *here)
        assert (code, out.splitlines()[-1]) == (0, "Revision 2 done: 1 proven.")
        assert last(loop).run_by is RunBy.FOREGROUND


async def said(url: str, key: str, *words: str) -> tuple[int, str]:
    """Run fleet; give its exit code and what it said."""
    ran = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "fleet",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "FLEET_DATABASE_URL": url, "FLEET_SECRETS_KEY": key},
    )
    out, _ = await within(ran.communicate(), 90)
    return ran.returncode or 0, out.decode()


async def test_one_whose_runner_crashed_is_taken_over(store: Store, tmp_path: Path) -> None:
    async with changed(store, tmp_path, 1) as loop:
        begun = begin(store, replace(LEFT, run_by=RunBy.FOREGROUND), now())
        an_hour = timedelta(hours=1)
        store.rollouts.take(now=now(), ttl=an_hour, holder=GONE, rollout_id=begun.id)
        async with running(served(loop)):
            await until(lambda: is_over(loop))
        assert last(loop).run_by is RunBy.DAEMON


async def test_one_that_is_paused_waits_until_it_is_resumed(store: Store, tmp_path: Path) -> None:
    async with changed(store, tmp_path, 1) as loop:
        begun = begin(store, LEFT, now())
        standing = (RolloutState.RUNNING, RolloutState.PAUSED)

        def put(state: RolloutState) -> None:
            assert store.rollouts.control(begun.id, state, among=standing, why="", now=now())

        put(RolloutState.PAUSED)
        async with running(served(loop)) as daemon:
            await daemon.ask("/healthz")
            assert store.rollouts.to_take_over(now()) is None
            assert has(loop, 1, ProofState.WAITING)
            put(RolloutState.RUNNING)
            await until(lambda: is_over(loop))


async def test_a_stopped_daemon_leaves_it_to_the_next_and_nobody_is_told_twice(
    store: Store, tmp_path: Path
) -> None:
    async with changed(store, tmp_path) as loop:
        begin(store, LEFT, now())
        async with running(served(loop)):
            await until(lambda: bool(loop.pbx.record.forwarded))
        assert store.rollouts.runner(now()) is None
        assert last(loop).state is RolloutState.RUNNING
        async with running(served(loop)):
            await until(lambda: is_over(loop))
        assert set(Counter(loop.pbx.record.forwarded).values()) == {1}


async def test_a_rollout_that_cannot_be_run_does_not_take_the_daemon_down(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    async with changed(store, tmp_path, 1) as loop:
        begin(store, LEFT, now())
        keyless = await asyncio.to_thread(Store.open, database_url, keyring=None)
        async with running(served(loop, keyless)) as daemon:
            answer = ""
            async with asyncio.timeout(60):
                while "Rolling out fails" not in answer:
                    answer = await daemon.ask("/healthz")
            assert answer.startswith("HTTP/1.1 503")
            assert not daemon.task.done()
        keyless.close()
        assert last(loop).state is RolloutState.RUNNING
