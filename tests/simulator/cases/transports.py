"""Transports: phones that hang, drip, flood, cut themselves off, or do not speak HTTP at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Reason
from fleet.simulator.behaviours import healthy_answer
from fleet.simulator.visit import End, Pause, Step, http, raw
from tests.simulator.cases.case import (
    Case,
    Expect,
    answers,
    fails,
    greeting,
    packaged,
    reads,
    reads_or_fails,
    sent,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_HEAD = b"HTTP/1.1 200 OK\r\nServer: Aragorn\r\nContent-Type: text/html\r\n\r\n"
_PACE = 0.05  # seconds between the drops of a drip


def _says(data: bytes, *, expected: Expect) -> Case:
    """These bytes to any request, then the end."""
    return answers(lambda _visit: data, expected=expected)


def _hangs_after(cut: Callable[[bytes], bytes], *reasons: Reason) -> Case:
    """A part of the whole answer, then nothing for ever."""

    def wire(body: bytes) -> Iterable[Step]:
        return cut(http("200 OK", body)), End.HOLD

    return sent(wire, expected=fails(*reasons))


def _stops(
    cut: Callable[[bytes], bytes], *end: Step, expected: Expect, lengthless: bool = False
) -> Case:
    """A part of the body, then the end; with the whole body's length unless `lengthless`."""

    def wire(body: bytes) -> Iterable[Step]:
        head = _HEAD if lengthless else http("200 OK", body).removesuffix(body)
        return (head + cut(body), *end)

    return sent(wire, expected=expected)


def _up_to(mark: bytes, extra: int = 0) -> Callable[[bytes], bytes]:
    """The page up to the last place of `mark`, and some bytes more."""
    return lambda body: body[: body.rindex(mark) + extra]


def _in_pieces(body: bytes, size: int, pace: float) -> Iterator[Step]:
    data = http("200 OK", body)
    for start in range(0, len(data), size):
        yield data[start : start + size]
        yield Pause(pace)


def _for_ever(first: bytes, drop: bytes, pace: float) -> Callable[[bytes], Iterator[Step]]:
    def wire(_body: bytes) -> Iterator[Step]:
        yield first
        while True:
            yield drop
            yield Pause(pace)

    return wire


def _apart(body: bytes) -> Iterator[Step]:
    data = http("200 OK", body)
    yield data.removesuffix(body)
    yield Pause(_PACE)
    yield body


def _one_byte_first(body: bytes) -> Iterator[Step]:
    yield b"H"
    yield Pause(_PACE)
    yield http("200 OK", body)[1:]


def _late(body: bytes) -> Iterator[Step]:
    yield Pause(2 * _PACE)
    yield http("200 OK", body)


def _endless_chunks(_body: bytes) -> Iterator[Step]:
    yield raw("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")
    while True:
        yield b"8000\r\n" + b" " * 0x8000 + b"\r\n"
        yield Pause(0)


_CUT = fails(Reason.TRUNCATED)
_CUT_HEAD = fails(Reason.NOT_HTTP, Reason.NO_REPLY, Reason.TRUNCATED)
_STALLED = (Reason.TOO_SLOW, Reason.SILENT, Reason.TRUNCATED)
_FLOODED = fails(Reason.TOO_LARGE)
_FLOODED_HEAD = fails(Reason.NOT_HTTP, Reason.TOO_LARGE)
_STRANGE = fails(Reason.NOT_HTTP)
_JUNK = bytes(range(128, 256)) * 8
_LAST_ROW_END = b"</td></tr>\n</table>\n<!-- /sip -->"

TRANSPORTS = {
    "hangs_when_connected": packaged("hangs_when_connected", expected=fails(Reason.SILENT)),
    "hangs_in_status_line": _hangs_after(lambda data: data[:7], *_STALLED, Reason.NOT_HTTP),
    "hangs_in_head": _hangs_after(lambda data: data[:40], *_STALLED, Reason.NOT_HTTP),
    "hangs_after_head": _hangs_after(lambda data: data[: data.index(b"\r\n\r\n") + 4], *_STALLED),
    "hangs_in_body": _hangs_after(_up_to(_LAST_ROW_END), *_STALLED),
    "drips_slowly": packaged("drips_slowly", expected=reads),
    "one_byte_at_a_time": sent(lambda body: (bytes((byte,)) for byte in http("200 OK", body))),
    "one_byte_first": sent(_one_byte_first),
    "late_first_byte": sent(_late),
    "head_and_body_apart": sent(_apart),
    "drips_body_for_ever": sent(
        _for_ever(_HEAD, b" ", _PACE), expected=fails(Reason.TOO_SLOW, Reason.SILENT)
    ),
    "drips_head_for_ever": sent(
        _for_ever(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", _PACE),
        expected=fails(Reason.TOO_SLOW, Reason.SILENT, Reason.NOT_HTTP),
    ),
    "drips_status_line_for_ever": sent(
        _for_ever(b"HTTP/1.1 200 ", b"O", _PACE),
        expected=fails(Reason.TOO_SLOW, Reason.SILENT, Reason.NOT_HTTP),
    ),
    "floods_body": sent(_for_ever(_HEAD, b"<p>" * 10_000, 0), expected=_FLOODED),
    "floods_body_with_rows": sent(
        _for_ever(_HEAD, b"<tr><td>1</td><td>a@b:1</td><td>Registered</td><td>No</td>" * 300, 0),
        expected=_FLOODED,
    ),
    "floods_chunks": sent(_endless_chunks, expected=_FLOODED),
    "floods_head": sent(
        _for_ever(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 2000, 0), expected=_FLOODED_HEAD
    ),
    "floods_one_header": sent(
        _for_ever(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 30_000, 0), expected=_FLOODED_HEAD
    ),
    "floods_status_line": sent(
        _for_ever(b"HTTP/1.1 200 ", b"O" * 30_000, 0), expected=_FLOODED_HEAD
    ),
    "floods_junk": sent(_for_ever(b"", _JUNK * 30, 0), expected=_FLOODED_HEAD),
    "cut_in_status_line": _says(b"HTTP/1.", expected=_CUT_HEAD),
    "cut_in_head": _says(b"HTTP/1.1 200 OK\r\nServer: Ara", expected=_CUT_HEAD),
    "cut_before_table": _stops(_up_to(b"<!-- sip -->"), expected=_CUT),
    "cut_in_header_row": _stops(_up_to(b"Backup Registrar"), expected=_CUT),
    "cut_after_header_row": _stops(_up_to(b"<tr><td>1</td>"), expected=_CUT),
    "cut_in_a_row": packaged("cut_in_a_row", expected=_CUT),
    "cut_in_a_tag": _stops(_up_to(_LAST_ROW_END, 2), expected=_CUT),
    "cut_between_rows": _stops(_up_to(b"<tr><td>3</td>"), expected=_CUT),
    "cut_after_last_row": _stops(_up_to(b"</table>\n<!-- /sip -->"), expected=_CUT),
    "cut_after_table": _stops(_up_to(b"<!-- /sip -->"), expected=reads_or_fails(Reason.TRUNCATED)),
    "cut_between_rows_lengthless": _stops(
        _up_to(b"<tr><td>3</td>"), expected=_CUT, lengthless=True
    ),
    "cut_after_last_row_lengthless": _stops(
        _up_to(b"</table>\n<!-- /sip -->"), expected=_CUT, lengthless=True
    ),
    "cut_before_table_lengthless": _stops(
        _up_to(b"<!-- sip -->"),
        expected=fails(Reason.TRUNCATED, Reason.NO_TABLE),
        lengthless=True,
    ),
    "reset_at_once": greeting(End.RESET, expected=fails(Reason.NO_REPLY)),
    "reset_when_asked": answers(lambda _visit: (End.RESET,), expected=fails(Reason.NO_REPLY)),
    "reset_in_head": sent(
        lambda _body: (b"HTTP/1.1 200 OK\r\nSer", Pause(_PACE), End.RESET), expected=_CUT_HEAD
    ),
    "reset_in_body": _stops(
        _up_to(b"<tr><td>3</td>"),
        Pause(_PACE),
        End.RESET,
        expected=fails(Reason.TRUNCATED, Reason.NO_REPLY),
    ),
    "closes_at_once": packaged("closes_at_once", expected=fails(Reason.NO_REPLY)),
    "closes_when_asked": answers(lambda _visit: (), expected=fails(Reason.NO_REPLY)),
    "speaks_first": Case(
        respond=healthy_answer,
        greet=lambda: (b"VxWorks login: ", End.HOLD),
        expected=_STRANGE,
    ),
    "garbage": _says(_JUNK, expected=_STRANGE),
    "garbage_then_hangs": answers(
        lambda _visit: (_JUNK, End.HOLD),
        expected=fails(Reason.NOT_HTTP, Reason.SILENT, Reason.TOO_SLOW),
    ),
    "nuls": _says(bytes(5000), expected=_STRANGE),
    "tls_alert": _says(b"\x15\x03\x01\x00\x02\x02\x46", expected=_STRANGE),
}
