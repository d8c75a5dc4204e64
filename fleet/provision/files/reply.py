"""What HTTP answers: whole, in parts, not modified, or not at all (RFC 9110). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from fleet.model import FetchOutcome
from fleet.provision.files.ranges import spans_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet.provision.files.content import Content, Header
    from fleet.provision.files.ranges import Span

_COMMON: tuple[Header, ...] = ((b"cache-control", b"private, no-cache"),)
_NOT_FOUND = b"Not Found\n"
_UNAUTHORIZED = b"Unauthorized\n"
_BUSY = b"Service Unavailable\n"
_WRONG_METHOD = b"Method Not Allowed\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    """A request's method, and its headers that bear on how a file is given; empty if not there."""

    method: str = "GET"
    if_none_match: str = ""
    if_modified_since: str = ""
    range: str = ""
    if_range: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A response. `parts` are its body, `whole` whether that is the file from end to end.

    `outcome` is what is to be recorded once all of it was sent.
    """

    status: int
    headers: tuple[Header, ...]
    parts: tuple[bytes | memoryview, ...] = field(default=(), repr=False)
    outcome: FetchOutcome = FetchOutcome.SERVED
    whole: bool = False

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return sum(len(part) for part in self.parts)


def reply_with(content: Content, asked: Conditions) -> Reply:
    """Return the reply: a file, the requested parts of it, or 304 for an unchanged one."""
    if _is_the_same(content, asked):
        return Reply(status=304, headers=content.headers, outcome=FetchOutcome.NOT_MODIFIED)
    spans = None
    if asked.range and asked.method == "GET" and _still_holds(content, asked.if_range):
        spans = spans_of(asked.range, len(content.body))
    if spans is None:
        return _whole(content, asked.method)
    if not spans:
        return _no_such_range(content)
    return _part(content, spans[0]) if len(spans) == 1 else _several(content, spans)


def refusal(challenge: str = "") -> Reply:
    """The one answer to whatever is not given, for whichever reason.

    With a challenge it asks for a login, as it does of everybody who asks for such a file.
    """
    if challenge:
        wanted = ((b"www-authenticate", challenge.encode()),)
        return _text_reply(401, _UNAUTHORIZED, wanted)
    return _text_reply(404, _NOT_FOUND)


def busy() -> Reply:
    """The answer while the database cannot be read."""
    return _text_reply(503, _BUSY, ((b"retry-after", b"60"),))


def wrong_method() -> Reply:
    """The answer to what is neither GET nor HEAD; the connection ends, unread body and all."""
    return _text_reply(405, _WRONG_METHOD, ((b"allow", b"GET, HEAD"), (b"connection", b"close")))


def _text_reply(status: int, text: bytes, more: Iterable[Header] = ()) -> Reply:
    headers = (*_COMMON, (b"content-type", b"text/plain"), *more, _length(len(text)))
    return Reply(status=status, headers=headers, parts=(text,), outcome=FetchOutcome.NOT_FOUND)


def _length(size: int) -> Header:
    return b"content-length", str(size).encode()


def _type(content: Content) -> Header:
    return b"content-type", content.kind.encode()


def _whole(content: Content, method: str) -> Reply:
    if method == "HEAD":
        return Reply(status=200, headers=content.headers_of_all)
    return Reply(status=200, headers=content.headers_of_all, parts=(content.body,), whole=True)


def _part(content: Content, span: Span) -> Reply:
    start, end = span
    size = len(content.body)
    at = b"content-range", f"bytes {start}-{end - 1}/{size}".encode()
    return Reply(
        status=206,
        headers=(*content.headers, _type(content), at, _length(end - start)),
        parts=(memoryview(content.body)[start:end],),
        whole=span == (0, size),
    )


def _several(content: Content, spans: Sequence[Span]) -> Reply:
    boundary = f"fleet-{content.digest[:32]}"
    size, view = len(content.body), memoryview(content.body)
    parts: list[bytes | memoryview] = []
    for start, end in spans:
        head = (
            f"\r\n--{boundary}\r\nContent-Type: {content.kind}\r\n"
            f"Content-Range: bytes {start}-{end - 1}/{size}\r\n\r\n"
        )
        parts += [head.encode(), view[start:end]]
    parts.append(f"\r\n--{boundary}--\r\n".encode())
    kind = b"content-type", f"multipart/byteranges; boundary={boundary}".encode()
    length = _length(sum(len(part) for part in parts))
    return Reply(status=206, headers=(*content.headers, kind, length), parts=tuple(parts))


def _no_such_range(content: Content) -> Reply:
    at = b"content-range", f"bytes */{len(content.body)}".encode()
    headers = (*content.headers, at, _length(0))
    return Reply(status=416, headers=headers, outcome=FetchOutcome.NOT_FOUND)


def _is_the_same(content: Content, asked: Conditions) -> bool:
    """Whether the client has these very bytes.

    A date has to be the very one that we gave: a phone that comes from another server may hold a
    later one, and would never take our file.
    """
    if asked.if_none_match:
        tags = [tag.strip().removeprefix("W/") for tag in asked.if_none_match.split(",")]
        return content.etag in tags or "*" in tags
    return bool(asked.if_modified_since) and _is_its_date(content, asked.if_modified_since)


def _still_holds(content: Content, if_range: str) -> bool:
    return not if_range or if_range.strip() == content.etag or _is_its_date(content, if_range)


def _is_its_date(content: Content, text: str) -> bool:
    if content.modified is None:
        return False
    try:
        return parsedate_to_datetime(text.strip()).astimezone(UTC) == content.modified
    except (ValueError, TypeError, OverflowError):
        return False
