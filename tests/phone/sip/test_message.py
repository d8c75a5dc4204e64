from __future__ import annotations

from contextlib import suppress

import pytest
import sipmessage
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.sip.message import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    Framer,
    NotSipError,
    Request,
    Response,
    read_message,
    written,
)

OK = (
    b"SIP/2.0 200 OK\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKabc;rport=5060;received=192.0.2.9\r\n"
    b"From: <sip:1001@pbx.example>;tag=a\r\n"
    b"To: <sip:1001@pbx.example>;tag=b\r\n"
    b"Call-ID: 59638f5d95c9d301\r\n"
    b"CSeq: 4 NOTIFY\r\n"
    b"Content-Length: 0\r\n\r\n"
)
NOT_A_MESSAGE = [
    b"",
    b"\r\n\r\n",
    b"SIP/2.0 200 OK",
    b"SIP/2.0 200 OK\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"SIP/3.0 200 OK\r\n\r\n",
    b"SIP/2.0 99 Low\r\n\r\n",
    b"SIP/2.0 700 High\r\n\r\n",
    b"SIP/2.0 2000 OK\r\n\r\n",
    b"SIP/2.0 OK\r\n\r\n",
    b"NOTIFY sip:a@b HTTP/1.1\r\n\r\n",
    b"NOTIFY sip:a b SIP/2.0\r\n\r\n",
    OK.replace(b"Length: 0", b"Length: 5"),
    OK.replace(b"Length: 0", b"Length: -1"),
    OK.replace(b"Length: 0", b"Length: x"),
    OK.replace(b"Length: 0", b"Length: 99999999999999999999"),
    OK.replace(b"Length: 0", b"Length: 0\r\nl: 1"),
    b"SIP/2.0 200 OK\r\n" + b"A: b\r\n" * 201 + b"\r\n",
    b"SIP/2.0 200 OK\r\nA: " + b"b" * MAX_HEAD_BYTES + b"\r\n\r\n",
]

names = st.from_regex(r"[A-Za-z][A-Za-z0-9.!%*_+`'~-]{0,20}", fullmatch=True).filter(
    lambda name: len(name) > 1 and name.lower() != "content-length"
)
texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\t"), max_size=60
).map(str.strip)
headers = st.lists(st.tuples(names, texts), max_size=8).map(tuple)
bodies = st.binary(max_size=200)
requests = st.builds(
    Request,
    method=st.sampled_from(["NOTIFY", "OPTIONS", "REGISTER", "x-thing"]),
    uri=st.sampled_from(["sip:a@b", "sip:pbx.example:5070", "sip:[2001:db8::1]"]),
    headers=headers,
    body=bodies,
)
responses = st.builds(
    Response, status=st.integers(100, 699), phrase=texts, headers=headers, body=bodies
)
messages = requests | responses


def bare(message: Request | Response) -> tuple[object, ...]:
    """What must come back: names in lower case, and without the length, which is added."""
    kept = [(name.lower(), value) for name, value in message.headers]
    start = (
        (message.method, message.uri)
        if isinstance(message, Request)
        else (message.status, message.phrase)
    )
    return (*start, [pair for pair in kept if pair[0] != "content-length"], message.body)


@given(messages)
def test_what_is_written_is_read_again(message: Request | Response) -> None:
    assert bare(read_message(written(message))) == bare(message)


@given(messages, st.lists(st.integers(1, 40), max_size=20))
def test_a_stream_may_be_cut_anywhere(message: Request | Response, cuts: list[int]) -> None:
    stream = b"\r\n\r\n" + written(message) + written(message)
    framer, found, at = Framer(), [], 0
    for cut in [*cuts, len(stream)]:
        found += framer.feed(stream[at : at + cut])
        at += cut
    assert [bare(one) for one in found] == [bare(message)] * 2


@given(st.binary(max_size=400))
def test_garbage_is_refused_or_read_and_nothing_else(data: bytes) -> None:
    for junk in (data, b"SIP/2.0 200 OK\r\n" + data, OK + data, OK[:-2] + data + b"\r\n\r\n"):
        try:
            message = read_message(junk)
        except NotSipError:
            continue
        assert message.cseq[0] >= 0
        assert isinstance(message.first("via"), str)


@given(st.lists(st.tuples(st.integers(0, len(OK)), st.binary(max_size=6)), max_size=8), st.data())
def test_a_mangled_message_is_refused_or_read(
    edits: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    mangled = bytearray(OK)
    for at, junk in edits:
        mangled[at : at + data.draw(st.integers(0, 6))] = junk
    with suppress(NotSipError):
        read_message(bytes(mangled))
    with suppress(NotSipError):
        list(Framer().feed(bytes(mangled)))


@pytest.mark.parametrize("data", NOT_A_MESSAGE)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(NotSipError):
        read_message(data)


def test_compact_names_folded_lines_and_loose_spelling_are_read() -> None:
    message = read_message(
        b"\r\nsip/2.0 202\n"
        b"v: SIP/2.0/UDP a;branch=z9hG4bK1,\r\n"
        b" \tSIP/2.0/UDP b;branch=z9hG4bK2\n"
        b"Via : SIP/2.0/UDP c\r\n"
        b"no header at all\r\n"
        b"i:59638\r\n"
        b"CSEQ: 4   NOTIFY\r\n"
        b"o: check-sync\r\n"
        b"l: 2\r\n\r\nabc"
    )
    assert isinstance(message, Response)
    assert (message.status, message.phrase) == (202, "")
    assert message.values("via") == [
        "SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK2",
        "SIP/2.0/UDP c",
    ]
    assert message.first("call-id") == "59638"
    assert message.first("event") == "check-sync"
    assert message.cseq == (4, "NOTIFY")
    assert message.body == b"ab"


def test_the_body_of_a_datagram_without_a_length_goes_to_its_end() -> None:
    assert read_message(OK.replace(b"Content-Length: 0\r\n", b"") + b"xyz").body == b"xyz"


def test_bytes_that_are_no_utf8_are_given_back_as_they_came() -> None:
    message = read_message(OK.replace(b"OK", b"B\xfcro").replace(b"abc;", b"\xfc;"))
    assert b"B\xfcro" in written(Response(status=200, phrase=message.phrase))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "message",
    [
        Request(method="NOTIFY", uri="sip:a@b", headers=(("Event", "x\r\nEvil: y"),)),
        Request(method="NOTIFY", uri="sip:a@b", headers=(("Event: a\r\nEvil", "y"),)),
        Request(method="NOTIFY", uri="sip:a b", headers=()),
        Request(method="NOTIFY", uri="sip:a\r\nb", headers=()),
        Request(method="NO TIFY", uri="sip:a", headers=()),
        Request(method="NOTIFY", uri="sip:a", headers=(("Content-Length", "7"),)),
        Request(method="NOTIFY", uri="sip:a", headers=(("Event", "\ud800"),)),
        Response(status=200, phrase="O\nK"),
    ],
)
def test_nothing_breaks_out_of_its_line(message: Request | Response) -> None:
    with pytest.raises(NotSipError):
        written(message)


def test_headers_and_bodies_stay_out_of_logs() -> None:
    message = Request(
        method="REGISTER", uri="sip:a", headers=(("Authorization", "hash"),), body=b"hidden"
    )
    assert "hash" not in repr(message)
    assert "hidden" not in repr(message)


def test_another_implementation_reads_what_we_write() -> None:
    message = Request(
        method="NOTIFY",
        uri="sip:200@10.30.100.103:5060",
        headers=(
            ("Via", "SIP/2.0/UDP 10.30.100.1:5060;branch=z9hG4bK7bbc1fac;rport"),
            ("From", "<sip:fleet@10.30.100.1>;tag=81be2861f3"),
            ("To", "<sip:200@10.30.100.103:5060>"),
            ("CSeq", "4 NOTIFY"),
        ),
        body=b"abc",
    )
    read = sipmessage.Message.parse(written(message))
    assert isinstance(read, sipmessage.Request)
    assert (read.method, str(read.uri)) == ("NOTIFY", "sip:200@10.30.100.103:5060")
    assert read.via[0].parameters["branch"] == "z9hG4bK7bbc1fac"
    assert (read.cseq.sequence, read.cseq.method) == (4, "NOTIFY")
    assert (read.content_length, read.body) == (3, b"abc")


@pytest.mark.parametrize(
    "stream",
    [
        OK.replace(b"Length: 0", b"Length: %d" % (MAX_BODY_BYTES + 1)),
        b"x" * (MAX_HEAD_BYTES + 1),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_a_stream_past_mending_is_given_up(stream: bytes) -> None:
    with pytest.raises(NotSipError):
        list(Framer().feed(stream))
