from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import PhoneError
from fleet.phone.http.response import (
    AnswerReader,
    CountedBody,
    NotHttpError,
    Reply,
    ends_like_a_page,
    head_end,
    may_be_http,
    parse_head,
)
from tests.phone.http.scripted import PAGE, http


def headers(*lines: bytes) -> dict[str, str]:
    return dict(parse_head(b"\r\n".join((b"HTTP/1.1 200 OK", *lines, b"", b""))).headers)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"Server: Aragorn", {"server": "Aragorn"}),
        (b"Server : Aragorn", {"server": "Aragorn"}),
        (b"SERVER:Aragorn  ", {"server": "Aragorn"}),
        (b"Server: a\r\n b\r\n\tc", {"server": "a b c"}),
        (b"Bad Name: x\r\n folded onto it\r\nA: b", {"a": "b"}),
        (b"no colon\r\nA: b", {"a": "b"}),
        (b"A: x\x00\x08y", {"a": "xy"}),
        (b"A: caf\xe9", {"a": "café"}),
        (b"A: b: c", {"a": "b: c"}),
        (b"A:", {"a": ""}),
    ],
)
def test_header_lines_that_are_not_quite_legal_are_mended(
    line: bytes, expected: dict[str, str]
) -> None:
    assert headers(line) == expected


@pytest.mark.parametrize("line", [b"", b"HTTP/1.1", b"HTTP/1.1 ok", b"ICY 200 OK", b"HTTP/x 200"])
def test_what_is_no_status_line_is_not_http(line: bytes) -> None:
    with pytest.raises(NotHttpError):
        parse_head(line + b"\r\n\r\n")


@pytest.mark.parametrize(
    ("head", "end"),
    [
        (b"HTTP/1.1 200\r\n\r\nx", 16),
        (b"HTTP/1.1 200\n\nx", 14),
        (b"HTTP/1.1 200\r\n\nx", 15),
        (b"HTTP/1.1 200\r\r\n\r\r\nx", 18),
        (b"HTTP/1.1 200\r\n\r", -1),
    ],
)
def test_the_head_ends_at_the_first_blank_line(head: bytes, end: int) -> None:
    assert head_end(head) == end


@given(st.binary(max_size=400))
def test_any_bytes_are_a_head_or_not_http(data: bytes) -> None:
    for block in (data, b"HTTP/1.1 200 OK\r\n" + data):
        try:
            head = parse_head(block)
        except NotHttpError:
            continue
        assert 100 <= head.status <= 999
        assert all(name == name.lower() and name.isascii() for name, _ in head.headers)
        assert head.content_length is None or head.content_length >= 0


@given(st.binary(max_size=10))
def test_a_beginning_that_may_be_http_is_one(data: bytes) -> None:
    assert may_be_http(data) == b"HTTP/".startswith(data[:5].upper())


@pytest.mark.parametrize(
    ("behind", "ends"),
    [(b"", True), (b">\r\n", True), (b" " * 250, True), (b" " * 251, False), (b" " * 9999, False)],
)
def test_a_closing_tag_ends_a_page_if_little_follows(behind: bytes, ends: bool) -> None:
    """Embedded servers send blanks or a comment behind it: 256 bytes with the tag are looked at."""
    assert ends_like_a_page(b"<html>" + b"x" * 500 + b"</HTML" + behind) is ends


@pytest.mark.parametrize(
    ("behind", "kept"),
    [(250, b""), (251, b"more")],
)
def test_what_comes_beyond_the_length_belongs_to_a_page_without_its_end(
    behind: int, kept: bytes
) -> None:
    page = b"<html>1</html" + b" " * behind
    body = CountedBody(len(page))
    body.feed(page + b"more")

    assert body.whole
    assert bytes(body.data) == page + kept
    assert body.may_have_more is bool(kept)


def test_the_length_counts_from_the_page_s_own_end() -> None:
    """A tail that is cut wrongly would see the end of what comes beyond."""
    page = b"<html>" + b"x" * 1000
    body = CountedBody(len(page))
    body.feed(page + b"</html>")

    assert bytes(body.data) == page + b"</html>"
    assert not body.may_have_more


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
