"""What a sweep sees is written in batches, as it goes, whatever ends the sweep."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from fleet.model import Phone
from fleet.store import Known, Recorded, StoredPhone
from fleet.sweep.writer import BACKLOG, BATCH, Writer
from tests.store.fleets import START, bad

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def polled(phone_id: int) -> Recorded:
    return bad(Known(stored=StoredPhone(id=phone_id, phone=Phone(host=f"h{phone_id}"))), START)


class Database:
    """Remembers the batches; a batch waits while the database is closed."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun = threading.Event()
        self.open = threading.Event()
        self.open.set()

    def write(self, batch: Sequence[Recorded]) -> Mapping[int, Known]:
        self.begun.set()
        assert self.open.wait(10)
        self.batches.append([each.known.stored.id for each in batch])
        return {each.known.stored.id: each.known for each in batch}

    @property
    def written(self) -> list[int]:
        return [phone_id for batch in self.batches for phone_id in batch]


async def test_all_that_was_put_is_written_in_order_when_it_stops() -> None:
    database, known = Database(), dict[int, Known]()
    writer = Writer(database.write, known)
    running = asyncio.create_task(writer.run())
    await asyncio.sleep(0)

    for phone_id in range(BATCH + 3):
        await writer.put(polled(phone_id))
    writer.stop()
    await running

    assert database.written == list(range(BATCH + 3))
    assert max(map(len, database.batches)) <= BATCH
    assert sorted(known) == database.written


async def test_an_empty_batch_is_written_too_for_it_keeps_the_lease() -> None:
    database = Database()

    await Writer(database.write, {}).flush()

    assert database.batches == [[]]


async def test_a_sweep_far_ahead_waits_for_the_database() -> None:
    database = Database()
    writer = Writer(database.write, {})
    for phone_id in range(BACKLOG - 1):
        await writer.put(polled(phone_id))

    waiting = asyncio.create_task(writer.put(polled(BACKLOG - 1)))
    await asyncio.sleep(0)
    assert not waiting.done()

    await writer.flush()
    await waiting
    assert len(database.written) == BACKLOG


async def test_a_batch_under_way_is_waited_for_when_cancelled() -> None:
    database, known = Database(), dict[int, Known]()
    database.open.clear()
    writer = Writer(database.write, known)
    await writer.put(polled(1))
    flushing = asyncio.create_task(writer.flush())
    await asyncio.to_thread(database.begun.wait, 10)

    flushing.cancel()
    database.open.set()
    with pytest.raises(asyncio.CancelledError):
        await flushing

    assert database.written == [1]
    assert list(known) == [1]


async def test_an_error_of_the_database_ends_it() -> None:
    def broken(_batch: Sequence[Recorded]) -> Mapping[int, Known]:
        raise OSError("the disk is gone")

    writer = Writer(broken, {})
    running = asyncio.create_task(writer.run())
    await asyncio.sleep(0)
    await writer.put(polled(1))
    writer.stop()

    with pytest.raises(OSError, match="gone"):
        await running
