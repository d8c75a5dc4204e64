"""A roll-out whose runner is killed at random moments goes on where it was."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from fleet.app import now
from fleet.model import ProofState, RolloutState
from fleet.provision.rollout import StageOrder
from fleet.provision.rollout.service import Terms, begin
from tests.provision.loop import NEW, whole_loop
from tests.provision.rollout.child import PACE
from tests.simulator.boot.phones import within

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.store import Keyring

PHONES = 5
KILLS = 4
AT_ONCE = PACE.at_once
ORDER = StageOrder(canary_count=1, steps=("50%",))


async def run_and_kill(url: str, key: str, after: float | None) -> None:
    """Run the roll-out, and kill its runner so many seconds after its start (None: not)."""
    runner = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.provision.rollout.child",
        url,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "FLEET_SECRETS_KEY": key},
    )
    assert runner.stdout
    assert await within(runner.stdout.readline()) == b"up\n"
    if after is not None:
        try:
            await asyncio.wait_for(runner.wait(), after)
        except TimeoutError:
            runner.kill()
    await within(runner.wait(), 120)


@pytest.mark.parametrize("seed", range(2))
async def test_a_killed_runner_skips_no_stage_and_tells_nobody_without_need(
    sqlite_url: str, keyring: Keyring, tmp_path: Path, seed: int
) -> None:
    from fleet.store import Store

    store = Store.open(sqlite_url, keyring=keyring)
    chance = random.Random(seed)
    async with whole_loop(store, tmp_path, PHONES) as loop:
        for number in range(1, PHONES + 1):
            loop.intend(number, NEW)
            loop.pbx.set_password(f"10{number:02}", NEW)
        loop.apply()
        rollout = begin(store, Terms(order=ORDER, deadline=60), now())
        for _ in range(KILLS):
            await run_and_kill(sqlite_url, keyring.keys[0], chance.uniform(0, 0.7))
        await run_and_kill(sqlite_url, keyring.keys[0], None)
        ended = store.rollout(rollout.id)
        assert ended
        assert (ended.state, ended.stage) == (RolloutState.DONE, 2)
        proofs = store.proofs(rollout.id)
        assert {proof.state for proof in proofs} == {ProofState.PROVEN}
        stages = [[p for p in proofs if p.stage == number] for number in range(3)]
        for before, after in itertools.pairwise(stages):
            proven = max(p.proven_at for p in before if p.proven_at)
            assert all(p.told_at and p.told_at >= proven for p in after)
        told = Counter(loop.pbx.record.forwarded)
        assert set(told) == {f"10{number:02}" for number in range(1, PHONES + 1)}
        assert all(1 <= times <= 2 for times in told.values())
        assert sum(times - 1 for times in told.values()) <= AT_ONCE * KILLS
    store.close()
