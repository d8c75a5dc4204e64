"""The simulator's SIP messages and logins, against the standards' own examples."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet.model import Credentials
from fleet.simulator.digest import Doorkeeper, Verdict, answer, pairs
from fleet.simulator.sip.message import (
    SipMessage,
    answer_to,
    parameter,
    read,
    sip_uri,
    stamped,
    uri_of,
    user_of,
    without_top_via,
)

# RFC 3261, 24.1: the REGISTER of Bob.
BOB = (
    b"REGISTER sip:registrar.biloxi.com SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bKnashds7;rport\r\n"
    b"Max-Forwards: 70\r\n"
    b"To: Bob <sip:bob@biloxi.com>\r\n"
    b"f: Bob <sip:bob@biloxi.com>;tag=456248\r\n"
    b"Call-ID: 843817637684230@998sdasdh09\r\n"
    b"CSeq: 1826 REGISTER\r\n"
    b'm: "Bob, B" <sip:bob@192.0.2.4>;expires=60,\r\n <sip:bob@192.0.2.5>\r\n'
    b"Expires: 7200\r\n"
    b"Content-Length: 0\r\n\r\n"
)


def bob() -> SipMessage:
    message = read(BOB)
    assert message
    return message


def test_a_request_is_read_with_short_names_and_folded_lines():
    message = bob()
    assert (message.method, message.uri) == ("REGISTER", "sip:registrar.biloxi.com")
    assert message.turn == ("843817637684230@998sdasdh09", "1826 REGISTER")
    assert message.branch == "z9hG4bKnashds7"
    contacts = message.every("contact")
    assert [uri_of(one) for one in contacts] == ["sip:bob@192.0.2.4", "sip:bob@192.0.2.5"]
    assert [parameter(one, "expires") for one in contacts] == ["60", ""]
    assert parameter(message.first("from"), "tag") == "456248"


def test_an_answer_copies_what_it_has_to_and_says_where_the_request_came_from():
    request = stamped(bob(), ("192.0.2.4", 5062))
    reply = answer_to(request, "200 OK", ("Contact", "<sip:x>"), tag="t1")
    assert reply.status == 200
    assert reply.first("via").endswith(";branch=z9hG4bKnashds7;rport=5062;received=192.0.2.4")
    assert reply.first("to") == "Bob <sip:bob@biloxi.com>;tag=t1"
    assert [name for name, _ in reply.headers] == ["Via", "To", "f", "Call-ID", "CSeq", "Contact"]
    assert without_top_via(reply).first("via") == ""


def test_a_written_message_is_read_as_the_same():
    message = SipMessage(start="NOTIFY sip:a@b SIP/2.0", headers=(("Event", "x"),), body=b"<a/>")
    again = read(message.to_bytes())
    assert again
    assert (again.start, again.first("event"), again.body) == (message.start, "x", b"<a/>")


def test_users_are_written_so_that_they_are_read_again():
    for user in ("1001", "a b", "ü", "a@b", "a;b", "a:b"):
        uri = sip_uri(user, "pbx.example", 5070)
        assert user_of(uri) == user
        assert uri.endswith("@pbx.example:5070")
    assert sip_uri("", "pbx.example") == "sip:pbx.example"


@given(st.binary(max_size=400))
def test_no_bytes_are_too_odd(data):
    message = read(data)
    assert message is None or message.to_bytes()


@given(st.binary(max_size=300))
def test_no_headers_are_too_odd(data):
    message = read(b"REGISTER sip:a SIP/2.0\r\n" + data + b"\r\n\r\n")
    assert message
    request = stamped(message, ("192.0.2.1", 5060))
    for name in ("via", "to", "contact", "from"):
        for value in request.every(name):
            user_of(uri_of(value))
    without_top_via(answer_to(request, "200 OK", tag="t")).to_bytes()


# RFC 2617, 3.5.
MUFASA = Credentials(username="Mufasa", password="Circle Of Life")
ASKED = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int", '
    'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)


def test_a_login_is_that_of_the_standard():
    said = answer(ASKED, MUFASA, method="GET", uri="/dir/index.html", cnonce="0a4f113b")
    assert said
    told = pairs(said)
    assert told["response"] == "6629fae49393a05397450978507c4ef1"
    assert told["opaque"] == "5ccc069c403ebaf9f0171e9517f40e41"


def test_what_a_phone_cannot_answer_it_does_not():
    for challenge in (
        'Basic realm="x"',
        'Digest realm="x", nonce="n", algorithm=SHA-256, qop="auth"',
        'Digest realm="x", nonce="n", qop="auth-int"',
        'Digest realm="x"',
        "",
    ):
        assert answer(challenge, MUFASA, method="GET", uri="/", cnonce="c") is None


def keeper() -> Doorkeeper:
    numbers = iter(range(1000))
    return Doorkeeper("pbx", lambda: f"n{next(numbers)}")


def test_a_login_is_taken_once_and_then_is_stale():
    door = keeper()
    said = answer(door.challenge(), MUFASA, method="REGISTER", uri="sip:x", cnonce="c") or ""
    assert door.judge(said, MUFASA, "REGISTER") is Verdict.RIGHT
    assert door.judge(said, MUFASA, "REGISTER") is Verdict.STALE
    assert "stale=true" in door.challenge(stale=True)


def test_a_login_of_anybody_else_or_for_anything_else_is_wrong():
    door = keeper()
    said = answer(door.challenge(), MUFASA, method="REGISTER", uri="sip:x", cnonce="c") or ""
    other = Credentials(username="Mufasa", password="Circle")
    stranger = Credentials(username="Simba", password="Circle Of Life")
    assert door.judge(said, other, "REGISTER") is Verdict.WRONG
    assert door.judge(said, stranger, "REGISTER") is Verdict.WRONG
    assert door.judge(said, MUFASA, "NOTIFY") is Verdict.WRONG
    assert door.judge("", MUFASA, "REGISTER") is Verdict.MISSING
    assert door.judge("Digest username=x", MUFASA, "REGISTER") is Verdict.WRONG


@given(st.text(max_size=200))
def test_no_login_is_too_odd(text):
    door = keeper()
    door.judge(text, MUFASA, "REGISTER")
    door.judge("Digest " + text, MUFASA, "REGISTER")
    answer("Digest " + text, MUFASA, method="GET", uri="/", cnonce="c")
