"""Who may see the dashboard and use its buttons.

With a login, whoever has it. Without one, this machine alone: a foreign page whose name resolves
to 127.0.0.1 (DNS rebinding) shows in `Host`, a reverse proxy in its headers.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from fleet.rate_limiter import RateLimiter, address_key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from fleet.model import Credentials

FREE_TRIES, PERIOD = 10, 100.0  # wrong passwords of one address, in seconds, before tries wait
WAIT = (
    0.25  # seconds for each try after that; 64 connections wait 16 s, less than an answer may take
)


class Admission(Enum):
    """Whether a request is answered."""

    ADMITTED = "admitted"
    LOCAL_ONLY = "local-only"  # there is no login, so only this machine is answered
    LOGIN_REQUIRED = "login-required"


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """The sender of a request. `hosts` are its `Host` headers: exactly one in a good request."""

    address: str
    hosts: tuple[str, ...]
    authorization: str = field(default="", repr=False)
    is_forwarded: bool = False


class Authenticator:
    """Checks logins.

    Every password is checked, so that nobody is locked out by the wrong passwords of others who
    share the address (NAT, a reverse proxy). After `FREE_TRIES` wrong ones, the tries of that
    address wait in a queue, `WAIT` seconds each, which limits guessing.
    """

    def __init__(
        self,
        login: Credentials | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._expected = _digest(f"{login.username}:{login.password}".encode()) if login else None
        self._clock, self._sleep = clock, sleep
        self._wrong: RateLimiter[str] = RateLimiter(FREE_TRIES, PERIOD)
        # A queue is there as long as somebody waits in it.
        self._queues: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def admit(self, visitor: Visitor) -> Admission:
        """Decide about a request. A wrong password is recorded."""
        if self._expected is None:
            return Admission.ADMITTED if _is_local(visitor) else Admission.LOCAL_ONLY
        if not visitor.authorization:
            return Admission.LOGIN_REQUIRED
        address = address_key(visitor.address)
        if not self._wrong.has_token(address, self._clock()):
            queue = self._queues.setdefault(address, asyncio.Lock())
            async with queue:
                await self._sleep(WAIT)
        if hmac.compare_digest(_digest(_login_in(visitor.authorization)), self._expected):
            return Admission.ADMITTED
        self._wrong.take(address, self._clock())
        return Admission.LOGIN_REQUIRED


class CsrfToken:
    """Proves that a form comes from one of our own pages: a foreign page cannot read the token."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, *action: object) -> str:
        """Return the token of an action, such as a phone's number and a line."""
        text = "\x1f".join(map(str, action))
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:32]

    def is_valid(self, token: str, *action: object) -> bool:
        """Return whether a token is that of an action."""
        return hmac.compare_digest(token.encode(), self.make(*action).encode())


def is_own_page(fetch_site: str, origin: str, host: str) -> bool:
    """Return whether the request comes from our own page; scripts send neither header.

    `fetch_site` is `Sec-Fetch-Site`, which no page can forge; older browsers send only `Origin`.
    """
    if fetch_site:
        return fetch_site == "same-origin"
    return not origin or origin.partition("://")[2] == host


def foreign_host(hosts: Sequence[str], names: Collection[str]) -> str | None:
    """Return the `Host` header that does not name this server; None if all do.

    An IP address always does, since a foreign page can use only a name; `names` are lower-case.
    A request without the header, as HTTP/1.0 allows, names nobody.
    """
    for host in hosts:
        name = _host_name(host).lower().removesuffix(".")
        if not _is_address(name) and name not in names:
            return host
    return None


def _host_name(host: str) -> str:
    """Return a `Host` header without its port, an IPv6 address without its brackets."""
    name, _, port = host.rpartition(":")
    return (name if name and port.isdecimal() else host).removeprefix("[").removesuffix("]")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_local(visitor: Visitor) -> bool:
    if visitor.is_forwarded or len(visitor.hosts) != 1:
        return False
    name = _host_name(visitor.hosts[0])
    return _is_loopback(visitor.address) and (name.lower() == "localhost" or _is_loopback(name))


def _is_loopback(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _login_in(authorization: str) -> bytes:
    """Return the user and password of HTTP Basic; empty, which no login is, for anything else."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _digest(text: bytes) -> bytes:
    """Return values of one length, so that the time of a comparison reveals nothing."""
    return hashlib.sha256(text).digest()
