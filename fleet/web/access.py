"""Who may see the dashboard and press its buttons. Pure, but for what it remembers of tries.

With a login, whoever has it. Without one, this machine alone: a page from elsewhere that has a
name of its own lead to 127.0.0.1 (DNS rebinding) shows in `Host`, a reverse proxy in its headers.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from fleet.web.door import Bucket

if TYPE_CHECKING:
    from fleet.model import Credentials

TRIES, TRIES_A_SECOND = 10, 0.1  # wrong logins of one address: ten, then one in ten seconds
_MOST_ADDRESSES = 1_000
_ONE_PLACE = 64  # bits: an IPv6 network of this size is one place


class Admission(Enum):
    """Whether somebody may come in."""

    WELCOME = "welcome"
    NOT_FROM_HERE = "not-from-here"  # there is no login, so only this machine may
    LOGIN_WANTED = "login-wanted"
    TOO_OFTEN = "too-often"  # so many wrong logins that this one is not looked at


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """What is known of who asks. `hosts` are the request's `Host` headers, one in a good one."""

    address: str
    hosts: tuple[str, ...]
    authorization: str = field(default="", repr=False)
    is_forwarded: bool = False


class Guard:
    """Lets people in. Times are seconds of any clock that only goes forward."""

    def __init__(self, login: Credentials | None) -> None:
        self._wanted = _digest(f"{login.username}:{login.password}".encode()) if login else None
        self._tries: OrderedDict[str, Bucket] = OrderedDict()

    def admit(self, visitor: Visitor, now: float) -> Admission:
        """Decide about a request; a wrong login is remembered."""
        if self._wanted is None:
            return Admission.WELCOME if _is_from_here(visitor) else Admission.NOT_FROM_HERE
        if not visitor.authorization:
            return Admission.LOGIN_WANTED
        tries = self._tries_of(visitor.address, now)
        if not tries.has_one(now):
            return Admission.TOO_OFTEN
        if hmac.compare_digest(_digest(_login_in(visitor.authorization)), self._wanted):
            return Admission.WELCOME
        tries.take(now)
        return Admission.LOGIN_WANTED

    def _tries_of(self, address: str, now: float) -> Bucket:
        place = _place_of(address)
        tries = self._tries.setdefault(place, Bucket(TRIES, TRIES_A_SECOND, TRIES, now))
        self._tries.move_to_end(place)
        if len(self._tries) > _MOST_ADDRESSES:
            self._tries.popitem(last=False)
        return tries


class Seal:
    """Marks a button as one of our own pages: a page from elsewhere cannot read the mark."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def mark(self, *of: object) -> str:
        """Give the mark of what a button does."""
        text = "\x1f".join(map(str, of))
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:32]

    def is_right(self, mark: str, *of: object) -> bool:
        """Tell whether a mark is that of what a button does."""
        return hmac.compare_digest(mark.encode(), self.mark(*of).encode())


def is_own_page(fetch_site: str, origin: str, host: str) -> bool:
    """Tell whether our own page asks, by what its browser says; scripts say neither.

    `fetch_site` is `Sec-Fetch-Site`, which no page can forge; older browsers have `Origin` alone.
    """
    if fetch_site:
        return fetch_site == "same-origin"
    return not origin or origin.partition("://")[2] == host


def _is_from_here(visitor: Visitor) -> bool:
    if visitor.is_forwarded or len(visitor.hosts) != 1:
        return False
    host, _, port = visitor.hosts[0].rpartition(":")
    name = host if host and port.isdecimal() else visitor.hosts[0]
    return _is_loopback(visitor.address) and (
        name.lower() == "localhost" or _is_loopback(name.removeprefix("[").removesuffix("]"))
    )


def _is_loopback(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _place_of(text: str) -> str:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((address, _ONE_PLACE), strict=False))
    return str(address)


def _login_in(authorization: str) -> bytes:
    """The user and password of HTTP Basic; empty for what is none, which no login is."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _digest(text: bytes) -> bytes:
    """Texts of one length, so that comparing tells nothing of it."""
    return hashlib.sha256(text).digest()
