"""A process that alerts until it is killed: `python -m tests.alert.sender DATABASE SECONDS URL…`.

Its clock is SECONDS ahead, so that what a killed one had claimed is due again.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from fleet.alert import Alerting, Composer, Deliverer, Policy, Route, channels_of
from fleet.store import Store


def main() -> None:
    database, seconds, *urls = sys.argv[1:]
    ahead = timedelta(seconds=float(seconds))
    routes = (Route(name="default", urls=tuple(urls)),)
    store = Store.open(database, keyring=None)
    rounds = Alerting(
        store=store,
        policy=Policy(routes=routes, group_wait=timedelta(), most_per_hour=100_000),
        find_causes=lambda *_: (),
        composer=Composer(),
    )
    deliverer = Deliverer(
        store=store,
        channels=channels_of(routes),
        give_up_after=timedelta(days=365),
        clock=lambda: datetime.now(UTC) + ahead,
    )
    while True:
        sys.stdout.write("round\n")
        sys.stdout.flush()
        rounds.run(deliverer.clock())
        asyncio.run(deliverer.run())


if __name__ == "__main__":
    main()
