"""Where a phone is, how to log in to it, and how long it may take."""

from __future__ import annotations

import ipaddress
import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.phone.redact import redact_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet.model import Credentials

DEFAULT_PORTS = {"http": 80, "https": 443}

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_BRACKETED = re.compile(r"\[(?P<address>[^\[\]]*)\](?::(?P<port>.*))?", re.DOTALL)
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """How long a poll may take, in seconds.

    `connect` is for the TCP connection, `read` the longest silence between two pieces of an
    answer, `total` the whole session with all its tries.
    """

    connect: float = 5.0
    read: float = 20.0
    total: float = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One phone's web UI. `credentials` None: it is asked without a login.

    `fingerprint` is the SHA-256 of its certificate, 64 hex digits; empty means that whatever
    certificate it shows is trusted this first time. `secrets` returns further secrets to redact in
    what it sends; it is called only where a text is redacted, for it may have to decrypt them.
    """

    scheme: str
    address: str
    port: int
    credentials: Credentials | None
    legacy_tls: bool = False
    fingerprint: str = ""
    secrets: Callable[[], tuple[str, ...]] = field(default=tuple, repr=False, compare=False)

    @classmethod
    def parse(
        cls,
        host: str,
        *,
        credentials: Credentials | None,
        scheme: str = "http",
        legacy_tls: bool = False,
        fingerprint: str = "",
    ) -> Target:
        """Read `address[:port]`, `[IPv6]:port`, or a URL of scheme and authority only.

        Raises ValueError with a plain sentence where the host, the user name or the fingerprint
        cannot be meant.
        """
        if credentials is not None:
            _check_login(credentials)
        scheme, authority = _split_scheme(host.strip(), scheme)
        address, port = _split_port(authority)
        return cls(
            scheme=scheme,
            address=checked_address(address),
            port=DEFAULT_PORTS[scheme] if port is None else _checked_port(port),
            credentials=credentials,
            legacy_tls=legacy_tls,
            fingerprint=_checked_fingerprint(fingerprint),
        )

    @property
    def authority(self) -> str:
        """What the Host header says: the address, and the port where it is not the usual one."""
        address = self.address.partition("%")[0]
        shown = f"[{address}]" if ":" in address else address
        return shown if self.port == DEFAULT_PORTS[self.scheme] else f"{shown}:{self.port}"

    @property
    def known_secrets(self) -> tuple[str, ...]:
        """Return what must be redacted in texts from this phone: its login and `secrets`."""
        return self.secrets() + ((self.credentials.password,) if self.credentials else ())

    @property
    def authorization(self) -> str:
        """The Authorization header for Basic (RFC 7617, UTF-8), empty without credentials."""
        if self.credentials is None:
            return ""
        pair = f"{self.credentials.username}:{self.credentials.password}"
        return "Basic " + b64encode(pair.encode()).decode()

    def without_secrets(self, text: str) -> str:
        """The text with the login taken out, in case that a server gave back what we sent."""
        if self.credentials is not None:
            for secret in (self.authorization.removeprefix("Basic "), self.credentials.password):
                if secret:
                    text = text.replace(secret, "***")
        return redact_text(text, self.known_secrets)


def _check_login(credentials: Credentials) -> None:
    if ":" in credentials.username:
        raise ValueError("A web UI user name cannot hold a colon: HTTP Basic has no way to send it")
    try:
        (credentials.username + credentials.password).encode()
    except UnicodeEncodeError:
        message = "The web UI user name or password holds a character that cannot be sent"
        raise ValueError(message) from None


def _split_scheme(host: str, scheme: str) -> tuple[str, str]:
    if url := _URL.fullmatch(host):
        scheme, host = url["scheme"].lower(), url["rest"].removesuffix("/")
    if scheme not in DEFAULT_PORTS:
        raise ValueError(f"The scheme {scheme!r} is not http or https")
    if "@" in host:
        raise ValueError("A host cannot hold a login; use username and password for that")
    if any(mark in host for mark in "/?#\\"):
        raise ValueError(f"The host {host!r} must be an address with or without a port, no path")
    return scheme, host


def _split_port(authority: str) -> tuple[str, str | None]:
    if bracketed := _BRACKETED.fullmatch(authority):
        if ":" not in bracketed["address"]:
            raise ValueError(f"{authority!r}: only an IPv6 address may be in brackets")
        return bracketed["address"], bracketed["port"]
    if authority.count(":") > 1:
        return authority, None
    address, colon, port = authority.partition(":")
    return address, port if colon else None


def _checked_port(port: str) -> int:
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        raise ValueError(f"The port {port!r} is not a number from 1 to 65535")
    return int(port)


def checked_address(address: str) -> str:
    """An IPv4 or IPv6 address or a host name, in its plainest spelling. Raises ValueError."""
    if not address:
        raise ValueError("The host is empty")
    if ":" in address:
        return _checked_ipv6(address)
    name = address.removesuffix(".")
    if name.rpartition(".")[2].isdigit():
        return _checked_ipv4(address)
    return _checked_name(address)


def _checked_ipv6(address: str) -> str:
    try:
        return str(ipaddress.IPv6Address(address))
    except ValueError:
        raise ValueError(f"{address!r} is not an IPv6 address") from None


def _checked_ipv4(address: str) -> str:
    try:
        return str(ipaddress.IPv4Address(address))
    except ValueError:
        raise ValueError(f"{address!r} is not an IPv4 address") from None


def _checked_name(name: str) -> str:
    try:
        ascii_name = name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        raise ValueError(f"{name!r} is not a host name") from None
    labels = ascii_name.removesuffix(".").split(".")
    if len(ascii_name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{name!r} is not a host name")
    return ascii_name.lower()


def _checked_fingerprint(fingerprint: str) -> str:
    digits = fingerprint.replace(":", "").lower()
    if digits and not _FINGERPRINT.fullmatch(digits):
        raise ValueError("A certificate's fingerprint is the 64 hex digits of its SHA-256")
    return digits
