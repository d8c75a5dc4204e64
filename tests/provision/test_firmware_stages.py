"""New firmware reaches simulated phones stage by stage, and no phone before its turn."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from fleet.clock import now
from fleet.errors import RolloutRunning, UsageError
from fleet.model import ProofState, RolloutState
from fleet.provision.rollout import StageOrder
from fleet.provision.rollout.messages import sentence
from fleet.provision.rollout.service import Terms, begin, roll_back
from fleet.provision.serve import firmware_gate
from tests.provision.loop import whole_loop
from tests.simulator.boot.phones import within

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.provision.firmware import FirmwareGate
    from fleet.store import Store
    from tests.provision.loop import Loop

NEW = "9.1.0.1001"


def put(folder: Path, body: bytes) -> None:
    """Put a file into the firmware folder that was copied long ago."""
    path = folder / "firmware" / "53i.st"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(body)
    os.utime(path, (1_700_000_000, 1_700_000_000))


def gate_of(loop: Loop) -> FirmwareGate:
    return firmware_gate(loop.app.settings, loop.store, now)


def canary_first(loop: Loop, gate: FirmwareGate, deadline: float, *, downgrade: bool) -> Terms:
    order = StageOrder(canaries=(loop.ids[0],), steps=())
    return Terms(order=order, deadline=deadline, firmware=gate.to_roll_out(downgrade=downgrade))


async def versions(loop: Loop) -> list[str]:
    """Poll the phones, and return what they run."""
    await loop.poll()
    found = {each.stored.id: each.firmware for each in loop.store.observations.statuses()}
    return [found[phone_id] for phone_id in loop.ids]


async def restart_by_itself(loop: Loop, number: int) -> None:
    """Have a phone restart, and wait until it has asked for its files."""
    device = loop.simulator.phone(number - 1).device
    assert device is not None
    boots = device.record.boots
    device.reboot()

    async def booted() -> None:
        while device.record.boots == boots:  # noqa: ASYNC110  nobody tells of it
            await asyncio.sleep(0.05)

    await within(booted())
    await loop.until_registered()


async def test_new_firmware_goes_to_the_canary_first_and_then_to_the_rest(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path) as loop:
        old = await versions(loop)
        put(tmp_path, f"firmware {NEW}-SIP".encode())
        gate = gate_of(loop)
        await restart_by_itself(loop, 2)
        assert await versions(loop) == old
        assert [(file.name, file.version) for file in gate.unaccepted()] == [("53i.st", NEW)]
        rollout = begin(store, canary_first(loop, gate, 60, downgrade=False), now())
        with pytest.raises(RolloutRunning):
            gate.accept([], by="test")
        ended = await loop.run(rollout)
        assert (ended.state, ended.stages) == (RolloutState.DONE, ("canaries", "the rest"))
        first, second = (loop.proofs()[number] for number in (1, 2))
        assert {first.state, second.state} == {ProofState.PROVEN}
        assert first.proven_at
        assert second.told_at
        assert first.proven_at <= second.told_at
        assert await versions(loop) == [NEW, NEW]
        assert gate.unaccepted() == []
        with pytest.raises(UsageError, match="of firmware"):
            roll_back(store, Terms(), to=None, by="test", now=now())


async def test_firmware_that_no_poll_shows_stops_the_roll_out_and_stays_back(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path) as loop:
        old = await versions(loop)
        put(tmp_path, b"an image that tells no version")
        gate = gate_of(loop)
        with pytest.raises(UsageError, match="not known"):
            gate.to_roll_out(downgrade=False)
        loop.app.settings.provisioning.firmware_versions["6753i"] = NEW
        gate = gate_of(loop)
        ended = await loop.run(begin(store, canary_first(loop, gate, 1, downgrade=False), now()))
        assert ended.state is RolloutState.STOPPED
        assert f"it runs firmware {old[0]}, not {NEW}" in ended.why
        said = sentence(ended, store.rollouts.proofs(ended.id))
        assert said.startswith(f"Firmware 53i.st ({NEW}) stopped")
        assert "1 phone keeps the old files" in said
        digest = gate.files()["53i.st"].digest
        asked = [("53i.st", digest, phone_id) for phone_id in (*loop.ids, None)]
        assert gate.held(asked) == {1, 2}
        assert gate.accept([], by="test")
        assert gate.held(asked) == set()


async def test_an_older_version_needs_downgrade(store: Store, tmp_path: Path) -> None:
    async with whole_loop(store, tmp_path) as loop:
        await versions(loop)
        put(tmp_path, b"firmware 1.0.0.1000")
        gate = gate_of(loop)
        with pytest.raises(UsageError, match="--downgrade"):
            gate.to_roll_out(downgrade=False)
        assert set(gate.to_roll_out(downgrade=True)) == set(loop.ids)


async def test_the_first_file_of_a_model_is_accepted_if_its_phones_run_it(
    store: Store, tmp_path: Path
) -> None:
    async with whole_loop(store, tmp_path) as loop:
        (runs, _) = await versions(loop)
        put(tmp_path, f"firmware {runs}".encode())
        gate = gate_of(loop)
        assert gate.unaccepted() == []
        same = gate.files()["53i.st"].digest
        assert gate.held([("53i.st", same, None)]) == set()
        put(tmp_path, f"new firmware {NEW}".encode())
        other = gate.files()["53i.st"].digest
        assert gate.held([("53I.ST", other, loop.ids[0]), ("53i.st", same, None)]) == {0}
