"""What HTTP answers: ranges, conditions, and refusals that are all alike."""

from __future__ import annotations

from datetime import UTC, datetime
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import FetchOutcome
from fleet.provision.files.content import Content
from fleet.provision.files.ranges import spans_of
from fleet.provision.files.reply import Conditions, Reply, busy, refusal, reply_with, wrong_method

if TYPE_CHECKING:
    from email.message import Message

BODY = bytes(range(100))
CONTENT = Content(
    name="x.cfg",
    body=BODY,
    digest="ab" * 32,
    modified=datetime(2026, 3, 1, 7, 0, tzinfo=UTC),
    revision=3,
)
DATE = "Sun, 01 Mar 2026 07:00:00 GMT"


def reply(**asked: Any) -> Reply:
    return reply_with(CONTENT, Conditions(**asked))


def body(of: Reply) -> bytes:
    return b"".join(bytes(part) for part in of.parts)


def header(of: Reply, name: bytes) -> str:
    return dict(of.headers).get(name, b"").decode()


def test_a_file_comes_whole_with_all_that_is_said_of_it() -> None:
    whole = reply()
    assert (whole.status, body(whole), whole.whole) == (200, BODY, True)
    assert header(whole, b"content-length") == "100"
    assert header(whole, b"etag") == f'"{"ab" * 32}"'
    assert header(whole, b"last-modified") == DATE
    assert header(whole, b"accept-ranges") == "bytes"
    assert b"transfer-encoding" not in dict(whole.headers)


def test_head_is_the_same_without_the_body() -> None:
    head = reply(method="HEAD", range="bytes=0-1")
    assert (head.status, head.parts, head.whole) == (200, (), False)
    assert head.headers == reply().headers


@pytest.mark.parametrize(
    ("text", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=90-", 206, 90, 100),
        ("bytes=-5", 206, 95, 100),
        ("bytes=-500", 206, 0, 100),
        ("bytes=50-5000", 206, 50, 100),
        ("BYTES = 0-0", 206, 0, 1),
        ("bytes=99-99, 200-300", 206, 99, 100),
        ("bytes=5-4", 200, 0, 100),
        ("bytes=", 200, 0, 100),
        ("bytes=-", 200, 0, 100),
        ("bytes=a-b", 200, 0, 100),
        ("lines=0-9", 200, 0, 100),
        ("bytes=0-9,x", 200, 0, 100),
        ("bytes=" + ",".join(["0-0"] * 17), 200, 0, 100),
        ("bytes=0-90,0-90", 200, 0, 100),
        ("bytes=\u0661-\u0662", 200, 0, 100),
    ],
)
def test_one_range(text: str, status: int, start: int, end: int) -> None:
    part = reply(range=text)
    assert (part.status, body(part)) == (status, BODY[start:end])
    assert header(part, b"content-length") == str(end - start)
    if status == 206:
        assert header(part, b"content-range") == f"bytes {start}-{end - 1}/100"
    assert part.whole == (status == 200 or (start, end) == (0, 100))


@pytest.mark.parametrize("text", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=300-,200-"])
def test_a_range_that_is_not_in_the_file(text: str) -> None:
    none = reply(range=text)
    assert (none.status, none.size, header(none, b"content-range")) == (416, 0, "bytes */100")
    assert none.outcome is FetchOutcome.NOT_FOUND


def parts_of(of: Reply) -> list[Message]:
    head = f"Content-Type: {header(of, b'content-type')}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + body(of))
    return [part for part in message.walk() if not part.is_multipart()]


def test_several_ranges_come_in_parts() -> None:
    several = reply(range="bytes=65-70,97-,48-50")
    assert several.status == 206
    assert header(several, b"content-length") == str(several.size)
    found = [(part["Content-Range"], part.get_payload().encode()) for part in parts_of(several)]
    assert found == [
        ("bytes 65-70/100", BODY[65:71]),
        ("bytes 97-99/100", BODY[97:]),
        ("bytes 48-50/100", BODY[48:51]),
    ]
    assert not several.whole


@given(st.text(max_size=60), st.integers(0, 300))
def test_every_span_is_inside(text: str, size: int) -> None:
    for listed in (text, f"bytes={text}"):
        spans = spans_of(listed, size)
        assert spans is None or all(0 <= start < end <= size for start, end in spans)


@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), min_size=1, max_size=20))
def test_ranges_give_the_bytes_that_they_say(pairs: list[tuple[int, int]]) -> None:
    text = "bytes=" + ",".join(f"{start}-{end}" for start, end in pairs)
    given_ = reply(range=text)
    assert given_.size == int(header(given_, b"content-length"))
    if given_.status == 206 and len(pairs) == 1:
        assert body(given_) == BODY[pairs[0][0] : pairs[0][1] + 1]


@pytest.mark.parametrize(
    "asked",
    [
        {"if_none_match": f'"{"ab" * 32}"'},
        {"if_none_match": f'"x", W/"{"ab" * 32}"'},
        {"if_none_match": "*"},
        {"if_modified_since": DATE},
        {"if_modified_since": DATE, "range": "bytes=0-9"},
        {"if_none_match": f'"{"ab" * 32}"', "if_modified_since": "nonsense"},
    ],
)
def test_what_is_the_same_is_not_sent_again(asked: dict[str, str]) -> None:
    same = reply(**asked)
    assert (same.status, same.parts) == (304, ())
    assert same.outcome is FetchOutcome.NOT_MODIFIED
    assert header(same, b"etag") == f'"{"ab" * 32}"'


@pytest.mark.parametrize(
    "asked",
    [
        {"if_none_match": '"x"'},
        {"if_none_match": '"x"', "if_modified_since": DATE},
        {"if_modified_since": "Sun, 01 Mar 2026 06:59:59 GMT"},
        {"if_modified_since": "Tue, 01 Dec 2026 07:00:00 GMT"},
        {"if_modified_since": "nonsense"},
        {"if_modified_since": "Sun, 99 Foo 2026 07:00:00 GMT"},
    ],
)
def test_what_differs_or_only_seems_newer_is_sent(asked: dict[str, str]) -> None:
    assert reply(**asked).status == 200


@pytest.mark.parametrize(
    ("if_range", "status"),
    [(f'"{"ab" * 32}"', 206), (DATE, 206), ('"x"', 200), ("nonsense", 200)],
)
def test_a_part_is_given_only_of_the_file_that_is_meant(if_range: str, status: int) -> None:
    assert reply(range="bytes=0-9", if_range=if_range).status == status


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_header_makes_it_raise(none_match: str, since: str, span: str, if_range: str) -> None:
    answered = reply(
        if_none_match=none_match, if_modified_since=since, range=span, if_range=if_range
    )
    assert answered.status in (200, 206, 304, 416)


def test_a_refusal_says_nothing_and_every_answer_has_a_length() -> None:
    assert refusal() == refusal()
    assert (refusal().status, refusal("Digest x").status) == (404, 401)
    assert header(refusal("Digest x"), b"www-authenticate") == "Digest x"
    assert (busy().status, wrong_method().status) == (503, 405)
    for each in (refusal(), refusal("x"), busy(), wrong_method(), reply(), reply(range="bytes=1-")):
        assert header(each, b"content-length") == str(each.size)


def test_a_file_without_a_date_has_none() -> None:
    undated = Content(name="x", body=b"x", digest="d")
    answered = reply_with(undated, Conditions(if_modified_since=DATE, if_range=DATE))
    assert (answered.status, header(answered, b"last-modified")) == (200, "")
