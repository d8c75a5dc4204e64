"""The dead man's switch: what it is told, and that no failure of it is ours."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

import httpx
import pytest

from fleet.ping import Ping, Pinger, get
from tests.schedule.virtual import run_at

URL = "http://watch.example/ping/secret-uuid?create=1"
START = datetime(2026, 3, 2, tzinfo=UTC)


def told(answers: dict[str, int], *pings: Ping) -> list[str]:
    """The addresses asked for these pings; `answers` gives failing ones their status, 0: none."""
    asked: list[str] = []

    async def send(url: str) -> None:
        asked.append(url)
        status = answers.get(url, 200)
        request = httpx.Request("GET", url)
        if not status:
            raise httpx.ConnectTimeout("timed out", request=request)
        httpx.Response(status, request=request).raise_for_status()

    async def tell() -> None:
        pinger = Pinger(url=URL, send=send)
        task = asyncio.create_task(pinger.run())
        for ping in pings:
            pinger.tell(ping)
            await asyncio.sleep(60)
        task.cancel()

    run_at(START, tell())
    return asked


def address(suffix: str) -> str:
    return f"http://watch.example/ping/secret-uuid{suffix}?create=1"


def test_a_sweep_is_told_at_its_start_and_end() -> None:
    asked = told({}, Ping.START, Ping.END, Ping.FAIL)
    assert asked == [address("/start"), address(""), address("/fail")]


@pytest.mark.parametrize("status", [0, 500])
def test_a_failure_is_tried_once_more_and_told_once(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        asked = told({address("/start"): status}, Ping.START, Ping.START, Ping.END)
    assert asked == [address("/start")] * 4 + [address("")]
    first, second = caplog.messages
    assert first.startswith("Cannot ping the watchdog at watch.example: ")
    assert second == "The watchdog at watch.example accepts pings again."
    assert "secret-uuid" not in caplog.text


def test_many_pings_never_wait() -> None:
    async def tell() -> None:
        pinger = Pinger(url=URL, send=get)
        for _ in range(100):
            pinger.tell(Ping.START)

    run_at(START, tell())
    assert "secret-uuid" not in repr(Pinger(url=URL, send=get))


async def test_a_real_server_is_asked() -> None:
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1")
    async with server:
        port = server.sockets[0].getsockname()[1]
        await get(f"http://127.0.0.1:{port}/ping/x")
    assert asked == [b"GET /ping/x HTTP/1.1\r\n"]


@pytest.mark.parametrize(
    "url", ["http://watch.example:99999/x", "http://[::1/secret", "http://\x07/secret"]
)
def test_an_address_that_cannot_be_asked_is_logged_once_and_ends_nothing(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def tell() -> None:
        pinger = Pinger(url=url, send=get)
        task = asyncio.create_task(pinger.run())
        for _ in range(2):
            pinger.tell(Ping.END)
            await asyncio.sleep(60)
        assert not task.done()
        assert pinger.problem == caplog.messages[0]
        task.cancel()

    run_at(START, tell())
    assert len(caplog.messages) == 1
    assert "secret" not in caplog.text


def test_an_error_that_is_not_of_http_ends_nothing() -> None:
    sent: list[str] = []

    async def send(url: str) -> None:
        sent.append(url)
        if len(sent) <= 2:
            raise OSError("no such certificate file")

    async def tell() -> None:
        pinger = Pinger(url=URL, send=send)
        task = asyncio.create_task(pinger.run())
        pinger.tell(Ping.START)
        pinger.tell(Ping.END)
        await asyncio.sleep(60)
        assert pinger.problem == ""
        task.cancel()

    run_at(START, tell())
    assert sent == [address("/start")] * 2 + [address("")]
