"""Clients that mean no good: slow, endless, many."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from fleet.http_server import RequestLimits
from fleet.web import Place, PushResult, listen, server
from tests.web.serving import AGENT, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

HEAD = f"GET /p/s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {AGENT}\r\n"


HURRIED = RequestLimits(request=0.2, stall=1.5)
"""Limits that a test can wait for."""


async def long_answer(scope: Scope, _receive: Receive, send: Send) -> None:
    """Send 20 MB: more than the buffers between two processes take; `/slow` pauses before."""
    if scope["path"] == "/slow":
        await asyncio.sleep(2)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(200):
        await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def answering_at_length() -> AsyncIterator[int]:
    place = Place(host="127.0.0.1", port=0)
    listening = listen(place)
    running = server(long_answer, place, HURRIED)
    task = asyncio.create_task(running.serve(sockets=[listening]))
    yield listening.getsockname()[1]
    running.should_exit = True
    await task


async def body_length(port: int, path: str, pause: float) -> int:
    """Ask for a long answer; begin to read it after `pause` seconds; return its length."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    await asyncio.sleep(pause)
    length = 0
    with suppress(ConnectionError):
        while some := await reader.read(1_000_000):
            length += len(some)
    writer.close()
    return length


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    async with answering_at_length() as port:
        assert await body_length(port, "/", pause=5) < 20_000_000


@pytest.mark.parametrize("path", ["/", "/slow"])
async def test_a_long_answer_is_whole_however_long_it_takes(path: str) -> None:
    async with answering_at_length() as port:
        assert await body_length(port, path, pause=0) > 20_000_000


@pytest.mark.parametrize(
    "head", [b"", b"GET /p/s HTTP/1.1\r\n", HEAD.encode(), b"\r\n\r\n", b"GET /p/s?" + b"x" * 4000]
)
async def test_a_request_that_does_not_end_is_cut_off(head: bytes) -> None:
    async with serving(limits=HURRIED) as served:
        assert await served.say(head) == b""


async def test_a_second_request_that_does_not_end_is_cut_off_too() -> None:
    async with serving(limits=HURRIED) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(HEAD.encode() + b"\r\n")
        assert b"200 OK" in await reader.readuntil(b"</AastraIPPhoneExecute>")
        writer.write(b"\r\nGET /p")
        assert await reader.read() == b""
        writer.close()


async def test_a_request_that_never_ends_costs_no_memory() -> None:
    async with serving() as served:
        parts = [b"GET /p/s?"] + [b"x" * 1000] * 100
        assert (await served.say(*parts))[:12] in (b"HTTP/1.1 431", b"")
        headers = [b"GET /p/s HTTP/1.1\r\n"] + [b"X: " + b"x" * 1000 + b"\r\n"] * 100
        assert (await served.say(*headers))[:12] in (b"HTTP/1.1 431", b"")
    assert served.told == []


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x02\x00", b"HELLO\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\x00" * 100]
)
async def test_what_is_no_http_is_refused(garbage: bytes) -> None:
    async with serving() as served:
        assert (await served.say(garbage))[:12] in (b"HTTP/1.1 400", b"")
        assert (await served.ask("/healthz")).startswith(b"HTTP/1.1 200")


async def test_one_address_cannot_take_all_connections() -> None:
    async with serving() as served:
        idle = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(80)]
        ended = [reader.read() for reader, _ in idle]
        done, waiting = await asyncio.wait(
            [asyncio.ensure_future(each) for each in ended], return_when=asyncio.FIRST_COMPLETED
        )
        assert done
        for each in waiting:
            each.cancel()
        for _, writer in idle:
            writer.close()


async def test_many_requests_on_one_connection_are_all_answered() -> None:
    request = f"GET /p/s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {AGENT}\r\n\r\n".encode()
    last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    async with serving() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        for _ in range(50):
            writer.write(request)
            await reader.readuntil(b"</AastraIPPhoneExecute>")
        writer.write(last)
        await reader.read()
        writer.close()
    assert len(served.told) == 51
    assert set(served.told) == {PushResult.TAKEN, PushResult.REPEATED}


async def test_a_flood_is_bounded_and_counted() -> None:
    async with serving() as served:
        paths = [f"/p/r?s=REFUSED&c=401&u={user}" for user in range(200)]
        for some in range(0, 200, 20):
            answers = await asyncio.gather(*map(served.ask, paths[some : some + 20]))
            assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    assert served.push_queue.counts[PushResult.TOO_OFTEN] >= 160
    assert served.push_queue.waiting == served.push_queue.counts[PushResult.TAKEN] <= 40
