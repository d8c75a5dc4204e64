"""What was fetched is written down, also by a database that is away for a while."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from fleet.errors import StoreError
from fleet.provision.files.handshakes import Handshakes
from fleet.provision.serve import fetch_log as books_module
from fleet.provision.serve.fetch_log import BATCH, FetchLog
from tests.provision.serve.served import Clock
from tests.store.test_fetching import fetch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pytest

    from fleet.model import Fetch
    from fleet.store import FetchLogin


class Memory:
    """A store that can be away."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.fetches: list[Fetch] = []
        self.is_away = False

    def record(self, batch: Sequence[Fetch]) -> None:
        if self.is_away:
            raise StoreError("The database is away.")
        self.batches.append(len(batch))
        self.fetches += batch

    def secrets(self, ids: Sequence[int], further: Sequence[str]) -> dict[int, tuple[str, ...]]:
        if self.is_away:
            raise StoreError("The database is away.")
        return dict.fromkeys(ids, tuple(further))

    def mark_used(self, login: FetchLogin, now: datetime) -> bool:
        raise NotImplementedError


def books_of(memory: Memory, flush_every: float = 60.0) -> FetchLog:
    store: Any = SimpleNamespace(fetches=memory, fetch_logins=memory, phones=memory)
    return FetchLog(store, Handshakes(), Clock(), flush_every=flush_every)


async def test_what_waits_is_written_in_batches_at_the_end() -> None:
    memory = Memory()
    fetch_log = books_of(memory)
    for number in range(BATCH * 2 + 3):
        fetch_log.put(fetch(number))
    task = asyncio.create_task(fetch_log.run())
    fetch_log.stop()
    await task
    assert memory.batches == [BATCH, BATCH, 3]
    assert [each.phone_id for each in memory.fetches] == list(range(BATCH * 2 + 3))


async def test_a_full_batch_does_not_wait() -> None:
    memory = Memory()
    fetch_log = books_of(memory)
    task = asyncio.create_task(fetch_log.run())
    for number in range(BATCH):
        fetch_log.put(fetch(number))
    async with asyncio.timeout(10):
        while not memory.batches:  # noqa: ASYNC110  a thread writes
            await asyncio.sleep(0.01)
    fetch_log.stop()
    await task


async def test_a_database_that_is_away_loses_nothing_and_is_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    memory = Memory()
    fetch_log = books_of(memory)
    memory.is_away = True
    for number in range(3):
        fetch_log.put(fetch(number))
        assert not await fetch_log.flush()
    memory.is_away = False
    assert await fetch_log.flush()
    assert [each.phone_id for each in memory.fetches] == [0, 1, 2]
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]


async def test_what_was_lost_is_counted(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory()
    fetch_log = books_of(memory)
    for number in range(books_module.MOST + 5):
        fetch_log.put(fetch(number))
    assert await fetch_log.flush()
    assert len(memory.fetches) == books_module.MOST
    assert "5 fetches were lost" in caplog.text


async def test_it_ends_though_the_database_never_comes_back() -> None:
    memory = Memory()
    memory.is_away = True
    fetch_log = books_of(memory)
    fetch_log.put(fetch(1))
    fetch_log.stop()
    await fetch_log.run()
    assert memory.fetches == []
