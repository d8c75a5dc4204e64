"""Runs the last roll-out of a database quickly; to be killed."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.app import App, rules_of, words_of
from fleet.clock import now
from fleet.provision.build import resyncer_of
from fleet.provision.rollout.service import RolloutService
from fleet.provision.rollout.state_machine import Pace
from fleet.settings import settings_of
from fleet.store import Keyring, Store
from fleet.sweep import Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.model import Rollout

PACE = Pace(at_once=2, settle=timedelta(0), grace=timedelta(seconds=1))


async def run(app: App, rollout: Rollout) -> None:
    async def poll(ids: Sequence[int]) -> None:
        order = Order(ids=tuple(ids), selection="test", insist=True, anew=True)
        await app.sweep(order, lambda _: None)

    async with app.client() as client:
        resyncer = resyncer_of(app.settings, app.store, client, by="test", reboot=True)
        service = RolloutService(
            store=app.store,
            resyncer=resyncer,
            logins=app.logins,
            poll=poll,
            clock=now,
            pace=PACE,
            tick=0.02,
            poll_every=timedelta(seconds=0.1),
        )
        await service.run(rollout, lambda *_: None)


def main() -> None:
    settings = settings_of({})
    keyring = Keyring.parse(os.environ["FLEET_SECRETS_KEY"], "the test's key")
    store = Store.open(sys.argv[1], keyring=keyring)
    app = App(settings=settings, store=store, words=words_of(settings), rules=rules_of(settings))
    rollout = store.rollouts.get()
    assert rollout
    sys.stdout.write("up\n")
    sys.stdout.flush()
    asyncio.run(run(app, rollout))
    store.close()


if __name__ == "__main__":
    main()
