"""Parts of a file: what a Range header asks for (RFC 9110, 14.1)."""

from __future__ import annotations

import re
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""First byte, and the one behind the last."""

_MOST = 16  # parts; whoever asks for more gets the whole
_LONGEST = 500
_SPAN = re.compile(r"\s*+([0-9]{0,18})\s*+-\s*+([0-9]{0,18})\s*+")


def spans_of(header: str, size: int) -> list[Span] | None:
    """The parts of a file of `size` bytes that a Range header asks for.

    None where it is to be taken as not there: not in bytes, malformed, or more than the whole file
    is worth. Empty where none of the parts is in the file.
    """
    unit, _, listed = header[: _LONGEST + 1].partition("=")
    matches = [_SPAN.fullmatch(each) for each in listed.split(",")]
    if unit.strip().lower() != "bytes" or len(matches) > _MOST or len(header) > _LONGEST:
        return None
    spans: list[Span] = []
    for match in matches:
        if match is None or not _makes_sense(match[1], match[2]):
            return None
        if span := _span(match[1], match[2], size):
            spans.append(span)
    if len(spans) > 1 and sum(end - start for start, end in spans) > size:
        return None
    return spans


def _makes_sense(first: str, last: str) -> bool:
    if not first:
        return bool(last)
    return not last or int(first) <= int(last)


def _span(first: str, last: str, size: int) -> Span | None:
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    return (start, end) if start < end else None
