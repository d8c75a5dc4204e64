"""A planned sweep over the wire: spread, looking again, giving way, carried on."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from fleet.errors import SweepTaken
from fleet.findings import Judge
from fleet.judge import Context, verdicts
from fleet.model import Phone, Registration
from fleet.phone.http.client import PhoneClient
from fleet.phone.http.target import Timeouts
from fleet.phone.pages import words_with
from fleet.provision.file_states import FileStates
from fleet.simulator import LineSpec, PhoneSpec, Simulator
from fleet.sweep import (
    Backoff,
    LoginDefaults,
    Observer,
    Order,
    Outcome,
    Slot,
    Sweeper,
    Urgent,
    run_planned,
)
from tests.store.fleets import HOUR, add
from tests.store.watching import step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from fleet.model import Finding, Observation
    from fleet.store import Known, Store

SECOND = timedelta(seconds=1)
GOOD = LineSpec(number=1, user="1001", registrar="pbx.example")
REFUSED = replace(GOOD, registration=Registration.FAILED, code=401)
SPEC = PhoneSpec(lines=(GOOD,))


def now() -> datetime:
    return datetime.now(UTC)


def judged(known: Known, seen: Observation) -> Mapping[str, tuple[Finding, ...]]:
    lines = seen.facts.lines if seen.facts else ()
    context = Context(phone=known.stored.phone, reach=seen.reach, lines=lines)
    return verdicts(context, seen.at)


@asynccontextmanager
async def sweeping(
    store: Store, *specs: PhoneSpec
) -> AsyncIterator[tuple[Sweeper, Simulator, list[int]]]:
    """A sweeper, simulated phones, and their numbers in the store."""
    timeouts = Timeouts(connect=2, read=2, total=5)
    async with Simulator(specs) as simulator, PhoneClient(timeouts=timeouts) as client:
        phones = (
            Phone(host=phone.host, mac=phone.given.mac, password=phone.given.password)
            for phone in simulator.phones
        )
        ids = add(store, *phones)
        yield (
            Sweeper(
                store=store,
                observer=Observer(client=client, words=words_with({}), clock=now),
                judge=judged,
                logins=LoginDefaults(),
                backoff=Backoff(first=SECOND, longest=SECOND),
                concurrency=8,
                carry_on_within=timedelta(hours=1),
                clock=now,
                step=step,
            ),
            simulator,
            ids,
        )


def specs(count: int, *lines: LineSpec) -> list[PhoneSpec]:
    return [
        replace(SPEC, mac=f"00:08:5D:00:00:{number:02X}", lines=lines or SPEC.lines)
        for number in range(1, count + 1)
    ]


async def planned(
    sweeper: Sweeper,
    slot: Slot,
    urgent: Urgent | None = None,
    begun: asyncio.Event | None = None,
) -> Outcome:
    async def sweep(order: Order) -> Outcome:
        return await sweeper.run(order, lambda _tally: begun.set() if begun else None)

    return await run_planned(
        sweep,
        slot,
        confirm_after=SECOND / 10,
        urgent=urgent or Urgent(),
        clock=now,
    )


async def test_every_phone_is_polled_within_its_slot(store: Store) -> None:
    async with sweeping(store, *specs(12)) as (sweeper, _, ids):
        slot = Slot(moment=now(), interval=2 * SECOND)
        outcome = await planned(sweeper, slot)
    assert outcome.sweep.counts.ok == len(ids)
    seen = [status.observed_at for status in store.observations.statuses() if status.observed_at]
    assert max(seen) - min(seen) > SECOND / 2
    assert outcome.sweep.planned_for == slot.moment


async def test_a_slot_is_swept_once(store: Store) -> None:
    async with sweeping(store, *specs(2)) as (sweeper, _, _):
        slot = Slot(moment=now(), interval=SECOND)
        await planned(sweeper, slot)
        with pytest.raises(SweepTaken):
            await planned(sweeper, slot)


async def test_a_new_problem_is_looked_at_again_in_the_same_sweep(store: Store) -> None:
    async with sweeping(store, *specs(1, REFUSED)) as (sweeper, simulator, _):
        await planned(sweeper, Slot(moment=now(), interval=3 * SECOND))
        asked = simulator.phone(0).record.requests
    assert asked == 2
    assert [one.code for one in store.findings.incidents(open_only=True)] == [401]


async def test_what_the_sweep_before_saw_once_is_looked_at_again_early(store: Store) -> None:
    one, two, three = specs(3)
    refused = [replace(each, lines=(REFUSED,)) for each in (one, two)]
    judge = Judge(rules={}, files=FileStates(store, stale_after=HOUR, versions={}))
    async with sweeping(store, *refused, three) as (plain, simulator, ids):
        sweeper = replace(plain, step=judge.step)
        await sweeper.run(Order(ids=tuple(ids[:1])), lambda _tally: None)
        await sweeper.run(Order(), lambda _tally: None)
        assert [simulator.phone(n).record.requests for n in range(3)] == [2, 1, 1]
        await planned(sweeper, Slot(moment=now(), interval=3 * SECOND))
        asked = [simulator.phone(n).record.requests for n in range(3)]
    assert asked == [3, 3, 2]  # open already, seen once, well


async def test_an_urgent_phone_is_polled_in_between(store: Store) -> None:
    async with sweeping(store, *specs(1)) as (sweeper, simulator, ids):
        urgent = Urgent()
        urgent.ask(ids[0])
        await planned(sweeper, Slot(moment=now(), interval=3 * SECOND), urgent)
        asked = simulator.phone(0).record.requests
    assert asked == 2


async def test_it_gives_way_to_a_person_and_is_carried_on(store: Store) -> None:
    async with sweeping(store, *specs(40)) as (sweeper, _, ids):
        begun = asyncio.Event()
        slot = Slot(moment=now(), interval=8 * SECOND)
        slow = asyncio.create_task(planned(sweeper, slot, begun=begun))
        await begun.wait()
        person = await sweeper.run(Order(), lambda _tally: None)
        assert person.sweep.counts.ok == len(ids)
        outcome = await slow
    assert outcome.sweep.counts.ok == len(ids)
    assert len(store.sweeps.load()) == 2
