"""`fleet poll`, all in: fetch, read, judge, store. Three sweeps over a fresh database."""

from __future__ import annotations

import compileall
import csv
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contenders.contender import Pass
from benchmarks.measure import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.sample import Load

FIRST = "fleet poll, first sweep"
SECOND = "fleet poll, second sweep"
STEADY = "fleet poll, third sweep"
_SITES = 20
_PACKAGE = Path(__file__).resolve().parents[2] / "fleet"


def fleet_poll(load: Load) -> Iterator[Pass]:
    """Import the hosts, then sweep three times; the import is not measured."""
    compileall.compile_dir(_PACKAGE, quiet=2)  # as pip does when it installs
    inventory, database = load.folder / "inventory.csv", load.folder / "fleet.db"
    _write_inventory(inventory, load.hosts)
    environ = {
        "FLEET_DATABASE_URL": f"sqlite:///{database}",
        "FLEET_POLL_CONCURRENCY": str(load.concurrency),
        "FLEET_WEB_UI_USERNAME": load.username,
        "FLEET_WEB_UI_PASSWORD": load.password,
    }
    fleet = [sys.executable, "-m", "fleet"]
    run([*fleet, "init"], folder=load.folder, environ=environ)
    run([*fleet, "inventory", "import", str(inventory)], folder=load.folder, environ=environ)
    for _ in range(3):
        before = _rows(database)
        cost, _out = run([*fleet, "poll"], folder=load.folder, environ=environ)
        after = _rows(database)
        grown = tuple((name, rows - before.get(name, 0)) for name, rows in after.items())
        changed = tuple((name, more) for name, more in grown if more)
        yield Pass(good=_good(database), cost=cost, grown=changed)


def _write_inventory(path: Path, hosts: tuple[str, ...]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("site", "host"))
        writer.writerows((f"site-{i % _SITES:02d}", host) for i, host in enumerate(hosts))


def _rows(database: Path) -> dict[str, int]:
    """The number of rows of every table."""
    with closing(sqlite3.connect(database)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for (name,) in names
        }


def _good(database: Path) -> int:
    """How many phones the last sweep read."""
    with closing(sqlite3.connect(database)) as connection:
        row = connection.execute("SELECT ok FROM sweeps ORDER BY id DESC LIMIT 1").fetchone()
        return int(row[0])
