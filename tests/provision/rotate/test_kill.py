"""A rotation whose process is killed at random moments goes on, and no phone is refused."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
from typing import TYPE_CHECKING

import pytest

from fleet.model import AccountState, RolloutState
from fleet.store import Store
from tests.provision.loop import OLD
from tests.provision.rotate.rotating import rotating
from tests.simulator.boot.phones import within

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.store import Keyring
    from tests.provision.rotate.rotating import Rotating

PHONES = 4
KILLS = 5


async def go_on_and_kill(it: Rotating, url: str, key: str, after: float | None) -> None:
    """Go on with the rotation, and kill that so many seconds after its start (None: not)."""
    runner = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.provision.rotate.child",
        url,
        it.loop.control,
        str(it.folder),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "FLEET_SECRETS_KEY": key},
    )
    assert runner.stdout
    assert await within(runner.stdout.readline()) == b"up\n"
    if after is not None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(runner.wait(), after)
        with contextlib.suppress(ProcessLookupError):  # it came to its end by itself
            runner.kill()
    await within(runner.wait(), 120)


@pytest.mark.timeout(240 + 30 * KILLS)
@pytest.mark.parametrize(("seed", "shared"), [(0, ""), (1, "1099")])
async def test_a_killed_rotation_goes_on_and_locks_nobody_out(
    database_url: str, keyring: Keyring, tmp_path: Path, seed: int, shared: str
) -> None:
    store = Store.open(database_url, keyring=keyring)
    chance = random.Random(seed)
    async with rotating(store, tmp_path, PHONES, shared=shared) as it:
        rotation = it.planned()
        for _ in range(KILLS):
            await go_on_and_kill(it, database_url, keyring.keys[0], chance.uniform(0, 1.2))
            assert set(it.loop.pbx.registered) == it.loop.users
        await go_on_and_kill(it, database_url, keyring.keys[0], None)
        ended = store.rollouts.get()
        assert ended
        assert ended.state is RolloutState.DONE
        assert set(it.states().values()) == {AccountState.PROVEN}
        assert it.intended() == {account.user: account.new for account in rotation.accounts}
        assert OLD not in it.intended().values()
        assert await it.in_force() == it.loop.users
        assert it.loop.pbx.record.wrong_passwords.total() == 0
        assert it.is_settled()
    store.close()
