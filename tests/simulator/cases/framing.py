"""HTTP framing: lengths that lie, chunks, encodings nobody asked for, heads not quite legal.

Table of what embedded servers do and clients make of it: facts/peers-and-lessons 4.3.
"""

from __future__ import annotations

import gzip
import zlib
from functools import cache
from typing import TYPE_CHECKING

from fleet.model import Reason
from fleet.simulator.visit import End, Step, raw
from tests.simulator.cases.case import Case, Expect, fails, reads, reads_or_fails, sent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_TYPE = "Content-Type: text/html"


def _head(*lines: str, status: str = "HTTP/1.1 200 OK", expected: Expect = reads) -> Case:
    """These head lines above the page; the connection's end is the page's end."""
    return sent(lambda body: raw(status, *lines, _TYPE, body=body), expected=expected)


def _length(
    text: Callable[[int], str], *, expected: Expect = reads, twice: str | None = None
) -> Case:
    """A Content-Length made from the body's true length."""

    def wire(body: bytes) -> bytes:
        lines = [f"Content-Length: {text(len(body))}"]
        if twice is not None:
            lines.append(f"Content-Length: {twice.format(len(body))}")
        return raw("HTTP/1.1 200 OK", *lines, _TYPE, body=body)

    return sent(wire, expected=expected)


def _chunks(
    body: bytes,
    size: int,
    *,
    extension: bytes = b"",
    upper: bool = False,
    last: bytes = b"0\r\n\r\n",
) -> bytes:
    parts = []
    for start in range(0, len(body), size):
        chunk = body[start : start + size]
        digits = f"{len(chunk):X}" if upper else f"{len(chunk):x}"
        parts.append(digits.encode() + extension + b"\r\n" + chunk + b"\r\n")
    return b"".join([*parts, last])


def _chunked(write: Callable[[bytes], bytes], *, expected: Expect = reads) -> Case:
    return sent(
        lambda body: raw("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", _TYPE, body=write(body)),
        expected=expected,
    )


def _encoded(name: str, encode: Callable[[bytes], bytes], *, expected: Expect = reads) -> Case:
    def wire(body: bytes) -> bytes:
        data = encode(body)
        lines = (f"Content-Encoding: {name}", f"Content-Length: {len(data)}", _TYPE)
        return raw("HTTP/1.1 200 OK", *lines, body=data)

    return sent(wire, expected=expected)


@cache
def _packed_zeros() -> bytes:
    return gzip.compress(bytes(64 * 1024 * 1024), mtime=0)


def _bomb(_body: bytes) -> bytes:
    return _packed_zeros()


def _ends(end: bytes) -> Case:
    return sent(lambda body: raw("HTTP/1.1 200 OK", "Server: Aragorn", _TYPE, body=body, end=end))


def _mixed_ends(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nServer: Aragorn\n" + _TYPE.encode() + b"\r\n\n" + body


def _after(preamble: bytes) -> Case:
    return sent(lambda body: preamble + raw("HTTP/1.1 200 OK", _TYPE, body=body))


def _kept_open(body: bytes) -> Iterable[Step]:
    length = f"Content-Length: {len(body)}"
    yield raw("HTTP/1.1 200 OK", length, "Connection: keep-alive", _TYPE, body=body)
    yield End.HOLD


def _open_without_length(body: bytes) -> Iterable[Step]:
    yield raw("HTTP/1.1 200 OK", _TYPE, body=body)
    yield End.HOLD


def _twice(body: bytes) -> bytes:
    answer = raw("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", _TYPE, body=body)
    return answer + answer


_CUT = (Reason.TRUNCATED, Reason.NOT_HTTP)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

FRAMING = {
    "http_1_0_without_length": _head(status="HTTP/1.0 200 OK"),
    "http_1_0_with_length": sent(
        lambda body: raw("HTTP/1.0 200 OK", f"Content-Length: {len(body)}", body=body)
    ),
    "http_1_2": _head(status="HTTP/1.2 200 OK"),
    "http_0_9": sent(lambda body: body, expected=fails(Reason.NOT_HTTP)),
    "no_reason_phrase": _head(status="HTTP/1.1 200"),
    "no_reason_phrase_but_space": _head(status="HTTP/1.1 200 "),
    "odd_reason_phrase": _head(status="HTTP/1.1 200 D\xe9j\xe0 vu"),
    "bare_line_feeds": _ends(b"\n"),
    "mixed_line_ends": sent(_mixed_ends),
    "blank_lines_first": _after(b"\r\n\r\n"),
    "folded_header": _head("Server: Aragorn", "X-Note: one", "\ttwo", "  three"),
    "header_without_colon": _head("Server: Aragorn", "this is no header"),
    "space_before_colon": _head("Server : Aragorn", "X-Note : one"),
    "space_in_header_name": _head("Server: Aragorn", "X Note: one"),
    "control_character_in_header": _head("Server: Ara\x01gorn", "X-Note: a\x7fb"),
    "empty_header_value": _head("Server:", "X-Note:  "),
    "header_name_empty": _head("Server: Aragorn", ": nothing"),
    "non_ascii_header": _head("Server: Arag\xf6rn"),
    "many_headers": _head(*(f"X-Note-{number}: {number}" for number in range(60))),
    "long_header": _head("X-Note: " + "n" * 4000),
    "continue_first": _after(_CONTINUE),
    "continue_twice_first": _after(_CONTINUE + b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"),
    "continue_forever": sent(
        lambda _body: _CONTINUE * 20_000,
        expected=fails(Reason.NOT_HTTP, Reason.TOO_LARGE, Reason.NO_REPLY),
    ),
    "length_too_long": _length(lambda n: str(n + 500), expected=reads_or_fails(Reason.TRUNCATED)),
    "length_too_short": _length(lambda n: str(n - 40), expected=reads_or_fails(Reason.TRUNCATED)),
    "length_half": _length(lambda n: str(n // 2), expected=reads_or_fails(Reason.TRUNCATED)),
    "length_twice_the_same": _length(str, twice="{}"),
    "length_twice_different": _length(
        str, twice="7", expected=reads_or_fails(Reason.TRUNCATED, Reason.NOT_HTTP)
    ),
    "length_negative": _length(lambda n: str(-n), expected=reads_or_fails(Reason.NOT_HTTP)),
    "length_junk": _length(lambda _n: "many", expected=reads_or_fails(Reason.NOT_HTTP)),
    "length_with_plus": _length(lambda n: f"+{n}", expected=reads_or_fails(Reason.NOT_HTTP)),
    "length_empty": _length(lambda _n: "", expected=reads_or_fails(Reason.NOT_HTTP)),
    "length_beyond_64_bits": _length(
        lambda _n: str(2**70), expected=reads_or_fails(*_CUT, Reason.TOO_LARGE)
    ),
    "length_claims_a_terabyte": _length(
        lambda _n: str(10**12), expected=reads_or_fails(*_CUT, Reason.TOO_LARGE)
    ),
    "chunked": _chunked(lambda body: _chunks(body, 1000)),
    "chunked_by_the_byte": _chunked(lambda body: _chunks(body, 1)),
    "chunked_in_capitals": _chunked(lambda body: _chunks(body, 700, upper=True)),
    "chunked_with_extension": _chunked(lambda body: _chunks(body, 900, extension=b";a=b")),
    "chunked_with_trailing_space": _chunked(lambda body: _chunks(body, 900, extension=b"  ")),
    "chunked_with_trailers": _chunked(
        lambda body: _chunks(body, 900, last=b"0\r\nX-Note: one\r\n\r\n")
    ),
    "chunked_without_last": _chunked(
        lambda body: _chunks(body, 900, last=b""), expected=reads_or_fails(Reason.TRUNCATED)
    ),
    "chunked_cut": _chunked(lambda body: _chunks(body, 900)[:1500], expected=fails(*_CUT)),
    "chunked_with_bad_size": _chunked(
        lambda body: _chunks(body[:900], 900, last=b"xyz\r\n"), expected=fails(*_CUT)
    ),
    "chunked_but_plain": _chunked(
        lambda body: body, expected=reads_or_fails(*_CUT, Reason.NO_TABLE, Reason.NOT_AASTRA)
    ),
    "chunked_with_negative_size": _chunked(
        lambda body: b"-5\r\n" + body,
        expected=reads_or_fails(*_CUT, Reason.NO_TABLE, Reason.NOT_AASTRA),
    ),
    "gzip_not_asked_for": _encoded("gzip", lambda body: gzip.compress(body, mtime=0)),
    "deflate_not_asked_for": _encoded("deflate", zlib.compress),
    "gzip_but_plain": _encoded(
        "gzip", lambda body: body, expected=reads_or_fails(Reason.BAD_ENCODING)
    ),
    "gzip_cut": _encoded(
        "gzip",
        lambda body: gzip.compress(body, mtime=0)[:400],
        expected=fails(Reason.BAD_ENCODING, Reason.TRUNCATED),
    ),
    "gzip_bomb": _encoded("gzip", _bomb, expected=fails(Reason.TOO_LARGE)),
    "encoding_unknown": _encoded(
        "br", lambda _body: b"\x0b\x02\x80not brotli\x03", expected=fails(Reason.BAD_ENCODING)
    ),
    "encoding_identity": _encoded("identity", lambda body: body),
    "keep_alive": sent(_kept_open),
    "open_without_length": sent(
        _open_without_length, expected=reads_or_fails(Reason.TOO_SLOW, Reason.SILENT)
    ),
    "two_answers_at_once": sent(_twice),
    "head_alone": sent(
        lambda _body: raw("HTTP/1.1 200 OK", _TYPE),
        expected=fails(Reason.NO_TABLE, Reason.TRUNCATED, Reason.NO_REPLY, Reason.NOT_AASTRA),
    ),
    "length_0": sent(
        lambda _body: raw("HTTP/1.1 200 OK", "Content-Length: 0", _TYPE),
        expected=fails(Reason.NO_TABLE, Reason.NOT_AASTRA),
    ),
}
