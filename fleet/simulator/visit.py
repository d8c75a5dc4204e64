"""One request to a simulated phone and the vocabulary of answers: bytes, or a script of steps."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from fleet.simulator.spec import PhoneSpec

STATUS_PATH = "/sysinfo.html"
ALLOWED_PATHS = frozenset({"/", STATUS_PATH})


@dataclass(frozen=True, slots=True)
class Pause:
    """Say nothing for some seconds."""

    seconds: float


class End(Enum):
    """How a script ends; a script that merely runs out closes the connection."""

    HOLD = auto()  # keep the connection and listen for another request
    RESET = auto()  # tear the connection down with a TCP reset


Step: TypeAlias = bytes | Pause | End
Reply: TypeAlias = bytes | Iterable[Step]  # bytes: send them, then close


@dataclass(kw_only=True, slots=True)
class Memory:
    """What a phone remembers between requests; a new behaviour starts with an empty one."""

    visits: int = 0
    root_visits: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One request. `host` is the phone's own `address:port`; `trap` is where nobody may go."""

    spec: PhoneSpec
    method: str
    path: str
    memory: Memory
    authorization: str = field(default="", repr=False)
    host: str = ""
    trap: str = ""

    @property
    def logged_in(self) -> bool:
        """Whether the right login came along; user names in any case (facts/web-ui 1.2)."""
        scheme, _, token = self.authorization.partition(" ")
        try:
            login = base64.b64decode(token.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        user, _, password = login.partition(":")
        return (
            scheme.lower() == "basic"
            and user.casefold() == self.spec.username.casefold()
            and password == self.spec.password
        )


Respond: TypeAlias = Callable[[Visit], Reply]


def http(
    status: str,
    body: bytes = b"",
    *headers: str,
    content_type: str = "text/html",
    server: str = "Aragorn",
) -> bytes:
    """A whole answer with an honest length that ends with its connection."""
    lines = (
        f"HTTP/1.1 {status}",
        f"Server: {server}",
        *headers,
        "Connection: close",
        f"Content-Length: {len(body)}",
        f"Content-Type: {content_type}",
    )
    return raw(*lines, body=body)


def raw(*lines: str, body: bytes = b"", end: bytes = b"\r\n") -> bytes:
    """An answer of exactly these head lines."""
    return end.join([*(line.encode("latin-1") for line in lines), b"", body])


def challenge(realm: str, *, server: str = "Aragorn", scheme: str = "Basic") -> bytes:
    """The 401 of the phones (facts/web-ui 1.1)."""
    body = b"<html><head><title>401</title></head><body>Authorization Failed</body></html>\n"
    return http(
        "401 Unauthorized", body, f'WWW-Authenticate: {scheme} realm="{realm}"', server=server
    )


def guarded(visit: Visit, page: Reply) -> Reply:
    """The page, behind the phone's login; other paths as a phone would answer them."""
    if not visit.logged_in:
        return challenge(visit.spec.realm)
    if visit.path == STATUS_PATH:
        return page
    if visit.path == "/":
        return http("200 OK", b'<html><body><a href="sysinfo.html">Log In</a></body></html>\n')
    return http("404 Not Found", b"<html><body>Not Found</body></html>\n")
