"""An HTTP answer's head: read leniently, for old embedded servers write it loosely (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_HEAD_BYTES = 64 * 1024
MAX_HEAD_LINES = 200

_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d{1,2})?[ \t]+([1-9]\d\d)(?![0-9])", re.IGNORECASE)
_HTTP = b"HTTP/"
_END = re.compile(rb"\n\r{0,2}\n")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROLS = bytes(c for c in range(32) if c != 9) + b"\x7f"


class NotHttpError(ValueError):
    """What came is not the head of an HTTP answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """A status and its headers, names in lower case, in the order they came."""

    status: int
    headers: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """Every value of a header, by its lower-case name."""
        return [value for key, value in self.headers if key == name]

    @property
    def content_length(self) -> int | None:
        """The body's length, None where the head gives none, or none that can be trusted."""
        given = {
            part.strip() for value in self.values("content-length") for part in value.split(",")
        }
        length = given.pop() if len(given) == 1 else ""
        return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks; that outranks a Content-Length (RFC 9112, 6.3)."""
        return any("chunked" in value.lower() for value in self.values("transfer-encoding"))


def head_end(data: bytes | bytearray, start: int = 0) -> int:
    """Where the body begins, or -1 while the head is not whole; `start` is searched already.

    Line ends may be CR LF, LF, CR CR LF or mixed. Data must not begin with a line end.
    """
    found = _END.search(data, max(0, start - 3))
    return found.end() if found else -1


def may_be_http(data: bytes | bytearray) -> bool:
    """Whether a first piece of an answer, stripped of blank lines, may become an HTTP head."""
    return _HTTP.startswith(bytes(data[:5]).upper())


def parse_head(block: bytes) -> Head:
    """Read a whole head, blank line included or not. Raises NotHttpError.

    Mended on the way: space before a colon, folded lines, control characters, missing reason
    phrase, odd versions. Lines without a colon or with an impossible name are dropped.
    """
    first, *lines = block.split(b"\n")
    status = _STATUS_LINE.match(first)
    if status is None:
        raise NotHttpError("no status line")
    if len(lines) > MAX_HEAD_LINES or len(block) > MAX_HEAD_BYTES:
        raise NotHttpError("a head beyond all measure")
    return Head(status=int(status[1]), headers=tuple(_headers(lines)))


def _headers(lines: list[bytes]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    last_was_kept = False
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            if last_was_kept and (more := _text(line)):
                name, value = found[-1]
                found[-1] = name, f"{value} {more}".strip()
            continue
        name_bytes, colon, value_bytes = line.partition(b":")
        name_bytes = name_bytes.rstrip(b" \t")
        last_was_kept = bool(colon) and _TOKEN.fullmatch(name_bytes) is not None
        if last_was_kept:
            found.append((name_bytes.decode("ascii").lower(), _text(value_bytes)))
    return found


def _text(value: bytes) -> str:
    return value.translate(None, _CONTROLS).strip(b" \t").decode("latin-1")
