"""What a value of an inventory file may be. Every function raises ValueError saying why not."""

from __future__ import annotations

import difflib
import ipaddress
import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import available_timezones

from fleet.errors import BadRow
from fleet.inventory.entries import KEPT_WHEN_EMPTY, NUMBERS, UNSAID, Unsaid
from fleet.inventory.host import normalise_address, normalise_host
from fleet.model import normalise_mac

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from fleet.inventory.entries import PhoneEntry

Value: TypeAlias = str | int | None

MAX_LENGTH = 255
_FORBIDDEN = frozenset({"Cc", "Cs", "Cf", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # invisible, but part of the spelling of some languages


def clean(text: str) -> str:
    """The text without spaces around it; refused if it is too long or holds control characters."""
    stripped = text.strip()
    if len(stripped) > MAX_LENGTH:
        raise ValueError(f"longer than {MAX_LENGTH} characters")
    if not stripped.isprintable():
        for char in stripped:
            if unicodedata.category(char) in _FORBIDDEN and char not in _JOINERS:
                raise ValueError(f"contains a control or invisible character (U+{ord(char):04X})")
    return stripped


def read_value(column: str, text: str) -> Value | Unsaid:
    """A column's value. Empty clears it, or says nothing where an export leaves things out."""
    cleaned = clean(text)
    if cleaned:
        reader = _READERS.get(column)
        return reader(cleaned) if reader else cleaned
    if column in KEPT_WHEN_EMPTY:
        return UNSAID
    return None if column in NUMBERS else ""


def whole_number(text: str, lowest: int, highest: int) -> int:
    """A whole number of the given range, in plain digits; `7.0` is how a spreadsheet may say 7."""
    digits = text.removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise ValueError(f"not a whole number from {lowest} to {highest}")
    if not lowest <= int(digits) <= highest:
        raise ValueError(f"must be from {lowest} to {highest}")
    return int(digits)


def line_number(text: str) -> int:
    """A line's number, 1 to 99."""
    return whole_number(text, 1, 99)


def port_number(text: str) -> int:
    """A SIP port; 0 means to look it up in DNS (provisioning facts 1.3)."""
    return whole_number(text, 0, 65535)


def login_name(text: str) -> str:
    """A web UI user name. HTTP's Basic scheme cannot send a colon in one (RFC 7617, 2)."""
    if ":" in text:
        raise ValueError("a user name cannot hold a colon")
    return text


_SIP = re.compile(r"<?(?:sips?|tel):", re.IGNORECASE)
_SCHEME = re.compile(
    r"<?(?:sips?|tel|tcp|udp|tls|wss?|https?|t?ftp):(?:/{0,2})(?![0-9]*\Z)", re.IGNORECASE
)  # but `sip:5060` is a host and its port


def sip_user(text: str) -> str:
    """A SIP user or authentication name, without a scheme before it."""
    if scheme := _SIP.match(text):
        raise ValueError(f"a user has no scheme; write it without {scheme[0].lower()}")
    return text


@lru_cache(maxsize=256)
def registrar(text: str) -> str:
    """A registrar's address without port, as given; 0.0.0.0 tells the phone not to register."""
    if scheme := _SCHEME.match(text):
        raise ValueError(f"a registrar has no scheme; write it without {scheme[0].lower()}")
    if "@" in text:
        raise ValueError("a registrar has no user; write what follows the @")
    if ";" in text or "/" in text:
        raise ValueError("a registrar is only an address or a host name, without ; or /")
    host, separator, port = text.rpartition(":")
    if separator and port.isdigit() and (":" not in host or host.endswith("]")):
        raise ValueError("the port goes into a column of its own, registrar_port")
    normalise_address(text)
    return text


def timezone(text: str) -> str:
    """An IANA time zone. Not checked on a system that has no list of them."""
    zones = _timezones()
    if zones and text not in zones:
        raise ValueError(
            f"not an IANA time zone{did_you_mean(text, zones)}; write it as Europe/Berlin"
        )
    return text


def network(text: str) -> str:
    """A network in CIDR form."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        pass
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError("not a network; write it as 10.1.0.0/24") from None
    raise ValueError(f"has host bits set; the network is {meant}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelt word, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def repeated(phones: Iterable[PhoneEntry]) -> Iterator[BadRow]:
    """Hosts, MACs and lines that stand in a file twice."""
    hosts: dict[str, str] = {}
    macs: dict[str, str] = {}
    for phone in phones:
        first = hosts.setdefault(phone.host, phone.where)
        if first != phone.where:
            yield BadRow(where=phone.where, reason=f"host {phone.host} is already in {first}")
        if isinstance(phone.mac, str):
            first = macs.setdefault(phone.mac, phone.where)
            if first != phone.where:
                yield BadRow(
                    where=phone.where,
                    reason=f"mac {phone.mac} is already in {first}, for another host",
                )
        yield from _repeated_lines(phone)


def _repeated_lines(phone: PhoneEntry) -> Iterator[BadRow]:
    if isinstance(phone.accounts, Unsaid):
        return
    lines: dict[int, str] = {}
    for account in phone.accounts:
        first = lines.setdefault(account.line, account.where)
        if first != account.where:
            yield BadRow(
                where=account.where,
                reason=f"line {account.line} of {phone.host} is already in {first}",
            )


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


_READERS: dict[str, Callable[[str], str | int]] = {
    "host": normalise_host,
    "mac": normalise_mac,
    "username": login_name,
    "line": line_number,
    "user": sip_user,
    "auth_name": sip_user,
    "registrar": registrar,
    "registrar_port": port_number,
    "backup_registrar": registrar,
    "backup_registrar_port": port_number,
    "timezone": timezone,
}
