"""A roll-out whose runner is killed at random moments goes on where it was, on both databases.

FLEET_TEST_KILLS=50 makes it as many as one likes; what came of them is logged.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from fleet.clock import now
from fleet.model import ProofState, RolloutState
from fleet.provision.rollout import StageOrder
from fleet.provision.rollout.service import Terms, begin
from fleet.provision.rollout.state_machine import ASKING, ASKING_AGAIN
from fleet.provision.serve import firmware_gate
from tests.provision.loop import NEW, OLD, Loop, whole_loop
from tests.simulator.boot.phones import within

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from fleet.model import Proof, Rollout
    from fleet.store import Keyring, Store

log = logging.getLogger(__name__)

PHONES = 5
KILLS = int(os.environ.get("FLEET_TEST_KILLS", "4"))
LONGEST = 1.2  # seconds from a runner's start to its end
ORDER = StageOrder(canary_count=1, steps=("50%",))


@dataclass
class Tried:
    """What was done. `unknown`: who was being told as a runner was killed, and since when."""

    kills: int = 0
    rollouts: int = 0
    cut_off: int = 0
    told_again: int = 0
    unknown: set[tuple[int, datetime | None]] = field(default_factory=set)


@dataclass(frozen=True)
class Runner:
    """Runs the last roll-out of a database, in a process of its own."""

    url: str
    key: str

    async def run(self, kill_after: float | None) -> bool:
        """Run the roll-out; tell whether its runner was killed, so many seconds after its start."""
        runner = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.provision.rollout.child",
            self.url,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "FLEET_SECRETS_KEY": self.key},
        )
        assert runner.stdout
        assert await within(runner.stdout.readline()) == b"up\n"
        if kill_after is not None:
            try:
                await asyncio.wait_for(runner.wait(), kill_after)
            except TimeoutError:
                runner.kill()
        ended = await within(runner.wait(), 120)
        assert ended == 0 or (kill_after is not None and ended == -signal.SIGKILL)
        return ended != 0  # it may have ended by itself at that very moment


def is_running(store: Store) -> bool:
    rollout = store.rollouts.get()
    return rollout is not None and rollout.state is RolloutState.RUNNING


def change(loop: Loop, password: str) -> Rollout:
    for number in range(1, PHONES + 1):
        loop.intend(number, password)
        loop.pbx.set_password(f"10{number:02}", password)
    loop.apply()
    return begin(loop.store, Terms(order=ORDER, deadline=60), now())


async def killed_until_its_end(
    loop: Loop, runner: Runner, chance: random.Random, tried: Tried
) -> None:
    """Roll out, killing runners as long as kills are left, and look at what came of it."""
    store = loop.store
    before = Counter(loop.pbx.record.forwarded)
    rollout = change(loop, OLD if tried.rollouts % 2 else NEW)
    tried.rollouts += 1
    tried.unknown.clear()
    while is_running(store):
        after = chance.uniform(0, LONGEST) if tried.kills < KILLS else None
        tried.kills += await runner.run(after)
        tried.unknown |= {
            (number, proof.told_at)
            for number, proof in loop.proofs().items()
            if proof.how in (ASKING, ASKING_AGAIN)
        }
    ended = store.rollouts.get(rollout.id)
    assert ended
    assert (ended.state, ended.stage) == (RolloutState.DONE, 2), ended.why
    assert_no_stage_was_skipped(store.rollouts.proofs(rollout.id))
    told = Counter(loop.pbx.record.forwarded)
    told.subtract(before)
    unknown = Counter(number for number, _ in tried.unknown)
    tried.cut_off += unknown.total()
    for number in range(1, PHONES + 1):
        times = told[f"10{number:02}"]
        assert 1 <= times <= 1 + unknown[number]
        tried.told_again += times - 1


def assert_no_stage_was_skipped(proofs: list[Proof]) -> None:
    assert {proof.state for proof in proofs} == {ProofState.PROVEN}
    stages = [[p for p in proofs if p.stage == number] for number in range(3)]
    assert [len(stage) for stage in stages] == [1, 2, 2]
    for before, after in itertools.pairwise(stages):
        proven = max(p.proven_at for p in before if p.proven_at)
        assert all(p.told_at and p.told_at >= proven for p in after)


@pytest.mark.timeout(240 + 30 * KILLS)
async def test_a_killed_runner_skips_no_stage_and_tells_nobody_without_need(
    database_url: str, store: Store, keyring: Keyring, tmp_path: Path
) -> None:
    chance = random.Random(time.time_ns())
    tried = Tried()
    runner = Runner(database_url, keyring.keys[0])
    async with whole_loop(store, tmp_path, PHONES) as loop:
        while tried.kills < KILLS:
            await killed_until_its_end(loop, runner, chance, tried)
    log.info(
        "%d kills in %d roll-outs to %d phones; %d were being told, %d were told once more.",
        tried.kills,
        tried.rollouts,
        PHONES,
        tried.cut_off,
        tried.told_again,
    )
    assert tried.told_again <= tried.cut_off


@pytest.mark.timeout(240)
async def test_a_killed_roll_out_of_firmware_installs_it_on_no_phone_before_its_turn(
    database_url: str, store: Store, keyring: Keyring, tmp_path: Path
) -> None:
    chance = random.Random(time.time_ns())
    runner = Runner(database_url, keyring.keys[0])
    async with whole_loop(store, tmp_path, PHONES) as loop:
        await loop.poll()
        file = tmp_path / "firmware" / "53i.st"
        file.parent.mkdir()
        file.write_bytes(b"firmware 9.1.0.1001")
        os.utime(file, (1_700_000_000, 1_700_000_000))
        gate = firmware_gate(loop.app.settings, store, now)
        files = gate.to_roll_out(downgrade=False)
        rollout = begin(store, Terms(order=ORDER, deadline=60, firmware=files), now())
        devices = [each.device for each in loop.simulator.phones]
        for kills in itertools.count():
            untold = [n for n, proof in loop.proofs().items() if proof.told_at is None]
            for number in untold:
                device = devices[number - 1]
                assert device is not None
                assert device.record.flashed == 0
                device.reboot()  # by itself
            await loop.until_registered()
            if not is_running(store):
                break
            await runner.run(chance.uniform(0, LONGEST) if kills < 2 else None)
        ended = store.rollouts.get(rollout.id)
        assert ended
        assert ended.state is RolloutState.DONE, ended.why
        assert_no_stage_was_skipped(store.rollouts.proofs(rollout.id))
        assert [device and device.record.flashed for device in devices] == [1] * PHONES
        assert gate.unaccepted() == []
