"""Where bytes come from: read together, kept while they hold, never out of date."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from fleet.errors import StoreError
from fleet.model import AppliedFile, Revision
from fleet.provision.firmware import FirmwareFolder, FirmwareGate
from fleet.provision.serve.batch import Batch
from fleet.provision.serve.file_source import FileSource
from tests.provision.serve.served import START

A, B, NONE = "00085D00000A.cfg", "00085D00000B.cfg", "00085D0000FF.cfg"

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path


class Applied:
    """Files that were applied, and how often they were read."""

    def __init__(self) -> None:
        self.revision = 1
        self.body = b"one"
        self.reads: list[list[str]] = []
        self.moments = [START]
        self.held_back: dict[str, int] = {}
        self.hold: tuple[int, frozenset[int]] | None = None

    def held(self, names: Sequence[str]) -> dict[str, int]:
        return {name: self.held_back[name] for name in names if name in self.held_back}

    def any_held(self) -> bool:
        return bool(self.held_back)

    def mark(self) -> int:
        return hash((self.revision, str(self.held_back), self.hold))

    def hold_of(self, phone_ids: Sequence[int]) -> tuple[int, frozenset[int]] | None:
        return self.hold

    def last(self) -> int:
        return self.revision

    def load(self, *, pruned: bool = False) -> list[Revision]:
        return [Revision(number=n, at=at) for n, at in enumerate(self.moments, 1)][::-1]

    def files(
        self, revision: int | None = None, *, names: Sequence[str] | None = None
    ) -> Iterator[AppliedFile]:
        self.reads.append(sorted(names or ()))
        for name in names or ():
            if name != NONE:
                number = self.revision if revision is None else revision
                body = self.body if number == self.revision else b"older"
                yield AppliedFile(name=name, revision=number, digest="d", body=body)

    def apply(self, body: bytes, after: timedelta) -> None:
        self.revision += 1
        self.body = body
        self.moments.append(self.moments[-1] + after)


@pytest.fixture
def applied() -> Applied:
    return Applied()


@pytest.fixture
def source(applied: Applied, tmp_path: Path) -> FileSource:
    store: Any = SimpleNamespace(
        change_mark=applied.mark,
        revisions=applied,
        held_files=SimpleNamespace(revisions=applied.held, any=applied.any_held),
        rollouts=SimpleNamespace(held_back=applied.hold_of),
    )
    folder = FirmwareFolder(tmp_path / "none", lambda: 0.0)
    gate = FirmwareGate(store=store, folder=folder, versions={}, clock=lambda: START)
    return FileSource(store, gate)


async def test_a_file_is_read_once_for_a_revision(source: FileSource, applied: Applied) -> None:
    for _ in range(3):
        content = await source.content(A)
        assert content is not None
        assert content.body == b"one"
        assert await source.content(NONE) is None
    assert applied.reads == [[A], [NONE]]
    applied.apply(b"two", timedelta(hours=1))
    content = await source.content(A)
    assert content is not None
    assert (content.body, content.revision) == (b"two", 2)


async def test_a_held_file_is_given_as_it_was_until_it_is_let_go(
    source: FileSource, applied: Applied
) -> None:
    assert await source.content(A)
    applied.held_back[A] = 1
    applied.apply(b"two", timedelta(hours=1))
    seen = []
    for _ in range(2):
        content, other = await source.content(A), await source.content(B)
        assert content
        assert other
        seen.append((content.body, content.revision, other.body))
    applied.held_back.clear()
    content = await source.content(A)
    assert content
    assert seen == [(b"older", 1, b"two")] * 2
    assert (content.body, content.revision) == (b"two", 2)


async def test_what_a_rollout_keeps_back_is_given_as_before_until_a_phone_is_asked(
    source: FileSource, applied: Applied
) -> None:
    applied.apply(b"two", timedelta(hours=1))

    async def given(phone_id: int | None) -> bytes:
        content = await source.content(A, phone_id)
        assert content
        return content.body

    applied.hold = (1, frozenset({7}))
    assert [await given(7), await given(8), await given(None)] == [b"older", b"two", b"older"]
    applied.hold = (0, frozenset({7}))
    assert await source.content(A, 7) is None
    applied.hold = None
    assert [await given(7), await given(None)] == [b"two", b"two"]


async def test_many_who_ask_at_once_are_one_look(source: FileSource, applied: Applied) -> None:
    names = [f"00085D{number:06}.cfg" for number in range(50)]
    found = await asyncio.gather(*(source.content(name) for name in names * 2))
    assert all(found)
    assert sum(len(read) for read in applied.reads) == 50
    assert len(applied.reads) <= 2


async def test_two_revisions_of_one_second_have_two_dates(
    source: FileSource, applied: Applied
) -> None:
    dates = []
    for body in (b"1", b"2", b"3"):
        applied.apply(body, timedelta(milliseconds=1))
        content = await source.content(A)
        assert content is not None
        assert content.modified is not None
        dates.append(content.modified)
    assert dates == sorted(set(dates))
    assert all(date.microsecond == 0 for date in dates)


async def test_an_error_is_everybodys_who_waits_and_the_next_look_is_a_new_one() -> None:
    broken = True

    def read(keys: Collection[str]) -> dict[str, str]:
        if broken:
            raise StoreError("The database is away.")
        return {key: key for key in keys}

    batch: Batch[str, str] = Batch(read)
    found = await asyncio.gather(*(batch.get(k) for k in "aab"), return_exceptions=True)
    assert [type(each) for each in found] == [StoreError] * 3
    broken = False
    assert await batch.get("a") == "a"


async def test_a_look_begins_after_the_question() -> None:
    begun, go_on = threading.Event(), threading.Event()
    seen: list[Any] = []
    value = ["old"]

    def read(keys: Collection[str]) -> dict[str, str]:
        found = dict.fromkeys(keys, value[0])
        if not begun.is_set():
            begun.set()
            go_on.wait(10)
        return found

    batch: Batch[str, str] = Batch(read)
    first = asyncio.create_task(batch.get("a"))
    await asyncio.to_thread(begun.wait, 10)
    value[0] = "new"
    second = asyncio.create_task(batch.get("a"))
    await asyncio.sleep(0)
    go_on.set()
    seen = [await first, await second]
    assert seen == ["old", "new"]


async def test_who_goes_away_while_waiting_disturbs_nobody(source: FileSource) -> None:
    gone = asyncio.create_task(source.content(A))
    stays = asyncio.create_task(source.content(A))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays is not None
