"""Hosts: `address[:port]`, or a URL of scheme and authority only, in one spelling each."""

from __future__ import annotations

import ipaddress
import re

_LABELS = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_DEFAULT_PORT = {"http": 80, "https": 443}
_SHAPE = re.compile(r"(?P<address>\[[^\[\]]*\]|[^:\[\]]*)(:(?P<port>.*))?", re.DOTALL)
_WRITE = "write address, address:port or http(s)://address"


def normalise_host(text: str) -> str:
    """A phone's host in one spelling: the same text is the same host, and no other is.

    Lower case; no final slash or dot; IPv6 short and in brackets; a scheme's own port left out.
    Without a scheme the port is kept as given, for the settings choose the scheme.
    Raises ValueError saying what is wrong.
    """
    scheme, rest = _split_scheme(text.strip().lower())
    if rest.count(":") > 1 and re.fullmatch(r"[0-9a-f:.]+", rest):
        rest = f"[{rest}]"
    shape = _SHAPE.fullmatch(rest)
    if shape is None or not shape["address"]:
        raise ValueError(f"not a host; {_WRITE}")
    address = normalise_address(shape["address"])
    if _is_no_phone(address):
        raise ValueError("not the address of one device")
    port = shape["port"]
    number = None if port is None else _port(port)
    shown = "" if number is None or number == _DEFAULT_PORT.get(scheme) else f":{number}"
    return f"{scheme}://{address}{shown}" if scheme else f"{address}{shown}"


def normalise_address(text: str) -> str:
    """An IP address or a host name in one spelling, IPv6 in brackets. Raises ValueError."""
    lowered = text.strip().lower()
    bare = lowered.removeprefix("[").removesuffix("]")
    if ":" in bare or lowered.startswith("["):
        try:
            parsed = ipaddress.IPv6Address(bare)
        except ValueError:
            raise ValueError("not an IPv6 address") from None
        if parsed.scope_id:
            raise ValueError("an IPv6 address with a zone is valid on this machine only")
        return f"[{parsed}]"
    if _IPV4.fullmatch(bare):
        return bare
    if re.fullmatch(r"[0-9.]+", bare):
        raise ValueError("not an IPv4 address; it has four numbers from 0 to 255")
    name = bare.removesuffix(".")
    if not name.isascii() or len(name) > 253 or not _LABELS.fullmatch(name):
        raise ValueError("not a host name; a host name has only letters, digits, - and .")
    return name


def _split_scheme(text: str) -> tuple[str, str]:
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", text
    elif scheme not in _DEFAULT_PORT:
        raise ValueError("the scheme must be http or https")
    if "@" in rest:
        raise ValueError("no login in the host; use the columns username and password")
    if scheme:
        rest = rest.removesuffix("/")
    if any(mark in rest for mark in "/?#\\"):
        raise ValueError(f"no path or query in the host; {_WRITE}")
    return scheme, rest


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise ValueError("the port must be a number from 1 to 65535")
    return int(text)


def _is_no_phone(address: str) -> bool:
    """Whether an address is unspecified, a multicast group or a broadcast."""
    if address.startswith("["):
        parsed = ipaddress.IPv6Address(address[1:-1])
        return parsed.is_unspecified or parsed.is_multicast
    if _IPV4.fullmatch(address) is None:
        return False
    return address == "0.0.0.0" or int(address.partition(".")[0]) >= 224  # noqa: S104
