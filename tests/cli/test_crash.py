"""A sweep that is killed at any moment: nothing written is lost, and the next one carries on."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from fleet.simulator import believable_fleet
from fleet.store import Store
from tests.cli.conftest import Phones, answering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PHONES = 300
KILLS = 4


@pytest.fixture(scope="module")
def phones() -> Iterator[Phones]:
    with answering(believable_fleet(PHONES, mix={"line-401": 0.1})) as simulated:
        yield simulated


class Poller:
    """`fleet` in processes of its own, in a folder of its own."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.environ = os.environ | {
            "FLEET_DATABASE_URL": database_url,
            "FLEET_POLL_CONCURRENCY": "8",
        }
        self.command = [sys.executable, "-m", "fleet"]

    def run(self, *words: str) -> str:
        ran = subprocess.run(
            [*self.command, *words],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def kill_a_poll_after(self, seconds: float) -> None:
        poll = subprocess.Popen(
            [*self.command, "poll"],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            poll.wait(seconds)
        except subprocess.TimeoutExpired:
            poll.kill()
            poll.wait()

    def history(self) -> set[tuple[Any, ...]]:
        rows = json.loads(self.run("export", "history", "--format", "json"))
        return {(row["host"], row["line"], row["state"], row["since"]) for row in rows}


def test_a_killed_sweep_loses_nothing_and_is_carried_on(
    phones: Phones, tmp_path: Path, empty_database_url: str
) -> None:
    Store.open(empty_database_url, keyring=None).close()
    poller = Poller(tmp_path, empty_database_url)
    (tmp_path / "phones.csv").write_text(phones.csv(), encoding="utf-8")
    poller.run("inventory", "import", "phones.csv")
    chance = random.Random(time.time_ns())
    written: set[tuple[Any, ...]] = set()

    for _ in range(KILLS):
        poller.kill_a_poll_after(chance.uniform(0.5, 3.5))
        poller.run("db", "check")
        history = poller.history()
        assert written <= history
        written = history

    document = json.loads(poller.run("poll", "--json"))
    assert len(document["lines"]) >= PHONES
    assert {phone["reach"] for phone in document["phones"]} == {"ok"}
    assert document["sweep"]["finished"]
    assert written <= poller.history()
