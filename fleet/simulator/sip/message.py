"""SIP messages of the simulator: read, looked into, answered, written (RFC 3261; pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TypeAlias
from urllib.parse import quote, unquote

Headers: TypeAlias = tuple[tuple[str, str], ...]

_LONG = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "o": "event",
}
_REQUEST = re.compile(r"([A-Z]+) (\S+) SIP/2\.0")
_RESPONSE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: .*)?")
_URI = re.compile(r"sips?:(?:([^@;?]*)@)?(\[[^\]]+\]|[^:;?]+)(?::([0-9]{1,5}))?", re.IGNORECASE)
_PART = re.compile(r'(?:[^",<]|"(?:[^"\\]|\\.)*"|<[^<>]*>|["<])+')


@dataclass(frozen=True, kw_only=True, slots=True)
class SipMessage:
    """A request or a response; names of headers in any case, long or short."""

    start: str
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def method(self) -> str:
        """What a request asks; empty for a response."""
        match = _REQUEST.fullmatch(self.start)
        return match[1] if match else ""

    @property
    def uri(self) -> str:
        """Whom a request is for; empty for a response."""
        match = _REQUEST.fullmatch(self.start)
        return match[2] if match else ""

    @property
    def status(self) -> int:
        """The code of a response; 0 for a request."""
        match = _RESPONSE.fullmatch(self.start)
        return int(match[1]) if match else 0

    @property
    def turn(self) -> tuple[str, str]:
        """Call-ID and CSeq: the same in a request that is sent again."""
        return self.first("call-id"), self.first("cseq")

    @property
    def branch(self) -> str:
        """The branch of the topmost Via, by which an answer is known."""
        return parameter(self.first("via"), "branch")

    def first(self, name: str) -> str:
        """The value of a header; empty where it is not there."""
        return next((value for key, value in self.headers if _key(key) == name), "")

    def every(self, name: str) -> tuple[str, ...]:
        """The values of a header, also where one line holds several."""
        values = (value for key, value in self.headers if _key(key) == name)
        parts = (part.strip() for value in values for part in _PART.findall(value))
        return tuple(part for part in parts if part)

    def to_bytes(self) -> bytes:
        """The message as it is sent, with its honest length."""
        kept = [(name, value) for name, value in self.headers if _key(name) != "content-length"]
        lines = [self.start, *(f"{name}: {value}" for name, value in kept)]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode() + self.body


def _key(name: str) -> str:
    return _LONG.get(name.lower(), name.lower())


def read(data: bytes) -> SipMessage | None:
    """A message from its bytes; None for what is none. Never raises."""
    head, _, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    start, _, rest = head.decode("utf-8", errors="replace").partition("\r\n")
    if not (_REQUEST.fullmatch(start) or _RESPONSE.fullmatch(start)):
        return None
    unfolded = re.sub(r"\r\n[ \t]+", " ", rest)
    split = (line.partition(":") for line in unfolded.split("\r\n") if line)
    headers = tuple((name.strip(), value.strip()) for name, _, value in split)
    message = SipMessage(start=start, headers=headers)
    length = message.first("content-length")
    if length.isascii() and length.isdigit() and len(length) < 8:
        body = body[: int(length)]
    return replace(message, body=body)


def parameter(value: str, name: str) -> str:
    """A parameter of a header's value (`;tag=…`), behind the `>` where there is one."""
    tail = value.rpartition(">")[2] if ">" in value else value
    match = re.search(rf';\s*{re.escape(name)}\s*=\s*"?([^;,"\s]*)', tail, re.IGNORECASE)
    return match[1] if match else ""


def uri_of(value: str) -> str:
    """The address within a Contact, From or To."""
    match = re.search(r"<([^<>]*)>", value)
    return match[1] if match else value.partition(";")[0].strip()


def user_of(uri: str) -> str:
    """The user of a SIP URI; empty where it names none."""
    match = _URI.match(uri)
    return unquote((match[1] or "").partition(":")[0]) if match else ""


def sip_uri(user: str, host: str, port: int | None = None) -> str:
    """A SIP URI; the user may hold anything, and may be empty."""
    who = f"{quote(user, safe='-_.!~*()&=+$,/')}@" if user else ""
    return f"sip:{who}{host}" + (f":{port}" if port else "")


def answer_to(request: SipMessage, status: str, *headers: tuple[str, str], tag: str) -> SipMessage:
    """A response with what has to be copied (RFC 3261, 8.2.6.2)."""
    copied = []
    for name, value in request.headers:
        key = _key(name)
        if key in ("via", "from", "call-id", "cseq"):
            copied.append((name, value))
        elif key == "to":
            copied.append((name, value if parameter(value, "tag") else f"{value};tag={tag}"))
    return SipMessage(start=f"SIP/2.0 {status}", headers=(*copied, *headers))


def stamped(request: SipMessage, address: tuple[str, int]) -> SipMessage:
    """The request with its topmost Via saying where it came from (RFC 3261, 18.2.1; RFC 3581)."""
    host, port = address
    for place, (name, value) in enumerate(request.headers):
        if _key(name) == "via":
            first, comma, others = value.partition(",")
            first = re.sub(r";\s*rport(?=;|\s|$)", f";rport={port}", first)
            via = f"{first.rstrip()};received={host}{comma}{others}"
            headers = (*request.headers[:place], (name, via), *request.headers[place + 1 :])
            return replace(request, headers=headers)
    return request


def without_top_via(response: SipMessage) -> SipMessage:
    """A response as it goes on to the hop before us."""
    for place, (name, value) in enumerate(response.headers):
        if _key(name) == "via":
            others = value.partition(",")[2].strip()
            kept = ((name, others),) if others else ()
            headers = (*response.headers[:place], *kept, *response.headers[place + 1 :])
            return replace(response, headers=headers)
    return response
