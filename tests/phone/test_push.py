from __future__ import annotations

import asyncio

import pytest

from fleet.model import Reason
from fleet.phone.http.target import Target
from fleet.phone.push import PushOutcome, PushResult, push, push_request
from fleet.phone.xml_object import Command, command, fetch
from tests.phone.http.scripted import (
    LOGIN,
    Again,
    End,
    Script,
    Server,
    challenge,
    http,
    quick_client,
    served,
)

RESET = command(Command.RESET)


async def pushed(*scripts: Script, login: bool = False) -> tuple[PushOutcome, Server]:
    async with served(*scripts) as server, quick_client() as client:
        target = server.target(credentials=LOGIN if login else None)
        return await push(client, target, RESET, referer="192.0.2.1"), server


def test_the_request_is_what_the_vendor_shows() -> None:
    target = Target.parse("192.0.2.7", credentials=None)
    assert push_request(target, fetch("http://192.0.2.1/a?b=c&d"), referer="192.0.2.1") == (
        b"POST / HTTP/1.1\r\n"
        b"Host: 192.0.2.7\r\n"
        b"Referer: 192.0.2.1\r\n"
        b"Connection: Keep-Alive\r\n"
        b"Content-Type: text/xml\r\n"
        b"Content-Length: 98\r\n\r\n"
        b'xml=<AastraIPPhoneExecute><ExecuteItem URI="http://192.0.2.1/a?b=c&amp;d"/>'
        b"</AastraIPPhoneExecute>"
    )


def test_a_login_is_sent_along_where_there_is_one() -> None:
    target = Target.parse("192.0.2.7:8080", credentials=LOGIN)
    request = push_request(target, RESET, referer="fleet.example")
    assert b"\r\nHost: 192.0.2.7:8080\r\n" in request
    assert b"\r\nAuthorization: Basic YWRtaW46MjIyMjI=\r\n" in request


@pytest.mark.parametrize("referer", ["", "a b", "a\r\nEvil: 1", "ü"])
def test_a_referer_that_cannot_be_meant_is_refused(referer: str) -> None:
    with pytest.raises(ValueError, match="Referer"):
        push_request(Target.parse("a", credentials=None), RESET, referer=referer)


async def test_the_request_goes_out_in_one_write() -> None:
    """One segment over the loopback: what one read gets is what one write sent."""
    arrived: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    class Phone(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport: asyncio.Transport = transport  # type: ignore[assignment]

        def data_received(self, data: bytes) -> None:
            if not arrived.done():
                arrived.set_result(data)
                self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    server = await asyncio.get_running_loop().create_server(Phone, "127.0.0.1", 0)
    async with server, quick_client() as client:
        port = server.sockets[0].getsockname()[1]
        target = Target.parse(f"127.0.0.1:{port}", credentials=None)
        outcome = await push(client, target, RESET, referer="192.0.2.1")
    assert outcome.accepted
    assert await arrived == push_request(target, RESET, referer="192.0.2.1")


@pytest.mark.parametrize(
    "answer",
    [
        http(b""),
        http(b"<html>thanks</html>"),
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nless",
    ],
)
@pytest.mark.parametrize("end", [[], [End.HANG]])
async def test_a_200_is_enough_whatever_follows(answer: bytes, end: list[str]) -> None:
    outcome, _ = await pushed([answer, *end])
    assert (outcome.result, outcome.code) == (PushResult.ACCEPTED, 200)


@pytest.mark.parametrize(
    ("status", "says_so"),
    [
        ("403 Forbidden", "push list"),
        ("404 Not Found", "no XML push"),
        ("500 Oops", "500"),
        ("204 No Content", "204"),
        ("302 Found", "302"),
    ],
)
async def test_anything_but_200_is_a_refusal(status: str, says_so: str) -> None:
    outcome, server = await pushed([http(b"", status=status)])
    assert (outcome.result, f"{outcome.code}") == (PushResult.REFUSED, status[:3])
    assert says_so in outcome.detail
    assert len(server.asked) == 1


async def test_a_first_401_is_a_greeting() -> None:
    outcome, server = await pushed([challenge()], [http(b"")], login=True)
    assert outcome.accepted
    assert server.asked[0] == server.asked[1]


async def test_a_login_that_is_rejected_is_tried_twice_at_most() -> None:
    outcome, server = await pushed([challenge()], login=True)
    assert outcome.result is PushResult.WRONG_PASSWORD
    assert len(server.asked) == 2
    assert LOGIN.password not in repr(outcome)


@pytest.mark.parametrize(("login", "scheme"), [(False, "Basic"), (True, "Digest")])
async def test_a_login_that_we_do_not_have_is_told(login: bool, scheme: str) -> None:
    outcome, server = await pushed([challenge(scheme=scheme)], login=login)
    assert (outcome.result, outcome.code) == (PushResult.LOGIN_WANTED, 401)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ([End.HANG], Reason.SILENT),
        ([End.RESET], Reason.NO_REPLY),
        ([b"SSH-2.0-x\r\n"], Reason.NOT_HTTP),
        ([b"HTTP/1.1 200 OK\r\n", Again(b"A: b\r\n")], Reason.NOT_HTTP),
        ([b"HTTP/1.1 200 O", End.HANG], Reason.TOO_SLOW),
    ],
)
async def test_no_answer_has_its_reason(script: Script, reason: Reason) -> None:
    outcome, _ = await pushed(script)
    assert (outcome.result, outcome.reason, outcome.code) == (PushResult.NO_ANSWER, reason, 0)
    assert "127.0.0.1" in outcome.detail


async def test_an_answer_without_end_costs_little() -> None:
    outcome, _ = await pushed([b"HTTP/1.1 200 OK\r\n\r\n", Again(b"x" * 10_000)])
    assert outcome.accepted


async def test_pushes_to_one_phone_take_turns() -> None:
    async with served([http(b"")]) as server, quick_client() as client:
        target = server.target(credentials=None)
        outcomes = await asyncio.gather(
            *(push(client, target, RESET, referer="192.0.2.1") for _ in range(5))
        )
    assert all(outcome.accepted for outcome in outcomes)
    assert server.most_open == 1
