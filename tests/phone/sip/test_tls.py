"""SIP over TLS: who is believed, and that nobody else is told anything."""

from __future__ import annotations

import hashlib
import re
import ssl
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import trustme

from fleet.phone.sip.ask import Draft, Heard, LoginUse, SipClient
from fleet.phone.sip.message import SipUri
from fleet.phone.sip.no_answer import NoAnswer
from fleet.phone.sip.notify import Recipient, check_sync, notify
from fleet.phone.sip.outcome import Result, outcome_of
from fleet.phone.sip.query import ask_registration
from fleet.phone.sip.transport import Peer, Transport, Trust
from tests.phone.sip.peers import (
    HASTY,
    LOGIN,
    PATIENT,
    Asked,
    End,
    Hang,
    Piece,
    challenges,
    reply,
    says,
    tcp_peer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DRAFT = Draft(method="OPTIONS", uri=SipUri(user="1001", host="pbx.example"), contact=True)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def shows(certificate: trustme.LeafCert, *, is_old: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if is_old:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def fingerprint(certificate: trustme.LeafCert) -> str:
    der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
    return hashlib.sha256(der).hexdigest()


def trusting(trust: Trust) -> SipClient:
    return SipClient(timers=PATIENT, trust=trust)


def told(heard: Heard, peer: Peer) -> str:
    return outcome_of(heard, peer).detail


async def test_a_registrar_is_asked_with_a_login_over_tls(
    authority: trustme.CA, ca_file: str
) -> None:
    tls = shows(authority.issue_cert("127.0.0.1"))
    client = trusting(Trust(ca_file=ca_file))
    async with tcp_peer(challenges(), tls) as running:
        answer = await ask_registration(client, running.peer, user="1001", login=LOGIN)
    assert answer.outcome.accepted
    assert answer.outcome.login is LoginUse.SENT
    via = running.asked[0].header("Via")
    assert re.match(r"SIP/2\.0/TLS 127\.0\.0\.1:[0-9]+;branch=z9hG4bK", via)


async def test_where_we_are_reached_is_said_to_be_tls(authority: trustme.CA, ca_file: str) -> None:
    tls = shows(authority.issue_cert("127.0.0.1"))
    async with tcp_peer(says("200 OK"), tls) as running:
        await trusting(Trust(ca_file=ca_file)).ask(DRAFT, running.peer)
    assert running.asked[0].header("Contact").endswith(";transport=tls>")


async def test_an_unknown_authority_is_not_believed_and_hears_nothing(
    authority: trustme.CA,
) -> None:
    tls = shows(authority.issue_cert("127.0.0.1"))
    async with tcp_peer(challenges(), tls) as running:
        heard = await trusting(Trust()).ask(DRAFT, running.peer, LOGIN)
    assert (heard.silence, heard.login) == (NoAnswer.UNTRUSTED, LoginUse.NOT_ASKED)
    assert running.asked == []
    detail = told(heard, running.peer)
    assert "certificate that is not trusted, so nothing was sent" in detail
    assert "sip_ca_file" in detail


async def test_another_name_than_the_one_asked_for_is_not_believed(
    authority: trustme.CA, ca_file: str
) -> None:
    tls = shows(authority.issue_cert("pbx.example"))
    async with tcp_peer(challenges(), tls) as running:
        heard = await trusting(Trust(ca_file=ca_file)).ask(DRAFT, running.peer, LOGIN)
    assert heard.silence is NoAnswer.UNTRUSTED
    assert "not valid for" in told(heard, running.peer)
    assert running.asked == []


async def test_a_pinned_certificate_is_believed_whoever_signed_it(authority: trustme.CA) -> None:
    certificate = authority.issue_cert("some.other.name")
    trust = Trust(pins={"127.0.0.1": fingerprint(certificate)})
    async with tcp_peer(challenges(), shows(certificate)) as running:
        heard = await trusting(trust).ask(DRAFT, running.peer, LOGIN)
    assert heard.response is not None
    assert heard.response.status == 200


async def test_where_one_is_pinned_no_other_is_believed(
    authority: trustme.CA, ca_file: str
) -> None:
    pinned, shown = authority.issue_cert("127.0.0.1"), authority.issue_cert("127.0.0.1")
    trust = Trust(ca_file=ca_file, pins={"127.0.0.1": fingerprint(pinned)})
    async with tcp_peer(challenges(), shows(shown)) as running:
        heard = await trusting(trust).ask(DRAFT, running.peer, LOGIN)
    assert heard.silence is NoAnswer.UNTRUSTED
    assert fingerprint(shown) in told(heard, running.peer)
    assert running.asked == []


async def test_a_phone_is_asked_whatever_certificate_it_shows(authority: trustme.CA) -> None:
    old = shows(authority.issue_cert("phone"), is_old=True)
    async with tcp_peer(says("200 OK"), old) as running:
        recipient = Recipient.direct("127.0.0.1", port=running.port, transport=Transport.TLS)
        outcome = await notify(trusting(Trust()), recipient, check_sync())
    assert outcome.accepted


async def test_whoever_may_be_anybody_is_given_no_login(authority: trustme.CA) -> None:
    tls = shows(authority.issue_cert("phone"))
    async with tcp_peer(challenges(), tls) as running:
        anybody = replace(running.peer, any_certificate=True)
        heard = await trusting(Trust()).ask(DRAFT, anybody, LOGIN)
    assert heard.login is LoginUse.MISSING
    assert len(running.asked) == 1


async def test_tls_that_is_too_old_hears_nothing(authority: trustme.CA, ca_file: str) -> None:
    client = trusting(Trust(ca_file=ca_file))
    old = shows(authority.issue_cert("127.0.0.1"), is_old=True)
    async with tcp_peer(says("200 OK"), old) as running:
        heard = await client.ask(DRAFT, running.peer, LOGIN)
    assert heard.silence is NoAnswer.TLS_FAILED
    assert running.asked == []


async def test_who_speaks_no_tls_is_told_so(ca_file: str) -> None:
    client = SipClient(timers=HASTY, trust=Trust(ca_file=ca_file))
    async with tcp_peer(lambda *_: [Hang]) as plain:
        heard = await client.ask(DRAFT, replace(plain.peer, transport=Transport.TLS), LOGIN)
    assert heard.silence is NoAnswer.TLS_FAILED
    assert plain.asked == []


async def test_who_hangs_up_after_the_handshake_is_told_apart(
    authority: trustme.CA, ca_file: str
) -> None:
    tls = shows(authority.issue_cert("127.0.0.1"))
    async with tcp_peer(lambda *_: [End], tls) as running:
        heard = await trusting(Trust(ca_file=ca_file)).ask(DRAFT, running.peer)
    outcome = outcome_of(heard, running.peer)
    assert (outcome.result, outcome.silence) == (Result.NO_ANSWER, NoAnswer.CLOSED)
    assert "(SIP over TLS)" in outcome.detail


async def test_an_answer_in_pieces_is_put_together(authority: trustme.CA, ca_file: str) -> None:
    def in_pieces(asked: Asked, _: int) -> Iterable[Piece]:
        whole = reply(asked, "200 OK")
        return [whole[:7], whole[7:]]

    tls = shows(authority.issue_cert("127.0.0.1"))
    async with tcp_peer(in_pieces, tls) as running:
        heard = await trusting(Trust(ca_file=ca_file)).ask(DRAFT, running.peer)
    assert heard.response is not None


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "cannot be read: No such file"), ("nothing at all", "holds no certificate")],
)
def test_a_file_that_holds_no_authority_is_refused(
    content: str | None, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content, encoding="ascii")
    with pytest.raises(ValueError, match=f"{re.escape(str(path))} {reason}"):
        Trust(ca_file=str(path))


def test_the_usual_port_is_another_one() -> None:
    assert Transport.TLS.default_port == 5061
    assert {Transport.UDP.default_port, Transport.TCP.default_port} == {5060}
