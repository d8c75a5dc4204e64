from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import PhoneError
from fleet.phone.answer_reader import AnswerReader, Reply
from tests.phone.scripted import PAGE, http

MAX_BODY = 4096

PIECES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK\r\n",
                b"HTTP/1.1 401\n",
                b"HTTP/1.1 100 Continue\r\n\r\n",
                b"Content-Length: 7\r\n",
                b"Content-Length: -1\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"Content-Encoding: gzip\r\n",
                b"Content-Encoding: deflate\r\n",
                b"\r\n",
                b"\n\n",
                b"5\r\nhello\r\n",
                b"0\r\n\r\n",
                b"\x1f\x8b\x08\x00",
                b"</html>",
                b"x" * 5000,
            ]
        ),
    ),
    max_size=12,
)


def read(pieces: list[bytes], *, broken: bool = False) -> Reply | PhoneError:
    reader = AnswerReader(max_body=MAX_BODY, where="phone")
    try:
        for piece in pieces:
            if reader.done:
                break
            reader.feed(piece)
        return reader.end(broken=broken)
    except PhoneError as error:
        return error


@given(PIECES, st.booleans())
def test_any_bytes_become_a_reply_or_a_phone_error(pieces: list[bytes], broken: bool) -> None:
    outcome = read(pieces, broken=broken)
    if isinstance(outcome, Reply):
        assert len(outcome.body) <= MAX_BODY


@given(PIECES)
def test_giving_up_is_a_reply_or_a_phone_error_too(pieces: list[bytes]) -> None:
    reader = AnswerReader(max_body=MAX_BODY, where="phone")
    try:
        for piece in pieces:
            reader.feed(piece)
        reader.give_up()
    except PhoneError:
        return


@given(st.lists(st.integers(0, 200), max_size=8), st.sampled_from([True, False]))
def test_where_the_network_cuts_an_answer_does_not_matter(cuts: list[int], sized: bool) -> None:
    whole = http(PAGE, "X-One: 1", sized=sized)
    ends = sorted({min(cut, len(whole)) for cut in cuts} | {len(whole)})
    pieces = [whole[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    assert read([whole]) == read(pieces)


@given(st.lists(st.integers(0, 300), max_size=8))
def test_where_the_network_cuts_chunks_does_not_matter(cuts: list[int]) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    whole = head + b"".join(b"1\r\n%c\r\n" % byte for byte in PAGE[:30]) + b"0\r\n\r\n"
    ends = sorted({min(cut, len(whole)) for cut in cuts} | {len(whole)})
    pieces = [whole[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    reply = read(pieces)
    assert isinstance(reply, Reply)
    assert (reply.body, reply.complete) == (PAGE[:30], True)
