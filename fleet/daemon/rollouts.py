"""The daemon runs roll-outs that were left to it, or whose runner crashed."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from fleet.clock import now
from fleet.errors import RolloutRunning
from fleet.model import JournalEntry, RunBy
from fleet.provision.rollout.messages import ProgressMessages
from fleet.store import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from fleet.app import App
    from fleet.model import Proof, Rollout

log = logging.getLogger(__name__)

BY = "fleet serve"  # as the journal has it


class Rollouts:
    """Looks whether there is a roll-out to run, and runs it. `look_at` has phones polled soon."""

    def __init__(self, app: App, look_at: Callable[[Iterable[int]], None]) -> None:
        self._app, self._look_at = app, look_at

    async def run(self) -> None:
        """Run the one that waits, until it is over or paused. Cancelled, it can be gone on with."""
        store = self._app.store
        found = await asyncio.to_thread(store.rollouts.to_take_over, now())
        if found is None:
            return
        try:
            await self._app.roll_out(
                found,
                await asyncio.to_thread(self._begin, found),
                by=BY,
                run_by=RunBy.DAEMON,
                poll=self._poll,
            )
        except RolloutRunning as error:  # another daemon was quicker, or this one hung for long
            log.info("Stopped running the roll-out of revision %d: %s", found.revision, error)

    def _begin(self, rollout: Rollout) -> Callable[[Rollout, Mapping[int, Proof]], None]:
        store = self._app.store
        what = f"Runs the roll-out of revision {rollout.revision}."
        log.info("%s", what)
        store.journal.add([JournalEntry(at=now(), by=BY, what=what)])
        phones = store.phones.load(secrets=Secrets.NONE)
        messages = ProgressMessages({each.id: each.phone.label for each in phones})

        def progress(rollout: Rollout, proofs: Mapping[int, Proof]) -> None:
            for news in messages.news(rollout, proofs):
                log.info("Roll-out: %s", news)

        return progress

    async def _poll(self, ids: Sequence[int]) -> None:
        """Have phones polled within the planned sweep, which may last all of its interval."""
        self._look_at(ids)
