"""Goes on with the rotation of a database, quickly; to be killed.

child.py DATABASE-URL CONTROL-URL FOLDER
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

from fleet.app import App, rules_of, words_of
from fleet.provision.build import rotator_of
from fleet.provision.rollout import StageOrder
from fleet.provision.rollout.service import Terms
from fleet.provision.rollout.state_machine import Pace
from fleet.settings import settings_of
from fleet.store import Keyring, Store
from tests.provision.loop import run_quickly
from tests.provision.rotate.rotating import command, gate_for

TERMS = Terms(order=StageOrder(canary_count=1, steps=("50%",)), deadline=60)
PACE = Pace(at_once=2, settle=timedelta(0), grace=timedelta(seconds=1))


def main() -> None:
    url, control, folder = sys.argv[1:]
    keyring = Keyring.parse(os.environ["FLEET_SECRETS_KEY"], "the test's key")
    store = Store.open(url, keyring=keyring)
    settings = settings_of({})
    app = App(settings=settings, store=store, words=words_of(settings), rules=rules_of(settings))
    sys.stdout.write("up\n")
    sys.stdout.flush()
    rotation = store.rotations.get(is_open=True)
    if rotation:
        rotator = rotator_of(store, app.provisioner, by="test")
        started = rotator.rollout_of(rotation) or rotator.enact(rotation, TERMS)
        gate = partial(gate_for, store, command(control, "tell", Path(folder)))
        asyncio.run(run_quickly(app, started, gate, PACE))
    store.close()


if __name__ == "__main__":
    main()
