"""The control API: what is asked of it over HTTP happens to the phones."""

import asyncio
import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from fleet.simulator import PhoneSpec, Simulator
from tests.simulator.conftest import hear


@pytest.fixture
async def simulator():
    async with Simulator([PhoneSpec(), PhoneSpec()], control=True) as simulator:
        yield simulator


async def call(simulator, method, path, body=None):
    """The status and the JSON of an answer."""
    host, port = simulator.control_address
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"http://{host}:{port}{path}", data=data, method=method)

    def ask():
        try:
            with urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    return await asyncio.to_thread(ask)


async def test_it_lists_the_phones_without_their_passwords(simulator):
    status, listed = await call(simulator, "GET", "/phones")
    assert status == 200
    assert [phone["host"] for phone in listed] == simulator.hosts
    status, one = await call(simulator, "GET", "/phones/1")
    assert (status, one["behaviour"], one["model"]) == (200, "healthy", "6753i")
    assert "22222" not in json.dumps([listed, one])


async def test_it_changes_behaviour_and_lines(simulator):
    lines = [{"number": 1, "user": "7", "registrar": "r.example", "registration": "unregistered"}]
    status, _ = await call(simulator, "PATCH", "/phones/0", {"lines": lines, "delay": 0.01})
    assert status == 200
    assert "<td>7@r.example:5060</td><td>Unregistered</td>" in (await hear(simulator.phone(0))).body
    await call(simulator, "POST", "/phones/0", {"behaviour": "answers_403"})
    assert (await hear(simulator.phone(0))).status == 403
    assert (await hear(simulator.phone(1))).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"behaviour": "no such thing"},
        {"colour": "blue"},
        {"lines": [{"number": 1, "registration": "gone"}]},
        {"lines": 7},
        [1],
        7,
    ],
)
async def test_it_refuses_what_cannot_be_and_changes_nothing(simulator, body):
    status, answer = await call(simulator, "PATCH", "/phones/0", body)
    assert status == 400
    assert answer["error"]
    assert simulator.phone(0).spec == PhoneSpec()


@pytest.mark.parametrize("path", ["/", "/phones/2", "/phones/-1", "/phones/x", "/nothing"])
async def test_it_knows_no_other_places(simulator, path):
    assert (await call(simulator, "GET", path))[0] == 404


async def test_it_tells_the_records_the_trap_last(simulator):
    await hear(simulator.phone(1))
    _, records = await call(simulator, "GET", "/records")
    assert [record["requests"] for record in records] == [0, 1, 0]


async def test_it_asks_for_the_end(simulator):
    assert not simulator.stopped.is_set()
    await call(simulator, "POST", "/shutdown")
    assert simulator.stopped.is_set()
