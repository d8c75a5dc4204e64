"""The control API: what is asked of it over HTTP happens to the phones."""

import asyncio
import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from fleet.simulator import BootSpec, PhoneSpec, Simulator
from tests.simulator.boot.file_server import file_server
from tests.simulator.boot.phones import LINE, MAC, MAC_FILE, PBX, Booted, quick_clock
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


FILES = {
    "aastra.cfg": "admin password: 4711\n",
    MAC_FILE: LINE,
}


@pytest.fixture
async def booting():
    async with file_server(FILES) as server:
        spec = PhoneSpec(mac=MAC, boot=BootSpec(server=server.url))
        specs = [spec, PhoneSpec()]
        async with Simulator(specs, registrars=[PBX], clock=quick_clock(), control=True) as phones:
            yield Booted(phones)


async def test_it_tells_what_a_booting_phone_is_at_without_its_secrets(booting):
    await booting.until_line("registered")
    _, told = await call(booting.simulator, "GET", "/phones/0")
    assert (told["boot"]["boots"], told["boot"]["up"], told["boot"]["stopped"]) == (1, True, "")
    assert [line["registration"] for line in told["lines"]] == ["registered"]
    assert "4711" not in json.dumps(told)
    assert "s3cret" not in json.dumps(told)


async def test_it_reboots_phones_and_has_them_be_busy(booting):
    await booting.until_boots(1)
    await call(booting.simulator, "POST", "/phones/0/busy", {"busy": True})
    _, told = await call(booting.simulator, "POST", "/phones/0/reboot")
    assert (told["busy"], told["boots"]) == (True, 1)
    await call(booting.simulator, "POST", "/phones/0/busy", {"busy": False})
    await booting.until_boots(2)


async def test_it_takes_registrars_down_and_changes_their_passwords(booting):
    await booting.until_line("registered")
    wanted = {"state": "down", "passwords": {"1001": "n3w"}}
    _, told = await call(booting.simulator, "PATCH", "/registrars/0", wanted)
    assert (told["state"], booting.pbx.state.value) == ("down", "down")
    await call(booting.simulator, "PATCH", "/registrars/0", {"state": "up"})
    await booting.until_line("failed", 401)
    _, (told,) = await call(booting.simulator, "GET", "/registrars")
    assert told["wrong_passwords"]["1001"] >= 1
    assert "n3w" not in json.dumps(told)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/phones/1/reboot", {}),
        ("/phones/0/reboot", {"busy": True}),
        ("/phones/0/busy", [1]),
        ("/registrars/0", {"state": "gone"}),
        ("/registrars/0", {"passwords": ["1001"]}),
        ("/registrars/0", {"passwords": {"": "x"}}),
        ("/registrars/0", {"users": []}),
        ("/phones/0", {"boot": None}),
    ],
)
async def test_it_refuses_what_cannot_be_done_to_a_phone_or_a_registrar(booting, path, body):
    status, answer = await call(booting.simulator, "POST", path, body)
    assert status == 400
    assert answer["error"]
