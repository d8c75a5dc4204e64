"""HTTP responses read piece by piece, whatever the server gets wrong; knows no sockets (pure)."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

import httptools

from fleet.model import Reason
from fleet.phone.http.errors import clean, poll_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.errors import PhoneError

MAX_HEAD_BYTES = 64 * 1024
MAX_HEAD_LINES = 200

_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d{1,2})?[ \t]+([1-9]\d\d)(?![0-9])", re.IGNORECASE)
_HTTP = b"HTTP/"
_END = re.compile(rb"\n\r{0,2}\n")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROLS = bytes(c for c in range(32) if c != 9) + b"\x7f"

_MOST_INTERIM_ANSWERS = 5
_SWITCHING_PROTOCOLS = 101
_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")

_CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_HTML_END = b"</html"
_TAIL = 256

_GZIP_OR_ZLIB = 47  # zlib's wbits: 32 to tell gzip from zlib by the header, 15 for the window
_RAW_DEFLATE = -15
_MOST_LAYERS = 2
_GZIP_MAGIC = b"\x1f\x8b"

_MOST_OF_A_REFUSAL = 16 * 1024
_BODILESS = (204, 304)


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


class HeadReader:
    """Takes bytes until a head is whole; blank lines and interim answers (1xx) go by the board."""

    __slots__ = ("_early", "_interim", "_searched", "_taken", "_where")

    def __init__(self, where: str) -> None:
        self._where = where
        self._early = bytearray()
        self._searched = 0
        self._taken = 0
        self._interim = 0

    @property
    def begun(self) -> bool:
        """Whether anything came that may become a head."""
        return self._taken > 0

    def feed(self, piece: bytes) -> tuple[Head, bytes] | None:
        """The head and what followed it, or None while it is not whole. Raises PhoneError."""
        self._early += piece
        self._taken += len(piece)
        while (end := self._end()) >= 0:
            head = self._parsed(bytes(self._early[:end]))
            rest = bytes(self._early[end:])
            if head.status >= 200:
                return head, rest
            self._skip(head)
            self._early, self._searched = bytearray(rest), 0
        if self._taken > MAX_HEAD_BYTES:
            raise poll_error(Reason.NOT_HTTP, self._where, "it never stops sending headers")
        return None

    def _end(self) -> int:
        early = self._early
        if early[:1] == b"\r" or early[:1] == b"\n":
            del early[: len(early) - len(early.lstrip(b"\r\n"))]
        if not may_be_http(early):
            tls = bytes(early[:2]) in _TLS_RECORDS
            note = "it speaks TLS here; use https" if tls else "no status line"
            raise poll_error(Reason.NOT_HTTP, self._where, note)
        end = head_end(early, self._searched)
        self._searched = len(early)
        return end

    def _parsed(self, block: bytes) -> Head:
        try:
            return parse_head(block)
        except NotHttpError as error:
            raise poll_error(Reason.NOT_HTTP, self._where, str(error)) from None

    def _skip(self, interim: Head) -> None:
        self._interim += 1
        if interim.status == _SWITCHING_PROTOCOLS or self._interim > _MOST_INTERIM_ANSWERS:
            raise poll_error(Reason.NOT_HTTP, self._where, "no answer after interim ones")


def ends_like_a_page(data: bytes | bytearray) -> bool:
    """Whether the closing tag of a page stands at the end."""
    return _HTML_END in bytes(data[-_TAIL:]).lower()


class Body:
    """A body that ends when the server closes the connection; the other two say where they end.

    `open_ended`: only the end of the connection is its end. `whole`: the server said where it
    ends, and it ended there. `may_have_more`: wait on, even if it is whole.
    """

    __slots__ = ("data", "may_have_more", "open_ended", "whole")

    def __init__(self) -> None:
        self.data = bytearray()
        self.open_ended = True
        self.whole = False
        self.may_have_more = True

    def feed(self, piece: bytes) -> None:
        """Take what came next."""
        self.data += piece


class CountedBody(Body):
    """A body with a Content-Length.

    What comes beyond it belongs to the page if that lacks its end: some servers miscount.
    """

    __slots__ = ("_length",)

    def __init__(self, length: int) -> None:
        super().__init__()
        self.open_ended = False
        self._length = length
        self.whole = length == 0

    def feed(self, piece: bytes) -> None:
        """Take what came next."""
        self.data += piece
        beyond = len(self.data) - self._length
        if beyond < 0:
            return
        self.whole = True
        ended = ends_like_a_page(self.data[max(0, self._length - _TAIL) : self._length])
        if ended or self.data[self._length : self._length + 5] == b"HTTP/":
            del self.data[self._length :]
            self.may_have_more = False
        elif beyond and ends_like_a_page(self.data):
            self.may_have_more = False


class ChunkedBody(Body):
    """A body in chunks; one that was announced so and is not, is taken as it is."""

    __slots__ = ("_broken", "_parser")

    def __init__(self) -> None:
        super().__init__()
        self.open_ended = False
        self._broken = False
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            lenient_spaces_after_chunk_size=True,
            lenient_optional_cr_before_lf=True,
            lenient_optional_crlf_after_chunk=True,
        )
        self._parser.feed_data(_CHUNKED_HEAD)

    def feed(self, piece: bytes) -> None:
        """Take what came next; what follows the last chunk, or a broken one, is dropped."""
        if self._broken:
            if self.open_ended:
                self.data += piece
            return
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserError:
            self._broken = True
            if not self.data and not self.whole:
                self.open_ended = True
                self.data += piece

    def on_body(self, piece: bytes) -> None:
        """Take a chunk's content (httptools' callback)."""
        self.data += piece

    def on_message_complete(self) -> None:
        """Note that the last chunk came (httptools' callback)."""
        self.whole = True
        self.may_have_more = False


class UnknownCodingError(ValueError):
    """A Content-Encoding that cannot be undone here."""


class TooLargeError(ValueError):
    """Unpacked, the body is larger than allowed."""


def unpack(body: bytes, codings: Sequence[str], limit: int) -> tuple[bytes, bool]:
    """The body without its codings, and whether it was whole; at most `limit` bytes.

    A body that was announced as packed and is not is given back as it is. Raises UnknownCodingError
    and TooLargeError.
    """
    layers = [name for value in codings for name in _names(value)]
    if len(layers) > _MOST_LAYERS:
        raise UnknownCodingError(f"{len(layers)} layers")
    whole = True
    for layer in reversed(layers):
        body, layer_whole = _unpack_layer(body, layer, limit)
        whole = whole and layer_whole
    return body, whole


def _names(value: str) -> list[str]:
    names = (part.strip().lower() for part in value.split(","))
    return [name for name in names if name not in ("", "identity", "none")]


def _unpack_layer(body: bytes, layer: str, limit: int) -> tuple[bytes, bool]:
    if layer in ("gzip", "x-gzip"):
        return _inflate(body, _GZIP_OR_ZLIB, limit) if body[:2] == _GZIP_MAGIC else (body, True)
    if layer != "deflate":
        raise UnknownCodingError(layer)
    if body.lstrip()[:1] == b"<":
        return body, True
    text, whole = _inflate(body, _GZIP_OR_ZLIB, limit)
    return (text, whole) if text else _inflate(body, _RAW_DEFLATE, limit)


def _inflate(body: bytes, wbits: int, limit: int) -> tuple[bytes, bool]:
    unpacker, text = zlib.decompressobj(wbits), bytearray()
    # A broken stream gives up all that came before the break only if it is fed in small pieces.
    for start in range(0, len(body), 512):
        try:
            text += unpacker.decompress(body[start : start + 512], limit + 1 - len(text))
        except zlib.error:
            return bytes(text), False
        if len(text) > limit:
            raise TooLargeError
    return bytes(text), unpacker.eof


class Patience(Enum):
    """How long a silence may be before it is taken for the end."""

    FULL = auto()  # the read time-out
    SHORT = auto()  # what is needed is there; more may come by mistake


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An HTTP answer. `complete`: its end was where the server said it would be.

    Only a good status (2xx) has its body kept, and only where bodies are wanted.
    """

    head: Head
    body: bytes
    complete: bool


class AnswerReader:
    """Takes an answer's bytes; `done` once no more are needed, or call `end` or `give_up`.

    A body of more than `max_body` bytes, packed or unpacked, is refused. `where` is for the
    errors' sentences. Without `body_wanted` the status is all that is waited for.
    """

    __slots__ = ("_body_wanted", "_early", "_late", "_where", "done", "max_body")

    def __init__(self, *, max_body: int, where: str, body_wanted: bool = True) -> None:
        self.max_body = max_body
        self._body_wanted = body_wanted
        self.done = False
        self._where = where
        self._early = HeadReader(where)
        self._late: _Late | None = None

    @property
    def patience(self) -> Patience:
        """How long to wait for the next piece."""
        return Patience.SHORT if self._late and self._late.enough else Patience.FULL

    def feed(self, piece: bytes) -> None:
        """Take what came next. Raises PhoneError (not_http, too_large)."""
        late = self._late
        if late is None:
            found = self._early.feed(piece)
            if found is None:
                return
            head, piece = found
            late = self._late = _Late(head, body_wanted=self._body_wanted)
        late.take(piece)
        if late.good and len(late.body.data) > self.max_body:
            raise poll_error(Reason.TOO_LARGE, self._where)
        self.done = late.done

    def end(self, *, broken: bool) -> Reply:
        """The answer as it is, now that the connection has ended; `broken`: by a reset.

        Raises PhoneError where nothing can be made of it.
        """
        late = self._late
        if late is None:
            raise poll_error(
                Reason.TRUNCATED if self._early.begun else Reason.NO_REPLY, self._where
            )
        if broken and late.good and not late.body.whole and not late.body.data:
            raise poll_error(Reason.NO_REPLY, self._where)
        return self._reply(late, complete=late.body.whole or (late.body.open_ended and not broken))

    def give_up(self) -> Reply:
        """The answer as it is, now that waiting is over. Raises PhoneError (silent, too_slow)."""
        late = self._late
        if late is None:
            raise poll_error(Reason.TOO_SLOW if self._early.begun else Reason.SILENT, self._where)
        if not late.enough and not ends_like_a_page(late.body.data):
            raise poll_error(Reason.TOO_SLOW, self._where)
        return self._reply(late, complete=late.body.whole)

    def _reply(self, late: _Late, *, complete: bool) -> Reply:
        if not late.good:
            return Reply(head=late.head, body=b"", complete=complete)
        body = bytes(late.body.data)
        if late.codings:
            body, whole = self._unpacked(body, late.codings)
            complete = complete and whole
        return Reply(head=late.head, body=body, complete=complete)

    def _unpacked(self, packed: bytes, codings: list[str]) -> tuple[bytes, bool]:
        try:
            body, whole = unpack(packed, codings, self.max_body)
        except TooLargeError:
            raise poll_error(Reason.TOO_LARGE, self._where, "once unpacked") from None
        except UnknownCodingError as error:
            raise self._bad_encoding(str(error)) from None
        if packed and not body and not whole:
            raise self._bad_encoding("broken " + " ".join(codings))
        return body, whole

    def _bad_encoding(self, what: str) -> PhoneError:
        return poll_error(Reason.BAD_ENCODING, self._where, clean(what))


class _Late:
    """What comes after a head."""

    __slots__ = ("body", "codings", "done", "good", "head")

    def __init__(self, head: Head, *, body_wanted: bool) -> None:
        self.head = head
        self.good = 200 <= head.status < 300 and body_wanted
        self.codings = head.values("content-encoding")
        self.body = _body_of(head)
        self.done = head.status in _BODILESS

    @property
    def enough(self) -> bool:
        """Whether it can be answered from what is there, if nothing more comes."""
        body = self.body
        if self.done or body.whole or not self.good:
            return True
        return body.open_ended and ends_like_a_page(body.data)

    def take(self, piece: bytes) -> None:
        """Take what came next."""
        if self.done:
            return
        body = self.body
        if piece:
            body.feed(piece)
        if self.good:
            packed = bool(self.codings) and body.whole
            self.done = packed or not body.may_have_more
        else:
            self.done = body.whole or len(body.data) > _MOST_OF_A_REFUSAL


def _body_of(head: Head) -> Body:
    if head.chunked:
        return ChunkedBody()
    length = head.content_length
    return Body() if length is None else CountedBody(length)
