from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.http_head import NotHttpError, head_end, may_be_http, parse_head


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
