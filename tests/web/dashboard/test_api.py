"""The JSON API holds what `fleet export` holds."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from fleet.model import Phone, Registration
from fleet.report import LineRecord, PhoneRecord, columns, write_json
from fleet.status import line_records
from fleet.web.dashboard import flagged
from tests.web.dashboard.fleet import add, line, polled, served

if TYPE_CHECKING:
    from fleet.store import Store

FAILED = Registration.FAILED


def fill(store: Store, count: int = 3) -> list[int]:
    """The first of them is refused."""
    ids = add(store, *(Phone(host=f"10.0.0.{n}", site=f"s{n % 2}") for n in range(1, count + 1)))
    polled(store, {number: [line(1), line(2)] for number in ids[1:]})
    polled(store, {ids[0]: [line(1, FAILED, code=401), line(2)]})
    return ids


async def test_lines_are_those_of_the_export(store: Store) -> None:
    fill(store)
    async with served(store) as board:
        answer = await board.get("/api/lines")
        out, statuses = io.BytesIO(), store.observations.statuses()
        write_json(line_records(statuses), LineRecord, out)
    assert answer.headers["content-type"] == "application/json"
    assert answer.content == out.getvalue()
    assert list(answer.json()[0]) == list(columns(LineRecord))


async def test_phones_have_the_names_of_the_export(store: Store) -> None:
    fill(store)
    async with served(store) as board:
        found = (await board.get("/api/phones")).json()
    assert [each["phone"] for each in found] == ["10.0.0.2", "10.0.0.1", "10.0.0.3"]
    assert list(found[0]) == list(columns(PhoneRecord))
    assert [each["flags"] for each in found] == ["", "line-failed", ""]


@pytest.mark.parametrize(
    ("query", "lines"),
    [("flagged=1", 1), ("site=s1", 4), ("site=s0&flagged=1", 0), ("flagged=0", 6)],
)
async def test_some_can_be_asked_for(store: Store, query: str, lines: int) -> None:
    fill(store)
    async with served(store) as board:
        answer = await board.get(f"/api/lines?{query}")
    assert len(json.loads(answer.text)) == lines


async def test_an_empty_fleet_is_an_empty_array(store: Store) -> None:
    async with served(store) as board:
        assert (await board.get("/api/lines")).text == "[]\n"


async def test_a_site_that_there_is_not_is_an_error(store: Store) -> None:
    async with served(store) as board:
        answer = await board.get("/api/phones?site=nowhere")
    assert answer.status_code == 404
    assert answer.json() == {"error": "There is no such site."}


async def test_more_phones_than_are_read_at_once_are_all_there(store: Store) -> None:
    count = flagged.AT_ONCE + 20
    add(store, *(Phone(host=f"10.0.{n // 250}.{n % 250}") for n in range(count)))
    async with served(store) as board:
        found = (await board.get("/api/phones")).json()
    assert len({each["host"] for each in found}) == count
