"""A process that watches a made-up fleet until it is killed: `python -m tests.watch.child --help`.

What is wrong with the fleet is a function of the sweep's number, so that whoever comes after knows
what every sweep must have seen.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from datetime import timedelta

from fleet.alert import Deliverer, Policy, Route
from fleet.store import Store
from tests.watch.world import INTERVAL, START, World

PHONES, SITES, REGISTRARS = 40, 4, 2
LASTS = 4  # sweeps for which something is wrong
WELL_AT_THE_END = 16  # longer than the window in which changes make a line flap


def troubles(number: int) -> set[tuple[int, int]]:
    """The phones and lines that are refused in this sweep; the phones' numbers begin with 1."""
    chance = random.Random(f"trouble {number // LASTS}")
    if number % LASTS == LASTS - 1:
        return set()  # a sweep without any, so that nothing goes on into the next trouble
    return {(chance.randint(1, PHONES), chance.randint(1, 3)) for _ in range(4)}


def dead_registrars(number: int) -> set[str]:
    """The registrars that are dead in this sweep: now and then one is."""
    is_dead = number // LASTS % 5 == 3 and number % LASTS != LASTS - 1
    return {"pbx1.example"} if is_dead else set()


def world_of(store: Store, url: str) -> World:
    """Make a world of the phones that are there already, or of new ones."""
    policy = Policy(routes=(Route(name="hook", urls=(url,)),), most_per_hour=100_000)
    return World(
        store=store, phones=PHONES, sites=SITES, registrars=REGISTRARS, policy=policy, deliver=None
    )


def main() -> None:
    """Sweep, judge and deliver, until killed; or until all is well, and end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("webhook")
    parser.add_argument("--finish", action="store_true")
    given = parser.parse_args()
    store = Store.open(given.database, keyring=None)
    world = world_of(store, given.webhook)
    deliverer = Deliverer(
        store=store,
        channels={"hook": given.webhook},
        give_up_after=timedelta(days=999),
        clock=lambda: world.now,
    )
    world.deliver = lambda: asyncio.run(deliverer.run())
    left = WELL_AT_THE_END
    while left or not given.finish:
        left -= given.finish
        _sweep(world, is_well=given.finish)
    store.close()


def _sweep(world: World, *, is_well: bool) -> None:
    last = world.store.sweeps.last_planned("sweep")
    world.now = last + INTERVAL if last else START
    number = int((world.now - START) / INTERVAL)
    world.refused = set() if is_well else troubles(number)
    world.dead_registrars = set() if is_well else dead_registrars(number)
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()
    world.sweep_once()


if __name__ == "__main__":
    main()
