"""The use case: restore the old SIP passwords of phones that did not prove the new ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.model import RolloutState
from fleet.provision.rollout import StageOrder
from fleet.provision.rollout.control import UNFINISHED, running_process
from fleet.provision.rotate.service import taken_back

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fleet.model import Rollout, Rotation
    from fleet.provision.rollout.service import Terms
    from fleet.provision.rotate.gate import RotationGate
    from fleet.provision.rotate.service import Rotator
    from fleet.store import Store


def last_rotation(store: Store) -> Rotation | None:
    """Return the rotation of the last roll-out, if it was a rotation's."""
    last = store.rollouts.get()
    return store.rotations.get(revision=last.revision) if last else None


@dataclass(frozen=True, kw_only=True)
class RotationRevert:
    """Restores old SIP passwords.

    `run` runs a roll-out to its end; `gate` makes what changes passwords at registrars.
    """

    rotator: Rotator
    run: Callable[[Rollout], Awaitable[Rollout]]
    gate: Callable[[Rotation], RotationGate]

    async def finish(self) -> None:
        """Finish the last rotation if its roll-out ended and no process runs it."""
        store = self.rotator.store
        last, rotation = store.rollouts.get(), last_rotation(store)
        if last is None or rotation is None or rotation.ended:
            return
        if not running_process(store, self.rotator.clock()):
            await self.run(last)

    async def revert(self, rotation: Rotation, terms: Terms) -> tuple[Rotation, Rollout | None]:
        """Stop a rotation's roll-out, and begin one that restores the old passwords.

        The registrars, the inventory and the files have them before. Returns the reverse rotation
        with its roll-out; the rotation itself and None where no phone needs an old password.
        Raises `UsageError` while a process runs the roll-out.
        """
        store, now = self.rotator.store, self.rotator.clock
        if running_process(store, now()):
            raise UsageError("This roll-out is running: run fleet provision rollout stop first.")
        last = store.rollouts.get()
        if last and last.state in UNFINISHED:
            state = RolloutState.ROLLED_BACK
            store.rollouts.control(last.id, state, among=UNFINISHED, why="Rolled back.", now=now())
        await self.finish()
        rotation = store.rotations.get(rotation.id) or rotation
        await self.gate(rotation).give_back()
        rotation = store.rotations.get(rotation.id) or rotation
        back = taken_back(rotation)
        if not back:
            return rotation, None
        reverse = self.rotator.plan(back, gives_back=True)
        everybody = StageOrder(canary_count=0, steps=())
        started = self.rotator.enact(
            reverse, replace(terms, order=everybody, most_failures=store.phones.count())
        )
        return reverse, started
