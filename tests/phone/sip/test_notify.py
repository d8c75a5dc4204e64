from __future__ import annotations

import re

import pytest

from fleet.model import Credentials
from fleet.phone.sip.message import SipUri
from fleet.phone.sip.no_answer import NoAnswer
from fleet.phone.sip.notify import Recipient, SipEvent, aastra_xml, check_sync, notify
from fleet.phone.sip.outcome import Outcome, Result
from fleet.phone.sip.transport import Peer, Transport
from fleet.phone.xml_object import Command, command, fetch
from tests.phone.sip.peers import (
    HASTY,
    LOGIN,
    PEERS,
    Asked,
    Behaviour,
    a_client,
    challenges,
    says,
    silent,
    udp_peer,
)

WRONG = Credentials(username="1001", password="wr0ng")
VENDOR_BODY = (
    b'<AastraIPPhoneExecute><ExecuteItem URI="http://10.30.100.39/XMLtests/SampleTextScreen.xml"/>'
    b"</AastraIPPhoneExecute>"
)


async def told(
    behaviour: Behaviour,
    *,
    transport: str = "udp",
    event: SipEvent | None = None,
    login: Credentials | None = None,
    through: bool = False,
) -> tuple[Outcome, list[Asked]]:
    """What came of a NOTIFY to 1001, straight or through a registrar, and what arrived there."""
    async with PEERS[transport](behaviour) as running:
        recipient = (
            Recipient.through(running.peer, user="1001", domain="pbx.example")
            if through
            else Recipient.direct(
                "127.0.0.1", user="1001", port=running.port, transport=running.transport
            )
        )
        client = a_client(HASTY if behaviour is silent else a_client().timers)
        outcome = await notify(client, recipient, event or check_sync(), login=login)
    return outcome, running.asked


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(
    ("reboot", "expected"), [(False, "check-sync"), (True, "check-sync;reboot=true")]
)
async def test_check_sync_goes_straight_to_a_phone(
    transport: str, reboot: bool, expected: str
) -> None:
    outcome, (request,) = await told(
        says("200 OK"), transport=transport, event=check_sync(reboot=reboot)
    )
    assert (outcome.result, outcome.code, outcome.accepted) == (Result.ACCEPTED, 200, True)
    assert request.method == "NOTIFY"
    assert re.fullmatch(r"sip:1001@127\.0\.0\.1:[0-9]+", request.uri)
    assert request.header("To") == f"<{request.uri}>"
    assert request.header("Event") == expected
    assert request.header("Content-Length") == "0"
    assert "Content-Type" not in request.names
    assert request.header("Contact").startswith("<sip:fleet@127.0.0.1:")


async def test_through_a_registrar_the_address_is_the_user_s_own() -> None:
    outcome, (first, second) = await told(challenges(status=407), login=LOGIN, through=True)
    assert outcome.accepted
    for request in (first, second):
        assert request.uri == "sip:1001@pbx.example"
        assert request.header("To") == "<sip:1001@pbx.example>"
        assert request.header("From").startswith("<sip:1001@pbx.example>;tag=")
    assert 'uri="sip:1001@pbx.example"' in second.header("Proxy-Authorization")


async def test_the_vendors_sample_is_sent_byte_for_byte() -> None:
    event = aastra_xml(fetch("http://10.30.100.39/XMLtests/SampleTextScreen.xml"))
    outcome, (request,) = await told(says("200 OK"), event=event)
    assert outcome.accepted
    assert request.body == VENDOR_BODY
    assert request.header("Content-Length") == "115"
    assert request.header("Content-Type") == "application/xml"
    assert request.header("Event") == "aastra-xml"
    order = ["Via", "From", "To", "Contact", "Call-ID", "CSeq", "Max-Forwards"]
    assert request.names[:7] == order
    assert request.names[-3:] == ["Event", "Content-Type", "Content-Length"]


async def test_aastra_xml_without_a_body_sends_none() -> None:
    _, (request,) = await told(says("200 OK"), event=aastra_xml())
    assert request.body == b""
    assert request.header("Event") == "aastra-xml"
    assert "Content-Type" not in request.names


async def test_a_command_travels_in_a_notify() -> None:
    _, (request,) = await told(says("200 OK"), event=aastra_xml(command(Command.RESET)))
    assert b'URI="Command: Reset"' in request.body


@pytest.mark.parametrize(
    ("behaviour", "login", "result", "code", "says_so"),
    [
        (says("202 Accepted"), None, Result.ACCEPTED, 202, "202 Accepted"),
        (says("403 Forbidden"), None, Result.REFUSED, 403, "forbids"),
        (says("404 Not Found"), None, Result.REFUSED, 404, "no such user"),
        (says("480 Temporarily Unavailable"), None, Result.REFUSED, 480, "not registered"),
        (says("481 No Subscription"), None, Result.REFUSED, 481, "subscription"),
        (says("489 Bad Event"), None, Result.REFUSED, 489, "event"),
        (says("503 Service Unavailable"), None, Result.REFUSED, 503, "overloaded"),
        (says("302 Moved"), None, Result.REFUSED, 302, "302 Moved"),
        (challenges(), None, Result.LOGIN_WANTED, 401, "none is set"),
        (challenges(), LOGIN, Result.ACCEPTED, 200, "accepts"),
        (challenges(), WRONG, Result.WRONG_PASSWORD, 401, "rejects"),
        (challenges(then="404 Not Found"), LOGIN, Result.REFUSED, 404, "no such user"),
        (challenges(challenge='Basic realm="x"'), LOGIN, Result.LOGIN_UNSUPPORTED, 401, "Digest"),
        (
            challenges(challenge='Digest realm="x", nonce="y", stale=true'),
            WRONG,
            Result.LOGIN_UNSETTLED,
            401,
            "again later",
        ),
        (silent, None, Result.NO_ANSWER, 0, "does not answer SIP"),
    ],
)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_what_comes_of_it_is_a_value(
    transport: str,
    behaviour: Behaviour,
    login: Credentials | None,
    result: Result,
    code: int,
    says_so: str,
) -> None:
    outcome, _ = await told(behaviour, transport=transport, login=login)
    assert (outcome.result, outcome.code) == (result, code)
    assert says_so in outcome.detail
    assert outcome.detail.startswith("127.0.0.1:")
    assert outcome.detail.endswith(".")
    assert (outcome.silence is not None) == (result is Result.NO_ANSWER)


async def test_what_the_peer_says_is_made_fit_to_print() -> None:
    outcome, _ = await told(says("488 No\x1b[31m\x07thing" + "x" * 500))
    assert outcome.detail.isprintable()
    assert len(outcome.detail) < 300


async def test_a_phone_that_is_not_there_is_told(free_port: int) -> None:
    recipient = Recipient.direct("127.0.0.1", port=free_port)
    outcome = await notify(a_client(), recipient, check_sync())
    assert outcome.silence is NoAnswer.CONNECTION_REFUSED
    assert str(free_port) in outcome.detail
    assert "UDP" in outcome.detail


async def test_a_name_that_is_none_is_told() -> None:
    recipient = Recipient.direct("no-such-host.invalid", port=5060)
    outcome = await notify(a_client(), recipient, check_sync())
    assert outcome.silence is NoAnswer.NAME_NOT_FOUND


async def test_no_password_shows_anywhere() -> None:
    async with udp_peer(challenges()) as running:
        recipient = Recipient.through(running.peer, user="1001")
        outcome = await notify(a_client(), recipient, check_sync(), login=WRONG)
    shown = repr((outcome, recipient, WRONG))
    assert WRONG.password not in shown
    assert not any(WRONG.password in request.text for request in running.asked)


def test_a_registrar_is_where_the_user_is_unless_a_domain_is_named() -> None:
    registrar = Peer(host="192.0.2.1", port=5070, transport=Transport.TCP)
    assert Recipient.through(registrar, user="1001").uri == SipUri(
        user="1001", host="192.0.2.1", port=5070
    )
    assert Recipient.through(registrar, user="1001", domain="Pbx.example").uri == SipUri(
        user="1001", host="pbx.example"
    )


@pytest.mark.parametrize("host", ["", "a b", "phone\r\nEvil", "phone;x"])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="host"):
        Recipient.direct(host)
