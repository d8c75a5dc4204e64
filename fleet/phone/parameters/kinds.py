"""What values a parameter takes, and what is wrong with one, in words without the value."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit


class Shape(StrEnum):
    """What a value is."""

    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT = "text"
    ADDRESS = "address"  # a dotted IPv4 address
    HOST = "host"  # an address or a name
    PORT = "port"
    URI = "uri"
    TIME = "time"  # hh:mm
    WORDS = "words"  # some of a closed list, with blanks between them
    DIGITS = "digits"  # a password of digits alone; anything else makes the phone use its default


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A shape with its limits. `choices` are all that is allowed, where not empty.

    `low` and `high` limit numbers; `longest` limits texts, in characters.
    """

    shape: Shape
    low: int | None = None
    high: int | None = None
    longest: int | None = None
    choices: tuple[str, ...] = ()


def complaint(kind: Kind, value: str) -> str:
    """What is wrong with a value, as the end of a sentence ("it …"); empty if nothing is.

    An empty value is never wrong here: it clears the parameter.
    """
    if not value:
        return ""
    if kind.shape is Shape.WORDS:
        return _words(kind, value)
    if kind.choices:
        allowed = ", ".join(kind.choices)
        return "" if value.lower() in _lower(kind.choices) else f"has to be one of {allowed}"
    return _CHECKS[kind.shape](kind, value)


def host_of(uri: str) -> str:
    """The host of a URI in lower case; empty where there is none."""
    try:
        return (urlsplit(uri).hostname or "").lower()
    except ValueError:
        return ""


def is_address(value: str) -> bool:
    """Whether a text is a dotted IPv4 address."""
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return True


_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]*)(?:\.[A-Za-z0-9_-]+)*\.?")
_TIME = re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]")
_INTEGER = re.compile(r"-?[0-9]{1,12}")


def is_ipv6(value: str) -> bool:
    """Whether a text is an IPv6 address, in brackets or not."""
    try:
        ipaddress.IPv6Address(value.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _words(kind: Kind, value: str) -> str:
    unknown = sorted(set(value.lower().split()) - set(kind.choices))
    return f"may hold only {', '.join(kind.choices)}" if unknown else ""


def _lower(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(text.lower() for text in texts)


def _integer(kind: Kind, value: str) -> str:
    if _INTEGER.fullmatch(value) is None:
        return "has to be a whole number"
    number = int(value)
    too_low = kind.low is not None and number < kind.low
    too_high = kind.high is not None and number > kind.high
    return f"has to be {_limits(kind)}" if too_low or too_high else ""


def _limits(kind: Kind) -> str:
    if kind.high is None:
        return f"at least {kind.low}"
    return f"at most {kind.high}" if kind.low is None else f"from {kind.low} to {kind.high}"


def _boolean(_: Kind, value: str) -> str:
    return "" if value in ("0", "1") else "has to be 0 or 1"


def _text(kind: Kind, value: str) -> str:
    too_long = kind.longest is not None and len(value) > kind.longest
    return f"is longer than {kind.longest} characters" if too_long else ""


def _address(_: Kind, value: str) -> str:
    return "" if is_address(value) else "has to be an IPv4 address such as 192.0.2.1"


def _host(_: Kind, value: str) -> str:
    numeric = value.replace(".", "").isdigit()
    good = is_address(value) if numeric else _HOST.fullmatch(value) is not None
    return "" if good else "has to be an address or a host name, without scheme or port"


def _uri(kind: Kind, value: str) -> str:
    if not value.isascii():
        return "holds characters that are not ASCII"
    return _text(kind, value)


def _time(_: Kind, value: str) -> str:
    return "" if _TIME.fullmatch(value) else "has to be a time such as 03:30"


def _digits(kind: Kind, value: str) -> str:
    if not (value.isascii() and value.isdigit()):
        return "holds something else than digits"
    too_high = len(value) > 12 or (kind.high is not None and int(value) > kind.high)
    return f"is above {kind.high}" if too_high else ""


_CHECKS = {
    Shape.INTEGER: _integer,
    Shape.BOOLEAN: _boolean,
    Shape.TEXT: _text,
    Shape.ADDRESS: _address,
    Shape.HOST: _host,
    Shape.PORT: _integer,
    Shape.URI: _uri,
    Shape.TIME: _time,
    Shape.WORDS: _words,
    Shape.DIGITS: _digits,
}
