"""Kinds of values that several sections have."""

import re
from ipaddress import ip_network
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta

from fleet.settings.section import About, Secret

_BETWEEN_URLS = re.compile(
    r"(?<![\s,])[\s,]++(?=[A-Za-z][A-Za-z0-9]*://)"
)  # a URL may hold a comma
_URL = re.compile(r"[A-Za-z][A-Za-z0-9]*://\S+")
_BARE_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_DURATION_PART = re.compile(
    r"(?<![0-9])([0-9]++(?:\.[0-9]++)?)\s*+(weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?![a-z])"
)
_DURATION = re.compile(rf"(?:{_DURATION_PART.pattern}\s*)+")
_UNIT_SECONDS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_WRITTEN_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
_SPAN = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
_URL_LIST = "a list of Apprise URLs, like mailto://user:password@example.com?to=you@example.com"


def none_if_empty(written: object) -> object:
    """Take an empty text for none: a variable that is there cannot say it otherwise."""
    return None if written == "" else written


def seconds_of(written: object) -> object:
    """Read a duration such as `5m`, `2h`, `400d` or `1h 30m` as seconds; leave a number as it is.

    Raises ValueError for a text that is neither.
    """
    if not isinstance(written, str):
        return written
    text = written.strip().lower()
    if _BARE_NUMBER.fullmatch(text):
        return float(text)
    if not _DURATION.fullmatch(text):
        raise ValueError("not a duration")
    parts = _DURATION_PART.findall(text)
    return sum(float(number) * _UNIT_SECONDS[unit[0]] for number, unit in parts)


def duration_text(seconds: float) -> str:
    """Write a duration in the largest unit that takes it whole: `5m`, `400d`, `90s`, `0.5s`."""
    for unit, size in _WRITTEN_UNITS:
        if seconds and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:g}s"


def _zone(name: str) -> str:
    """Refuse a name that is no zone's; the error of the look-up depends on how it is wrong."""
    if not name:
        return name
    try:
        ZoneInfo(name)
    except (OSError, KeyError, ValueError):
        raise ValueError("no such time zone") from None
    return name


def daily_span(value: str) -> str:
    """Refuse what is neither empty nor a span of the day, such as 22:00-06:00."""
    if value and not (_SPAN.fullmatch(value) and value[:5] != value[6:]):
        raise ValueError("not a span")
    return value


def _split_urls(written: object) -> object:
    """Take what a variable holds for a list; it can only hold a text."""
    if not isinstance(written, str):
        return written
    return _BETWEEN_URLS.split(written.strip(" \t\r\n,"))


def _urls(values: list[Secret]) -> list[Secret]:
    if not all(_URL.fullmatch(value.get_secret_value()) for value in values):
        raise ValueError("not a URL")
    return values


def _split(written: object) -> object:
    """Take `10.1.0.0/16, 10.2.0.0/16` from a variable for a list."""
    return [part.strip() for part in written.split(",")] if isinstance(written, str) else written


def _networks(values: list[str]) -> list[str]:
    """Check networks; a single address stands for itself."""
    return [str(ip_network(value.strip(), strict=False)) for value in values]


Number = float
Whole = int
Duration = Annotated[Number, About(take=seconds_of, is_duration=True)]
Seconds = Annotated[Duration, Meta(gt=0, le=316_224_000)]
Port = Annotated[Whole, Meta(ge=0, le=65_535)]
Texts = Annotated[list[str], About(allowed="a list of texts")]
Names = Annotated[list[str], About(allowed="a list of names", take=_split)]
Networks = Annotated[
    list[str], About(allowed="a list of networks, like 10.1.0.0/16", take=_split, check=_networks)
]
Urls = Annotated[list[Secret], About(allowed=_URL_LIST, take=_split_urls, check=_urls)]
Zone = Annotated[
    str,
    About(
        allowed="an IANA time zone, like Europe/Berlin, or empty",
        examples=("Europe/Berlin",),
        check=_zone,
    ),
]
