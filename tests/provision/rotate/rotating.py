"""What tests of rotations need around the whole loop: a registrar command, a gate, the parts."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.clock import now
from fleet.model import Credentials
from fleet.phone.sip.ask import SipClient
from fleet.phone.sip.query import ask_registration
from fleet.phone.sip.transport import Peer, Timers
from fleet.provision.build import rotator_of
from fleet.provision.diagnose.asking import Turns
from fleet.provision.rollout import StageOrder
from fleet.provision.rollout.preconditions import NoPreconditions
from fleet.provision.rollout.service import Terms
from fleet.provision.rotate.gate import RotationGate
from fleet.provision.rotate.hook import RegistrarCommand
from fleet.provision.rotate.registrars import Registrars
from tests.provision.loop import Loop, whole_loop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet.model import AccountState, Rollout, RotatedAccount, Rotation
    from fleet.provision.rollout.preconditions import Preconditions
    from fleet.provision.rotate.service import Rotator
    from fleet.store import Store

SIP = SipClient(timers=Timers(t1=0.05, connect=1.0))
TELLER = Path(__file__).with_name("teller.py")
CANARY_FIRST = Terms(order=StageOrder(canary_count=1, steps=()), deadline=30)


def command(url: str, way: str, folder: Path, timeout: float = 30) -> RegistrarCommand:
    """The registrar command of the tests."""
    return RegistrarCommand(
        command=(sys.executable, str(TELLER), url, way, str(folder)),
        folder=folder,
        timeout=timeout,
    )


def gate_for(store: Store, told: RegistrarCommand | None, rollout: Rollout) -> Preconditions:
    """The gate of a roll-out, as it is built for real, but without pauses between questions."""
    rotation = store.rotations.get(revision=rollout.revision)
    if rotation is None or rotation.ended:
        return NoPreconditions()
    return gate_of(rotation, store, told)


def gate_of(rotation: Rotation, store: Store, told: RegistrarCommand | None) -> RotationGate:
    turns = Turns(store=store, clock=now, by="test", again=timedelta(0))
    registrars = Registrars(sip=SIP, turns=turns, command=told)
    return RotationGate(rotation, store=store, registrars=registrars, clock=now, by="test")


@dataclass(kw_only=True)
class Rotating:
    """The loop, and what rotates in it."""

    loop: Loop
    folder: Path

    @property
    def store(self) -> Store:
        return self.loop.store

    @property
    def rotator(self) -> Rotator:
        return rotator_of(self.store, self.loop.app.provisioner, by="test")

    def planned(self, *numbers: int) -> Rotation:
        """Plan a rotation of the accounts of phones by their numbers here; none: of all."""
        ids = self.loop.ids
        chosen = [ids[number - 1] for number in numbers] or ids
        accounts, _ = self.rotator.choose(chosen, 16)
        return self.rotator.plan(accounts)

    async def rotate(self, way: str, terms: Terms = CANARY_FIRST, *numbers: int) -> Rollout:
        """Rotate and run the roll-out to its end."""
        rollout = self.rotator.enact(self.planned(*numbers), terms)
        return await self.run(rollout, way)

    async def run(self, rollout: Rollout, way: str) -> Rollout:
        """Run a roll-out with the registrar command going this way; none for an empty one."""
        return await self.loop.run(rollout, partial(gate_for, self.store, self._command(way)))

    def gate_of(self, rotation: Rotation, way: str) -> RotationGate:
        return gate_of(rotation, self.store, self._command(way))

    def _command(self, way: str) -> RegistrarCommand | None:
        return command(self.loop.control, way, self.folder) if way else None

    def accounts(self) -> dict[str, RotatedAccount]:
        """The accounts of the newest rotation, by user."""
        rotation = self.store.rotations.get()
        assert rotation
        return {account.user: account for account in rotation.accounts}

    def states(self) -> dict[str, AccountState]:
        return {user: account.state for user, account in self.accounts().items()}

    def intended(self) -> dict[str, str]:
        """The passwords that the inventory has, by user."""
        return {
            account.user: account.sip_password
            for stored in self.store.phones.load()
            for account in stored.phone.accounts
        }

    async def takes(self, user: str, password: str) -> bool:
        """Whether the registrar takes a password."""
        peer = Peer(host=self.loop.pbx.address, port=self.loop.pbx.port)
        login = Credentials(username=user, password=password)
        answer = await ask_registration(SIP, peer, user=user, login=login)
        return answer.outcome.accepted

    async def in_force(self) -> set[str]:
        """The users whose password of the inventory the registrar takes."""
        said = self.intended()
        return {user for user, password in said.items() if await self.takes(user, password)}

    def is_settled(self) -> bool:
        """Whether inventory and files say the same, and no file is held back."""
        changes_nothing = self.loop.app.provisioner().plan().changes_nothing
        return changes_nothing and not self.store.held_files.phones()


@asynccontextmanager
async def rotating(
    store: Store, tmp_path: Path, count: int = 2, *, shared: str = ""
) -> AsyncIterator[Rotating]:
    """Phones that have booted and are registered, and a registrar command for their registrar."""
    folder = tmp_path / "told"
    folder.mkdir()
    async with whole_loop(store, tmp_path, count, shared=shared) as loop:
        yield Rotating(loop=loop, folder=folder)


def lasting(terms: Terms, deadline: float, most_failures: int = 0) -> Terms:
    return replace(terms, deadline=deadline, most_failures=most_failures)
