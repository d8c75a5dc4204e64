from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from fleet.model import Credentials
from fleet.phone.sip.ask import Draft, Heard, LoginUse, SipClient
from fleet.phone.sip.message import SipUri
from fleet.phone.sip.no_answer import NoAnswer
from fleet.phone.sip.transport import Peer, Timers, Transport
from tests.phone.sip.peers import (
    CHALLENGE,
    HASTY,
    LOGIN,
    PATIENT,
    PEERS,
    Asked,
    End,
    Flood,
    FromElsewhere,
    Hang,
    Piece,
    Running,
    a_client,
    challenges,
    reply,
    says,
    silent,
    tcp_peer,
    udp_peer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

DRAFT = Draft(method="OPTIONS", uri=SipUri(user="1001", host="pbx.example"))
BOTH = pytest.mark.parametrize("transport", ["udp", "tcp"])


async def asked(
    running: Running, timers: Timers = PATIENT, login: Credentials | None = None
) -> Heard:
    return await a_client(timers).ask(DRAFT, running.peer, login)


def status(heard: Heard) -> int:
    assert heard.response is not None
    return heard.response.status


@BOTH
@pytest.mark.parametrize(
    "said",
    ["200 OK", "202 Accepted", "403 Forbidden", "404 Not Found", "480 Away", "503 Overloaded"],
)
async def test_the_final_response_is_heard(transport: str, said: str) -> None:
    async with PEERS[transport](says(said)) as running:
        heard = await asked(running, login=LOGIN)
    assert f"{status(heard)}" == said[:3]
    assert heard.login is LoginUse.NOT_ASKED
    assert len(running.asked) == 1


@BOTH
async def test_a_request_has_all_that_it_must_have(transport: str) -> None:
    async with PEERS[transport](says("200 OK")) as running:
        await asked(running)
    request = running.asked[0]
    assert request.uri == "sip:1001@pbx.example"
    assert re.fullmatch(
        rf"SIP/2\.0/{transport.upper()} 127\.0\.0\.1:[0-9]+;branch=z9hG4bK[0-9a-f]{{32}};rport",
        request.header("Via"),
    )
    assert re.fullmatch(r"<sip:fleet@127\.0\.0\.1:[0-9]+>;tag=[0-9a-f]+", request.header("From"))
    assert request.header("To") == "<sip:1001@pbx.example>"
    assert request.header("CSeq") == "1 OPTIONS"
    assert request.header("Max-Forwards") == "70"
    assert request.header("Content-Length") == "0"
    assert len(request.names) == len(set(request.names))


@BOTH
@pytest.mark.parametrize("code", [401, 407])
@pytest.mark.parametrize(
    "challenge",
    [
        CHALLENGE,
        'Digest realm="pbx", nonce="a1b2c3"',
        'Digest realm="pbx",nonce="a=b",algorithm=SHA-256,qop="auth-int, auth",opaque=""',
    ],
)
async def test_a_challenge_is_answered(transport: str, code: int, challenge: str) -> None:
    peer = challenges(status=code, challenge=challenge)
    async with PEERS[transport](peer) as running:
        heard = await asked(running, login=LOGIN)
    assert status(heard) == 200
    assert heard.login is LoginUse.SENT
    first, second = running.asked
    assert first.header("Call-ID") == second.header("Call-ID")
    assert first.header("From") == second.header("From")
    assert first.header("Via") != second.header("Via")
    assert (first.header("CSeq"), second.header("CSeq")) == ("1 OPTIONS", "2 OPTIONS")


@BOTH
@pytest.mark.parametrize("code", [401, 407])
@pytest.mark.parametrize("stale", ["", ", stale=true"])
async def test_a_login_is_tried_once(transport: str, code: int, stale: str) -> None:
    wrong = Credentials(username="1001", password="wrong")
    peer = challenges(status=code, challenge=CHALLENGE + stale)
    async with PEERS[transport](peer) as running:
        heard = await asked(running, login=wrong)
    assert status(heard) == code
    assert len(running.asked) == 2


async def test_a_second_kind_of_challenge_is_not_answered() -> None:
    def behave(request: Asked, count: int) -> Iterable[Piece]:
        if count == 1:
            return [reply(request, "401 Unauthorized", f"WWW-Authenticate: {CHALLENGE}")]
        return [reply(request, "407 No", f"Proxy-Authenticate: {CHALLENGE}")]

    async with udp_peer(behave) as running:
        heard = await asked(running, login=LOGIN)
    assert (status(heard), heard.challenge, len(running.asked)) == (407, 401, 2)


async def test_without_a_login_none_is_sent() -> None:
    async with udp_peer(challenges()) as running:
        heard = await asked(running)
    assert (status(heard), heard.login, len(running.asked)) == (401, LoginUse.MISSING, 1)


@pytest.mark.parametrize("challenge", ['Basic realm="x"', 'Digest realm="x", nonce="y", qop="z"'])
async def test_a_login_of_another_kind_is_not_sent(challenge: str) -> None:
    async with udp_peer(challenges(challenge=challenge)) as running:
        heard = await asked(running, login=LOGIN)
    assert (status(heard), heard.login) == (401, LoginUse.UNSUPPORTED)
    assert len(running.asked) == 1


async def test_a_request_is_sent_again_until_it_is_answered() -> None:
    def behave(request: Asked, count: int) -> Iterable[Piece]:
        return [reply(request, "200 OK")] if count == 3 else []

    async with udp_peer(behave) as running:
        heard = await asked(running, Timers(t1=0.05))
    assert status(heard) == 200
    assert running.asked == [running.asked[0]] * 3


async def test_a_login_is_sent_again_as_it_was() -> None:
    """The same bytes over UDP are the same try."""
    behave = challenges()

    def forgetful(request: Asked, count: int) -> Iterable[Piece]:
        return behave(request, count) if count in (1, 4) else []

    async with udp_peer(forgetful) as running:
        heard = await asked(running, Timers(t1=0.05), login=LOGIN)
    assert status(heard) == 200
    assert len({request.data for request in running.asked}) == 2


async def test_nothing_is_sent_twice_over_tcp() -> None:
    async with tcp_peer(silent) as running:
        heard = await asked(running, HASTY)
    assert heard == Heard(silence=NoAnswer.SILENT)
    assert len(running.asked) == 1


@pytest.mark.parametrize(
    ("proceeding", "expected"), [(False, [0.5, 1, 2, 4, 4, 4]), (True, [0.5, 4, 4, 4, 4, 4])]
)
def test_the_pauses_are_those_of_rfc_3261(proceeding: bool, expected: list[float]) -> None:
    timers, pauses = Timers(), [0.0]
    for _ in expected:
        pauses.append(timers.pause(pauses[-1], proceeding=proceeding))
    assert pauses[1:] == expected
    assert timers.give_up == 32


@BOTH
async def test_a_provisional_response_is_not_the_end(transport: str) -> None:
    def behave(request: Asked, _: int) -> Iterable[Piece]:
        return [reply(request, "100 Trying"), reply(request, "183 On"), reply(request, "202 Yes")]

    async with PEERS[transport](behave) as running:
        assert status(await asked(running)) == 202


@BOTH
async def test_a_provisional_response_alone_is_told(transport: str) -> None:
    def behave(request: Asked, _: int) -> Iterable[Piece]:
        return [reply(request, "100 Trying"), Hang]

    async with PEERS[transport](behave) as running:
        assert await asked(running, HASTY) == Heard(silence=NoAnswer.UNFINISHED)


def misaddressed(request: Asked) -> list[bytes]:
    good = reply(request, "200 OK")
    branch = re.search(rb"branch=(\S+?);", good)
    assert branch
    return [
        good.replace(branch[1], b"z9hG4bKother"),
        good.replace(b"1 OPTIONS", b"2 OPTIONS"),
        good.replace(b"1 OPTIONS", b"1 NOTIFY"),
        re.sub(rb"(?m)^CSeq.*\r\n", b"", good),
        re.sub(rb"(?m)^Via.*\r\n", b"", good),
        good.replace(b"Via: ", b"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx, "),
        request.data.replace(b"OPTIONS", b"NOTIFY"),
    ]


@BOTH
async def test_what_is_not_for_us_is_let_be(transport: str) -> None:
    def behave(request: Asked, _: int) -> Iterable[Piece]:
        return [*misaddressed(request), reply(request, "480 Right")]

    async with PEERS[transport](behave) as running:
        assert status(await asked(running)) == 480


@BOTH
async def test_nothing_but_strays_is_no_answer(transport: str) -> None:
    def behave(request: Asked, _: int) -> Iterable[Piece]:
        return [*misaddressed(request), Hang]

    async with PEERS[transport](behave) as running:
        assert await asked(running, HASTY) == Heard(silence=NoAnswer.SILENT)


async def test_an_answer_from_another_port_is_not_heard() -> None:
    def behave(request: Asked, _: int) -> Iterable[Piece]:
        return [FromElsewhere(reply(request, "200 OK"))]

    async with udp_peer(behave) as running:
        assert await asked(running, HASTY) == Heard(silence=NoAnswer.SILENT)


async def test_garbage_before_the_answer_is_let_be() -> None:
    def behave(request: Asked, _: int) -> Iterable[Piece]:
        good = reply(request, "200 OK")
        return [
            b"\0" * 5,
            b"\r\n\r\n",
            good[:-3],
            b"x" * 60_000,
            good.replace(b"2.0", b"9.9"),
            good,
        ]

    async with udp_peer(behave) as running:
        assert status(await asked(running)) == 200


@pytest.mark.parametrize(
    "junk",
    [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" * 30_000, b"SIP/2.0 200 OK\r\nl: -1\r\n\r\n"],
)
async def test_a_stream_of_something_else_is_told(junk: bytes) -> None:
    async with tcp_peer(lambda *_: [junk, Hang]) as running:
        assert await asked(running) == Heard(silence=NoAnswer.GARBLED)


@BOTH
@pytest.mark.parametrize("ours", [True, False])
async def test_a_flood_is_ended(transport: str, ours: bool) -> None:
    def behave(request: Asked, _: int) -> Iterable[Piece]:
        piece = reply(request, "100 Trying")
        return [Flood(piece if ours else piece.replace(b"z9hG4bK", b"other"))]

    async with PEERS[transport](behave) as running:
        assert await asked(running) == Heard(silence=NoAnswer.FLOODED)


async def test_a_flood_of_garbage_is_ended() -> None:
    async with udp_peer(lambda *_: [Flood(b"x" * 9000)]) as running:
        assert await asked(running) == Heard(silence=NoAnswer.FLOODED)


async def test_an_answer_byte_by_byte_is_heard() -> None:
    def behave(request: Asked, _: int) -> Iterable[Piece]:
        answer = b"\r\n\r\n" + reply(request, "200 OK", body=b"\r\n\r\nabc")
        return [answer[at : at + 1] for at in range(len(answer))]

    async with tcp_peer(behave) as running:
        heard = await asked(running)
    assert status(heard) == 200
    assert heard.response
    assert heard.response.body == b"\r\n\r\nabc"


async def test_two_messages_in_one_segment_are_two() -> None:
    def behave(request: Asked, _: int) -> Iterable[Piece]:
        return [reply(request, "100 Trying") + reply(request, "404 Not Found", body=b"x")]

    async with tcp_peer(behave) as running:
        assert status(await asked(running)) == 404


async def test_a_peer_that_drips_costs_its_time_out() -> None:
    async with tcp_peer(lambda *_: [Flood(b"S", pause=0.02)]) as running:
        assert await asked(running, HASTY) == Heard(silence=NoAnswer.SILENT)


@pytest.mark.parametrize("pieces", [[End], [b"SIP/2.0 200 OK\r\nVia: x\r\n", End]])
async def test_a_connection_that_is_closed_is_told(pieces: list[Piece]) -> None:
    async with tcp_peer(lambda *_: pieces) as running:
        assert await asked(running) == Heard(silence=NoAnswer.CLOSED)


async def test_a_silence_after_the_login_tells_that_it_was_sent() -> None:
    behave = challenges()

    def half(request: Asked, count: int) -> Iterable[Piece]:
        return behave(request, count) if count == 1 else [End]

    async with tcp_peer(half) as running:
        heard = await asked(running, login=LOGIN)
    assert heard == Heard(silence=NoAnswer.CLOSED, login=LoginUse.SENT, challenge=401)


@BOTH
async def test_where_nobody_listens_that_is_told(transport: str, free_port: int) -> None:
    peer = Peer(host="127.0.0.1", port=free_port, transport=Transport(transport))
    heard = await a_client().ask(DRAFT, peer)
    assert heard == Heard(silence=NoAnswer.CONNECTION_REFUSED)


async def test_questions_do_not_hear_each_other() -> None:
    def behave(request: Asked, _: int) -> Iterable[Piece]:
        return [reply(request, f"4{request.uri[5:7]} Mine")]

    async def ask(client: SipClient, running: Running, number: int) -> int:
        draft = Draft(method="OPTIONS", uri=SipUri(user=f"{number}", host="a"))
        return status(await client.ask(draft, running.peer))

    client, numbers = a_client(), range(110, 200, 10)
    async with udp_peer(behave) as running:
        heard = await asyncio.gather(*(ask(client, running, number) for number in numbers))
    assert heard == [400 + number % 100 for number in numbers]


@pytest.mark.parametrize(
    "login",
    [
        Credentials(username="a\r\nb", password="x"),
        Credentials(username="a", password="\ud800"),
    ],
)
async def test_a_login_that_cannot_be_sent_is_refused(login: Credentials) -> None:
    with pytest.raises(ValueError, match="character"):
        await a_client().ask(DRAFT, Peer(host="127.0.0.1"), login)
