"""The use case: begin a roll-out of what was applied last, run it, roll it back."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from fleet.errors import UsageError
from fleet.model import ProofState, Reach, RolloutState, RunBy
from fleet.provision.addressees import AccountOwners, addressees
from fleet.provision.applied import AppliedRevision
from fleet.provision.resync import How
from fleet.provision.rollout.evidence import Evidence, trouble_of
from fleet.provision.rollout.logins import LoginRenewer
from fleet.provision.rollout.preconditions import NoPreconditions, Preconditions
from fleet.provision.rollout.runner import Asked, Runner, Tools
from fleet.provision.rollout.stages import Candidate, StageOrder, kept_together, stages_of
from fleet.provision.rollout.state_machine import Pace
from fleet.provision.rollout.windows import Windows
from fleet.store import RolloutStart, Secrets

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from datetime import datetime

    from fleet.model import FirmwareFile, Proof, Rollout
    from fleet.provision.resync import Resyncer
    from fleet.store import Store
    from fleet.sweep import LoginDefaults

RolloutProgress: TypeAlias = Callable[["Rollout", Mapping[int, "Proof"]], None]

_OVER = (RolloutState.STOPPED, RolloutState.DONE)
_STANDING = (RolloutState.RUNNING, RolloutState.PAUSED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """How a roll-out is to go. `deadline` is in seconds, for one phone's proof.

    `at_once`, `settle` (seconds), `hold`, `web_ui`, `not_before`, `ignores_windows` and who runs it
    are as `Rollout` has them.
    `firmware`: the new firmware file of each phone that is to get one; nobody else is asked then.
    `groups`, if any, are the phones to be told: each phone, also one that has fetched everything or
    is absent, and those of a group in one stage.
    """

    order: StageOrder = field(default_factory=StageOrder)
    deadline: float = 1800.0
    most_failures: int = 0
    run_by: RunBy = RunBy.FOREGROUND
    at_once: int = 50
    settle: float = 30.0
    hold: bool = True
    web_ui: bool = False
    not_before: datetime | None = None
    ignores_windows: bool = False
    firmware: Mapping[int, FirmwareFile] = field(default_factory=dict)
    groups: tuple[frozenset[int], ...] = ()


def begin(store: Store, terms: Terms, now: datetime) -> Rollout:
    """Begin a roll-out of the last revision to all phones that have a file of it.

    Raises `UsageError` if there is nothing to roll out, `RolloutRunning` while another stands.
    """
    number = store.revisions.last()
    if not number:
        raise UsageError("Nothing was applied yet: fleet provision plan, then apply.")
    owners = AccountOwners(store)
    candidates = _candidates(store, AppliedRevision(store, number), owners)
    if terms.groups:
        some = frozenset().union(*terms.groups)
        candidates = [
            replace(each, is_current=False, is_absent=False, trouble="")
            for each in candidates
            if each.phone_id in some
        ]
    if terms.firmware:
        _check_nothing_held(store)
        candidates = [
            replace(each, is_current=False)
            for each in candidates
            if each.phone_id in terms.firmware
        ]
    stages, proofs = stages_of(candidates, terms.order)
    done = (
        each.revision
        for each in store.rollouts.load()
        if each.state is RolloutState.DONE and not each.firmware
    )
    twice = frozenset() if terms.firmware else store.revisions.twice(next(done, 0), number)
    proofs = tuple(
        replace(proof, fetches=2) if proof.phone_id in twice else proof for proof in proofs
    )
    todo = {proof.phone_id for proof in proofs if proof.state is ProofState.WAITING}
    stages, proofs = kept_together(stages, proofs, terms.groups or owners.groups(todo))
    if not proofs:
        raise UsageError(f"Revision {number} has no phone's own file, so there is no phone to ask.")
    start = RolloutStart(
        revision=number,
        stages=stages,
        proofs=proofs,
        deadline=terms.deadline,
        most_failures=terms.most_failures,
        run_by=terms.run_by,
        at_once=terms.at_once,
        settle=terms.settle,
        hold=terms.hold and not terms.firmware,
        web_ui=terms.web_ui,
        not_before=terms.not_before,
        ignores_windows=terms.ignores_windows,
        firmware=tuple({file.name: file for file in terms.firmware.values()}.values()),
    )
    return store.rollouts.begin(start, now)


def _check_nothing_held(store: Store) -> None:
    """Raise `UsageError` while a stopped roll-out keeps configurations back."""
    last = store.rollouts.get()
    if last is not None and last.hold and last.state is RolloutState.STOPPED:
        raise UsageError(
            f"The stopped roll-out of revision {last.revision} keeps files back: roll it out or "
            "back first, with fleet provision rollout start or rollback."
        )


def roll_back(store: Store, terms: Terms, *, to: int | None, by: str, now: datetime) -> Rollout:
    """Apply again what phones had before the last roll-out, and begin a roll-out of that.

    `to` None: the revision of the last roll-out that was done before, else the revision before.
    Whatever the terms say, it has one stage, and no failure stops it. Raises `UsageError` if there
    is nothing to undo.
    """
    undone = store.rollouts.get()
    if undone is None or undone.state is RolloutState.ROLLED_BACK:
        raise UsageError("There is no roll-out to roll back; see fleet provision rollout status.")
    if undone.firmware:
        raise UsageError(
            "The last roll-out was of firmware, which no revision contains. To take it back, put "
            "the old files into the firmware folder, then use rollout start --firmware --downgrade "
            "if fleet provision firmware shows them as not accepted."
        )
    number = store.rollouts.revision_before(undone) if to is None else to
    if number < 1:
        raise UsageError(f"There is no revision before {undone.revision} to go back to.")
    store.revisions.get(number)
    store.revisions.check_passwords(number)
    store.rollouts.control(
        undone.id,
        RolloutState.ROLLED_BACK,
        among=(*_STANDING, *_OVER),
        why=f"Rolled back to revision {number}.",
        now=now,
    )
    comment = f"roll-out of revision {undone.revision} rolled back"
    store.revisions.roll_back(
        number, by=by, comment=comment, now=now, expected=store.revisions.last()
    )
    everybody = StageOrder(canary_count=0, steps=())
    failures = store.phones.count()
    # Not held back: what phones had before is what is rolled back.
    back = replace(terms, order=everybody, most_failures=failures, hold=False)
    return begin(store, back, now)


@dataclass(frozen=True, kw_only=True)
class RolloutService:
    """Runs roll-outs, with everything that it needs given to it.

    `pace` None: as each roll-out has it written.
    """

    store: Store
    resyncer: Resyncer
    logins: LoginDefaults
    poll: Callable[[Sequence[int]], Awaitable[None]]
    clock: Callable[[], datetime]
    pace: Pace | None = None
    tick: float = 2.0
    poll_every: timedelta | None = None
    run_by: RunBy = RunBy.FOREGROUND
    preconditions: Callable[[Rollout], Preconditions] = lambda _rollout: NoPreconditions()
    windows: Windows = field(default_factory=Windows)

    async def run(
        self,
        rollout: Rollout,
        progress: RolloutProgress,
        patience: timedelta = timedelta(0),
    ) -> Rollout:
        """Run a roll-out until it is over, or paused.

        Raises `StoreError`, and `RolloutRunning` if another process runs roll-outs all `patience`.
        """
        applied = await asyncio.to_thread(AppliedRevision, self.store, rollout.revision)
        models = await asyncio.to_thread(_models, self.store)
        preconditions = await asyncio.to_thread(self.preconditions, rollout)
        owners = await asyncio.to_thread(AccountOwners, self.store)
        proofs = await asyncio.to_thread(self.store.rollouts.proofs, rollout.id)
        companions = preconditions.companions or _companions(owners, proofs)
        sites: defaultdict[str, set[int]] = defaultdict(set)
        for each in await asyncio.to_thread(self.store.phones.load, secrets=Secrets.NONE):
            sites[each.phone.site].add(each.id)

        def resting(at: datetime) -> frozenset[int]:
            """Those whom nobody may ask: phones of sites whose window is closed."""
            closed = [ids for site, ids in sites.items() if not self.windows.is_open(site, at)]
            return frozenset().union(*closed)

        ways = (*self.resyncer.ways, How.WEB_UI) if rollout.web_ui else self.resyncer.ways
        resyncer = replace(self.resyncer, ways=ways)

        async def ask(phone_id: int) -> Asked:
            some = await asyncio.to_thread(
                addressees,
                self.store,
                applied,
                self.logins,
                [phone_id],
                owners=owners,
                told_together=companions.get(phone_id, ()),
            )
            if not some:
                return Asked("it is no longer in the inventory", accepted=True)
            outcome = await resyncer.ask(some[0])
            return Asked(outcome.how, outcome.accepted)

        renewer = LoginRenewer(
            store=self.store,
            http=self.resyncer.http,
            applied=applied,
            models=models,
            logins=self.logins,
            clock=self.clock,
            by=self.resyncer.by,
        )

        async def poll(ids: Sequence[int]) -> None:
            await renewer.renew(ids)
            await self.poll(ids)

        evidence = Evidence(self.store, applied, models, renewer.pending, rollout.firmware)
        tools = Tools(
            store=self.store,
            ask=ask,
            poll=poll,
            observe=evidence.observe,
            clock=self.clock,
            pace=self.pace or pace_of(rollout),
            tick=self.tick,
            run_by=self.run_by,
            preconditions=preconditions,
            companions=companions,
            resting=resting,
            **({} if self.poll_every is None else {"poll_every": self.poll_every}),
        )
        ended = await Runner(tools, progress).run(rollout.id, patience)
        if ended.state not in _STANDING:
            await preconditions.close(await asyncio.to_thread(self.store.rollouts.proofs, ended.id))
        return ended


def pace_of(rollout: Rollout) -> Pace:
    """How fast phones are told, as it is written."""
    return Pace(at_once=rollout.at_once, settle=timedelta(seconds=rollout.settle))


def _companions(owners: AccountOwners, proofs: Sequence[Proof]) -> dict[int, frozenset[int]]:
    """Who is told together, by stage: phones that share an account."""
    stages = {
        proof.phone_id: proof.stage for proof in proofs if proof.state is not ProofState.SKIPPED
    }
    return {
        phone_id: frozenset(
            other for other in group if other != phone_id and stages[other] == stages[phone_id]
        )
        for group in owners.groups(stages.keys())
        for phone_id in group
    }


def _candidates(store: Store, applied: AppliedRevision, owners: AccountOwners) -> list[Candidate]:
    models = _models(store)
    evidence, last = Evidence(store, applied, models), store.fetches.last()
    statuses = [each for each in store.observations.statuses() if applied.proof_of(each.stored.id)]
    sharing = frozenset().union(*owners.groups({each.stored.id for each in statuses}))
    return [
        Candidate(
            phone_id=status.stored.id,
            site=status.stored.phone.site,
            model=models.get(status.stored.id, ""),
            is_current=evidence.is_current(status.stored.id, last),
            trouble=trouble_of(status),
            is_absent=status.reach is Reach.UNREACHABLE,
            shares=status.stored.id in sharing,
        )
        for status in statuses
    ]


def _models(store: Store) -> dict[int, str]:
    seen = store.phones.models()
    return {
        each.id: seen.get(each.id, "") or each.phone.model
        for each in store.phones.load(secrets=Secrets.NONE)
    }
