"""Runs a roll-out: one process at a time, which may be killed at any moment."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from fleet.errors import RolloutRunning, StoreError, SweepRunning, UsageError
from fleet.model import ProofState, RolloutState, RunBy
from fleet.provision.rollout.preconditions import NoPreconditions, Preconditions, Refusal
from fleet.provision.rollout.proof import Observation, counts_from
from fleet.provision.rollout.state_machine import (
    OBSERVED,
    Pace,
    advance,
    not_reached,
    refused,
    untold,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from fleet.model import Proof, Rollout
    from fleet.provision.rollout.state_machine import Step
    from fleet.store import Store

LEASE = timedelta(seconds=60)
_LAST_WORDS = 3.0  # seconds for phones that are being asked to answer, when we are to end


class Asked(NamedTuple):
    """What came of asking a phone, in a few words, and whether any way was accepted."""

    how: str
    accepted: bool


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What a runner works with.

    `ask` asks a phone to re-sync, once its `preconditions` are met, and returns the result in a
    few words, and whether any way was accepted. `poll` polls phones, and raises `SweepRunning`
    while somebody else does. `observe` returns what is known of phones. `companions` are told with
    a phone, or not at all; `resting` are whom nobody may ask at a moment.
    """

    store: Store
    ask: Callable[[int], Awaitable[Asked]]
    poll: Callable[[Sequence[int]], Awaitable[None]]
    observe: Callable[[Sequence[int]], Mapping[int, Observation]]
    clock: Callable[[], datetime]
    pace: Pace = field(default_factory=Pace)
    tick: float = 2.0
    poll_every: timedelta = timedelta(seconds=30)
    run_by: RunBy = RunBy.FOREGROUND
    preconditions: Preconditions = field(default_factory=NoPreconditions)
    companions: Mapping[int, Collection[int]] = field(default_factory=dict)
    resting: Callable[[datetime], Collection[int]] = lambda _: ()
    absent_every: timedelta = timedelta(minutes=5)
    again_every: timedelta = timedelta(minutes=5)


class Runner:
    """Takes steps until the roll-out is over, or paused and everybody who was asked answered."""

    def __init__(self, tools: Tools, progress: Callable[[Rollout, Mapping[int, Proof]], None]):
        self._tools = tools
        self._progress = progress
        self._proofs: dict[int, Proof] = {}
        self._asking: dict[int, asyncio.Task[Asked | Refusal]] = {}
        self._asked_at: dict[int, datetime] = {}
        self._polling: asyncio.Task[None] | None = None
        self._polled_at: dict[int, datetime] = {}
        self._absent_at: dict[int, datetime] = {}
        self._observations: Mapping[int, Observation] = {}

    async def run(self, rollout_id: int, patience: timedelta = timedelta(0)) -> Rollout:
        """Run it. Raises `StoreError`, and `RolloutRunning` if another process does all `patience`.

        Cancelled, it leaves the roll-out as it is written: whoever resumes it goes on from there.
        """
        await self._take(rollout_id, patience)
        try:
            return await self._run(rollout_id)
        finally:
            try:
                await self._let_go(rollout_id)
            finally:
                self._tools.store.rollouts.leave()

    async def _take(self, rollout_id: int, patience: timedelta) -> None:
        """Be the one who runs it; whoever ends running another may take that long."""
        tools, until = self._tools, self._tools.clock() + patience
        while True:
            now = tools.clock()
            try:
                await asyncio.to_thread(
                    tools.store.rollouts.take,
                    now=now,
                    ttl=LEASE,
                    rollout_id=rollout_id,
                    run_by=tools.run_by,
                )
            except RolloutRunning:
                if now >= until:
                    raise
                await asyncio.sleep(tools.tick)
            else:
                return

    async def _run(self, rollout_id: int) -> Rollout:
        store = self._tools.store
        proofs = await asyncio.to_thread(store.rollouts.proofs, rollout_id)
        shut = await asyncio.to_thread(self._tools.preconditions.shut)
        self._proofs = {
            proof.phone_id: untold(proof) if proof.phone_id in shut else proof for proof in proofs
        }
        while True:
            rollout = await self._step(rollout_id)
            self._progress(rollout, self._proofs)
            if rollout.state is not RolloutState.RUNNING and not self._asking:
                return rollout
            await self._rest()

    async def _step(self, rollout_id: int) -> Rollout:
        """Look, decide, write, and only then ask."""
        answered = self._answered()
        now = self._tools.clock()
        active = [each.phone_id for each in self._proofs.values() if self._is_active(each, now)]
        rollout, self._observations = await asyncio.to_thread(self._read, rollout_id, active)
        now = self._tools.clock()
        step = advance(
            rollout,
            self._proofs,
            self._observations,
            now=now,
            pace=self._tools.pace,
            under_way=self._asking.keys(),
            asked_lately=[
                each for each, at in self._asked_at.items() if now < at + self._tools.again_every
            ],
            resting=() if rollout.ignores_windows else self._tools.resting(now),
            companions=self._tools.companions,
        )
        changed = {proof.phone_id: proof for proof in (*answered, *step.changed)}
        rollout = await self._write(step, tuple(changed.values()), now)
        self._proofs |= {proof.phone_id: proof for proof in step.changed}
        self._asked_at |= dict.fromkeys(step.tell, now)
        for phone_id in step.tell:
            self._asking[phone_id] = asyncio.create_task(_asked(self._tools, phone_id))
        self._poll_some(now)
        return rollout

    def _read(
        self, rollout_id: int, ids: Sequence[int]
    ) -> tuple[Rollout, Mapping[int, Observation]]:
        store = self._tools.store
        rollout = store.rollouts.get(rollout_id)
        if rollout is None:
            raise UsageError(f"There is no roll-out {rollout_id}.")
        last = store.revisions.last()
        if rollout.state is RolloutState.RUNNING and last != rollout.revision:
            why = f"Revision {last} was applied meanwhile: start a roll-out of that revision."
            ended = self._tools.clock()
            rollout = replace(rollout, state=RolloutState.STOPPED, why=why, ended=ended)
        return rollout, self._tools.observe(ids)

    async def _write(self, step: Step, changed: tuple[Proof, ...], now: datetime) -> Rollout:
        """Write a step; whoever stopped or paused the roll-out meanwhile is obeyed next time.

        A phone that was to be told is told all the same then: it is written down as told.
        """
        save = self._tools.store.rollouts.save
        return await asyncio.to_thread(save, step.rollout, changed, now=now, ttl=LEASE)

    def _write_answers(self, rollout_id: int) -> None:
        store = self._tools.store
        answered, rollout = self._answered(), store.rollouts.get(rollout_id)
        if answered and rollout is not None:
            store.rollouts.save(rollout, answered, now=self._tools.clock(), ttl=LEASE)

    def _answered(self) -> list[Proof]:
        """What came of asking, for those where that is over."""
        done = [phone_id for phone_id, task in self._asking.items() if task.done()]
        told = [_told(self._proofs[each], self._asking.pop(each).result()) for each in done]
        self._proofs |= {proof.phone_id: proof for proof in told}
        return told

    def _poll_some(self, now: datetime) -> None:
        """Poll phones that have fetched, each every so often; in the background."""
        if self._polling is not None:
            if not self._polling.done():
                return
            self._polling.result()
            self._polling = None
        due = [proof.phone_id for proof in self._proofs.values() if self._is_due(proof, now)]
        if due:
            self._polled_at |= dict.fromkeys(due, now)
            self._polling = asyncio.create_task(_polled(self._tools.poll, due))

    def _is_active(self, proof: Proof, now: datetime) -> bool:
        """Whether a phone is to be looked at; absent ones, who may be many, only now and then."""
        if proof.state is not ProofState.ABSENT:
            return proof.state in OBSERVED
        looked_at = self._absent_at.get(proof.phone_id)
        if looked_at is not None and now < looked_at + self._tools.poll_every:
            return False
        self._absent_at[proof.phone_id] = now
        return True

    def _is_due(self, proof: Proof, now: datetime) -> bool:
        if proof.state is ProofState.ABSENT and proof.told_at is None:
            polled = self._polled_at.get(proof.phone_id)
            return polled is None or now >= polled + self._tools.absent_every
        if proof.state is not ProofState.FETCHED or proof.fetched_at is None:
            return False
        polled = self._polled_at.get(proof.phone_id)
        observation = self._observations.get(proof.phone_id, Observation())
        if observation.pushed_at is not None and (polled is None or polled < observation.pushed_at):
            return True  # it says that it is there
        is_time = polled is None or now >= polled + self._tools.poll_every
        return is_time and now >= counts_from(
            observation, proof.fetched_at, self._tools.pace.settle
        )

    async def _rest(self) -> None:
        """Wait a moment, or until somebody who was asked has answered."""
        waiting = set(self._asking.values())
        if waiting:
            await asyncio.wait(
                waiting, timeout=self._tools.tick, return_when=asyncio.FIRST_COMPLETED
            )
        else:
            await asyncio.sleep(self._tools.tick)

    async def _let_go(self, rollout_id: int) -> None:
        """End. Who is being asked gets a moment to answer, so that it need not be asked again."""
        if self._asking:
            await asyncio.wait(self._asking.values(), timeout=_LAST_WORDS)
            with suppress(StoreError, RolloutRunning):
                await asyncio.to_thread(self._write_answers, rollout_id)
        tasks = [*self._asking.values(), *([self._polling] if self._polling else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _asked(tools: Tools, phone_id: int) -> Asked | Refusal:
    return await tools.preconditions.passes(phone_id) or await tools.ask(phone_id)


def _told(proof: Proof, answer: Asked | Refusal) -> Proof:
    if isinstance(answer, Refusal):
        return refused(proof, answer.detail)
    if answer.accepted or proof.state is not ProofState.TOLD:
        return replace(proof, how=answer.how)
    return not_reached(proof, answer.how)


async def _polled(poll: Callable[[Sequence[int]], Awaitable[None]], ids: Sequence[int]) -> None:
    try:
        await poll(ids)
    except SweepRunning:
        return  # that one polls them, or the next try does
