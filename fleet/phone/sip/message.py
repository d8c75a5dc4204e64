"""SIP messages, their headers and addresses, from bytes and to bytes (RFC 3261; pure).

Reads whatever old phones write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote, unquote

from fleet.phone.http.target import checked_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_HEAD_BYTES = 64 * 1024
MAX_HEAD_LINES = 200

Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values in their order. What is read has names in lower case and in their long form."""

# IANA's register of SIP parameters, "Header Fields".
_LONG_FORMS = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}

_TOKEN = r"[A-Za-z0-9.!%*_+`'~-]+"  # noqa: S105  the RFC's word
_STATUS_LINE = re.compile(r"SIP/2\.0[ \t]+([1-6][0-9]{2})(?:[ \t]++(.*))?", re.IGNORECASE)
_REQUEST_LINE = re.compile(rf"({_TOKEN})[ \t]+(\S+)[ \t]+SIP/2\.0[ \t]*", re.IGNORECASE)
_HEADER = re.compile(rf"({_TOKEN})[ \t]*:(.*)", re.DOTALL)
_CSEQ = re.compile(rf"([0-9]{{1,10}})[ \t]+({_TOKEN})")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(r"\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_LENGTH = re.compile(r"[0-9]{1,9}")
_BREAKS = re.compile(r"[\r\n\0]")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

# Possessive throughout, so that no header can make us search for long.
_SYNTAX = re.compile(r'\\.|[",;<>]', re.DOTALL)
_NAME_ADDR = re.compile(
    r"""(?P<name>"(?:[^"\\]|\\.)*+"\s*+|[^<"]*+)<(?P<uri>[^>]*+)>(?P<rest>.*)""", re.DOTALL
)
_CLOSING = {'"': '"', "<": ">"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

_LONGEST = 1024
# RFC 3261, 25.1: unreserved and user-unreserved.
_USER_AS_IT_IS = "-_.!~*'()&=+$,;?/"
_URI = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>[^@:]*)(?::[^@]*)?@)?"
    r"(?P<host>\[[^\[\]]*\]|[^:;?@\[\]]+)(?::(?P<port>[0-9]{1,5}))?(?:[;?].*)?",
    re.IGNORECASE | re.DOTALL,
)

MAX_BODY_BYTES = 64 * 1024


class NotSipError(ValueError):
    """What came is not a SIP message, or what was to be sent would not be one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What requests and responses have in common. Headers are kept out of logs: they hold logins.

    Texts that were no UTF-8 hold their bytes as lone surrogates, so that they can be given back.
    """

    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    def values(self, name: str) -> list[str]:
        """Every value of a header, by its lower-case name."""
        return [value for key, value in self.headers if key.lower() == name]

    def first(self, name: str) -> str:
        """A header's first value, empty where there is none."""
        return next(iter(self.values(name)), "")

    @property
    def cseq(self) -> tuple[int, str]:
        """The number and the method of the CSeq header, 0 and empty where it has none."""
        found = _CSEQ.fullmatch(self.first("cseq"))
        return (int(found[1]), found[2]) if found else (0, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request(Message):
    """A request; its method is case-sensitive."""

    method: str
    uri: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Response(Message):
    """A response; `status` is 100 to 699."""

    status: int
    phrase: str = ""


def read_message(data: bytes) -> Request | Response:
    """Read what one datagram, or one frame of a stream, holds. Raises NotSipError.

    Mended on the way: lone line feeds, space before a colon, folded lines, compact names, a missing
    phrase, line ends before the message, control characters. Lines that are no header are dropped.
    A body longer than its Content-Length is cut (RFC 3261, 18.3); a shorter one is refused, as is a
    length that is none.
    """
    data = data.lstrip(b"\r\n")
    end = head_end(data)
    if end < 0:
        raise NotSipError("no end of the headers")
    message = read_head(data[:end])
    length = content_length(message)
    body = data[end:] if length is None else data[end : end + length]
    if length is not None and len(body) < length:
        raise NotSipError("cut off")
    return replace(message, body=body)


def head_end(data: bytes | bytearray, start: int = 0) -> int:
    """Where the body begins, or -1 while the head is not whole; `start` is searched already."""
    found = _HEAD_END.search(data, max(0, start - 3))
    return found.end() if found else -1


def read_head(block: bytes) -> Request | Response:
    """Read a start line and headers, blank line included. Raises NotSipError."""
    if len(block) > MAX_HEAD_BYTES:
        raise NotSipError("a head beyond all measure")
    text = _FOLD.sub(" ", block.decode("utf-8", "surrogateescape").rstrip("\r\n"))
    first, *lines = _LINE_END.split(text)
    if len(lines) > MAX_HEAD_LINES:
        raise NotSipError("headers beyond all measure")
    headers = tuple(_header(found) for line in lines if (found := _HEADER.fullmatch(line)))
    if status := _STATUS_LINE.fullmatch(first):
        return Response(
            status=int(status[1]), phrase=(status[2] or "").strip(" \t"), headers=headers
        )
    if request := _REQUEST_LINE.fullmatch(first):
        return Request(method=request[1], uri=request[2], headers=headers)
    raise NotSipError("neither a request nor a response")


def content_length(message: Message) -> int | None:
    """The length of the body in bytes, None where none is given. Raises NotSipError."""
    given = set(message.values("content-length"))
    if not given:
        return None
    length = given.pop()
    if given or not _LENGTH.fullmatch(length):
        raise NotSipError("a Content-Length that is none")
    return int(length)


def written(message: Request | Response) -> bytes:
    """The message as it goes over the wire, with the Content-Length that it has.

    Raises NotSipError where a name or a value would break out of its line.
    """
    if isinstance(message, Request):
        first = f"{message.method} {message.uri} SIP/2.0"
        if not _REQUEST_LINE.fullmatch(first):
            raise NotSipError("a method or an address that no request line can hold")
    else:
        first = f"SIP/2.0 {message.status} {message.phrase}"
    lines = [first, *(_line(name, value) for name, value in message.headers)]
    lines.append(f"Content-Length: {len(message.body)}")
    if any(_BREAKS.search(line) for line in lines):
        raise NotSipError("a line break inside a line")
    head = "\r\n".join((*lines, "", ""))
    try:
        return head.encode("utf-8", "surrogateescape") + message.body
    except UnicodeEncodeError:
        raise NotSipError("a character that cannot be sent") from None


def _header(found: re.Match[str]) -> tuple[str, str]:
    name = found[1].lower()
    return _LONG_FORMS.get(name, name), _CONTROLS.sub("", found[2]).strip(" \t")


def _line(name: str, value: str) -> str:
    if not re.fullmatch(_TOKEN, name) or name.lower() in ("content-length", "l"):
        raise NotSipError("a header that cannot be written")
    return f"{name}: {value}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """An address in a header: `uri` as it was written, its parameters with names in lower case.

    A parameter without a value has the value "".
    """

    uri: str
    name: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


def split_list(value: str, mark: str = ",") -> list[str]:
    """The parts between commas (or semicolons) that stand neither in quotes nor in <>."""
    parts, start, closing = [], 0, ""
    for found in _SYNTAX.finditer(value):
        sign = found[0]
        if closing:
            closing = "" if sign == closing else closing
        elif sign in _CLOSING:
            closing = _CLOSING[sign]
        elif sign == mark:
            parts.append(value[start : found.start()].strip())
            start = found.end()
    parts.append(value[start:].strip())
    return [part for part in parts if part]


def read_params(text: str) -> dict[str, str]:
    """`;name=value;flag` as a dictionary; of several of one name the first counts."""
    params: dict[str, str] = {}
    for part in split_list(text, ";"):
        name, _, value = part.partition("=")
        params.setdefault(name.strip().lower(), unquoted(value.strip()))
    return params


def read_addresses(values: Iterable[str]) -> tuple[Address, ...]:
    """The addresses of all values of a header such as Contact; what is none is left out."""
    found = (_address(part) for value in values for part in split_list(value))
    return tuple(address for address in found if address.uri)


def unquoted(text: str) -> str:
    """A text without its quotes and the backslashes in them, if it has any."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return _ESCAPED.sub(r"\1", text[1:-1])
    return text


def _address(part: str) -> Address:
    if found := _NAME_ADDR.fullmatch(part):
        name = unquoted(found["name"].strip())
        return Address(uri=found["uri"].strip(), name=name, params=read_params(found["rest"]))
    # Without <> what follows the first semicolon belongs to the header (RFC 3261, 20).
    uri, _, rest = part.partition(";")
    return Address(uri=uri.strip(), params=read_params(rest))


@dataclass(frozen=True, kw_only=True, slots=True)
class SipUri:
    """`sip:user@host:port`. `user` is not escaped; `port` None: none is named.

    Raises ValueError where the host or the port cannot be meant.
    """

    host: str
    user: str = ""
    port: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", checked_address(self.host))
        if self.port is not None and not 0 < self.port < 65536:
            raise ValueError(f"The SIP port {self.port} is not a number from 1 to 65535")
        try:
            self.user.encode()
        except UnicodeEncodeError:
            raise ValueError("A SIP user name holds a character that cannot be sent") from None

    @classmethod
    def read(cls, text: str) -> SipUri | None:
        """The user, host and port of an address; None where it is no SIP address of a host."""
        found = _URI.fullmatch(text.strip()) if len(text) <= _LONGEST else None
        if found is None:
            return None
        try:
            return cls(
                user=unquote(found["user"] or ""),
                host=found["host"].strip("[]"),
                port=int(found["port"]) if found["port"] else None,
            )
        except ValueError:
            return None

    def __str__(self) -> str:
        user = f"{quote(self.user, safe=_USER_AS_IT_IS)}@" if self.user else ""
        return f"sip:{user}{authority(self.host, self.port)}"


def authority(host: str, port: int | None) -> str:
    """`host:port` as addresses and Via have it: IPv6 in brackets, without a zone."""
    shown = f"[{host.partition('%')[0]}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"


class Framer:
    """Takes a stream piece by piece and gives its messages.

    It never holds more than one message of the largest size and the piece that came last.
    """

    __slots__ = ("_held", "_needed", "_searched")

    def __init__(self) -> None:
        self._held = bytearray()
        self._searched = 0
        self._needed = 0

    def feed(self, piece: bytes) -> Iterator[Request | Response]:
        """Take what came next. Raises NotSipError; the stream is then past mending."""
        self._held += piece
        while self._measured():
            data = bytes(self._held[: self._needed])
            del self._held[: self._needed]
            self._needed = self._searched = 0
            yield read_message(data)

    def _measured(self) -> bool:
        """Whether a whole message is there; `_needed` is its length once its head is known."""
        held = self._held
        if not self._needed:
            if held[:1] == b"\r" or held[:1] == b"\n":  # a keep-alive (RFC 5626, 4.4.1)
                del held[: len(held) - len(held.lstrip(b"\r\n"))]
            end = head_end(held, self._searched)
            self._searched = len(held)
            if (end if end >= 0 else len(held)) > MAX_HEAD_BYTES:
                raise NotSipError("a head beyond all measure")
            if end < 0:
                return False
            length = content_length(read_head(bytes(held[:end]))) or 0
            if length > MAX_BODY_BYTES:
                raise NotSipError("a body beyond all measure")
            self._needed = end + length
        return len(held) >= self._needed
