"""Which of several servers of a name are asked, and which never are."""

from __future__ import annotations

import ssl
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
import trustme

from fleet.model import Credentials
from fleet.phone.sip.ask import Draft, Heard, LoginUse, SipClient
from fleet.phone.sip.locate import Names
from fleet.phone.sip.message import SipUri
from fleet.phone.sip.no_answer import NoAnswer
from fleet.phone.sip.outcome import outcome_of
from fleet.phone.sip.transport import Peer, Timers, Transport, Trust
from tests.phone.sip.name_server import name_server
from tests.phone.sip.peers import (
    HASTY,
    LOGIN,
    Asked,
    Behaviour,
    Flood,
    Hang,
    Piece,
    challenges,
    reply,
    says,
    silent,
    tcp_peer,
    udp_peer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DRAFT = Draft(method="REGISTER", uri=SipUri(host="localhost"))
WRONG = Credentials(username="1001", password="wr0ng")
BRIEF = Timers(t1=0.004, t2=0.02, connect=0.3)


async def asked_by_name(
    *ports: int,
    timers: Timers = HASTY,
    login: Credentials | None = LOGIN,
    transport: Transport = Transport.UDP,
    trust: Trust | None = None,
) -> Heard:
    """Ask `localhost`, whose servers listen at these ports, in this order."""
    service = "_sips._tcp" if transport is Transport.TLS else f"_sip._{transport}"
    records = [f"{rank} 0 {port} 127.0.0.1." for rank, port in enumerate(ports)]
    async with name_server({f"{service}.localhost.": records}) as server:
        client = SipClient(timers=timers, names=Names(server), trust=trust)
        return await client.ask(DRAFT, Peer(host="localhost", transport=transport), login)


def status(heard: Heard) -> int:
    return heard.response.status if heard.response else 0


@pytest.mark.parametrize("first", [silent, says("503 Out of Service")])
async def test_the_next_is_asked_where_one_gives_no_answer(first: Behaviour) -> None:
    async with udp_peer(first) as one, udp_peer(challenges()) as two:
        heard = await asked_by_name(one.port, two.port)
    assert (status(heard), heard.login, heard.asked) == (200, LoginUse.SENT, 2)
    assert all(not request.header("Authorization") for request in one.asked)
    detail = outcome_of(heard, Peer(host="localhost")).detail
    assert f"at 127.0.0.1:{two.port}, for 1 before it gave no answer" in detail


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
async def test_the_next_is_asked_where_nobody_listens(transport: Transport, free_port: int) -> None:
    peer = tcp_peer if transport is Transport.TCP else udp_peer
    async with peer(says("200 OK")) as two:
        heard = await asked_by_name(free_port, two.port, transport=transport)
    assert (status(heard), heard.asked) == (200, 2)


@pytest.mark.parametrize("said", ["200 OK", "403 Forbidden", "404 Not Found", "500 Fault"])
async def test_an_answer_is_an_answer(said: str) -> None:
    async with udp_peer(says(said)) as one, udp_peer(says("200 OK")) as two:
        heard = await asked_by_name(one.port, two.port)
    assert status(heard) == int(said[:3])
    assert two.asked == []


def _silence_after_login(asked: Asked, _: int) -> Iterable[Piece]:
    return [Hang] if asked.header("Authorization") else challenges()(asked, 1)


def _out_of_service_after_login(asked: Asked, _: int) -> Iterable[Piece]:
    if asked.header("Authorization"):
        return [reply(asked, "503 Out of Service")]
    return challenges()(asked, 1)


@pytest.mark.parametrize(
    ("first", "login"),
    [
        (challenges(), WRONG),
        (challenges(), None),
        (_silence_after_login, LOGIN),
        (_out_of_service_after_login, LOGIN),
    ],
)
async def test_nobody_is_asked_after_one_that_asked_for_a_login(
    first: Behaviour, login: Credentials | None
) -> None:
    async with udp_peer(first) as one, udp_peer(challenges()) as two:
        await asked_by_name(one.port, two.port, login=login)
    assert two.asked == []


async def test_nobody_is_asked_after_one_that_is_not_believed() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(tls)
    async with tcp_peer(challenges(), tls) as one, tcp_peer(challenges(), tls) as two:
        heard = await asked_by_name(one.port, two.port, transport=Transport.TLS)
    assert (heard.silence, heard.asked) == (NoAnswer.UNTRUSTED, 1)
    assert one.asked == two.asked == []


@pytest.mark.parametrize(("name", "expected"), [("localhost", 200), ("127.0.0.1", 0)])
async def test_a_certificate_bears_the_name_that_was_asked_for_not_what_dns_led_to(
    name: str, expected: int, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    trust = Trust(ca_file=str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(tls)
    async with tcp_peer(challenges(), tls) as one:
        heard = await asked_by_name(one.port, transport=Transport.TLS, trust=trust)
    assert status(heard) == expected


async def test_a_flood_is_not_followed_by_another() -> None:
    async with udp_peer(lambda *_: [Flood(b"x")]) as one, udp_peer(says("200 OK")) as two:
        heard = await asked_by_name(one.port, two.port)
    assert heard.silence is NoAnswer.FLOODED
    assert two.asked == []


async def test_a_question_ends_however_many_servers_there_are() -> None:
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(udp_peer(silent)) for _ in range(8)]
        heard = await asked_by_name(*(peer.port for peer in peers), timers=BRIEF)
    assert heard.silence is NoAnswer.SILENT
    assert 1 < heard.asked < 8
    assert peers[-1].asked == []
