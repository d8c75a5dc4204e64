"""Redirects: which few may be followed, and what the rest mean (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

from fleet.model import Reason
from fleet.phone.target import DEFAULT_PORTS
from fleet.phone.trouble import clean, trouble

if TYPE_CHECKING:
    from fleet.phone.target import Target

FRONT_PAGE = "/"
STATUS_PAGE = "/sysinfo.html"
SAFE_PATHS = frozenset((FRONT_PAGE, STATUS_PAGE))


def redirected_path(target: Target, path: str, location: str) -> str:
    """The path to ask for next: `/` or `/sysinfo.html` at the phone's own origin, nothing else.

    Raises PhoneError: https_required where the same host wants https, else redirected.
    """
    where = target.authority
    try:
        place = _place(target, path, location)
        port = place.port or DEFAULT_PORTS.get(place.scheme)
    except ValueError:
        raise trouble(Reason.REDIRECTED, where, "to a place that is no URL") from None
    same_host = (place.hostname or "") == target.address.partition("%")[0].lower()
    plain = "@" not in place.netloc and not place.query and not location.endswith("?")
    if same_host and (place.scheme, target.scheme) == ("https", "http"):
        raise trouble(Reason.HTTPS_REQUIRED, where)
    same_origin = same_host and place.scheme == target.scheme and port == target.port
    next_path = place.path or FRONT_PAGE
    if same_origin and plain and next_path in SAFE_PATHS:
        return next_path
    raise trouble(Reason.REDIRECTED, where, f"to {_shown(target, place)}")


def _place(target: Target, path: str, location: str) -> SplitResult:
    """Raises ValueError where clients would disagree about what is meant."""
    if not location or not location.isascii() or not location.isprintable():
        raise ValueError
    if any(mark in location for mark in '\\ "<>^`{|}'):
        raise ValueError
    place = urlsplit(urljoin(f"{target.scheme}://{target.authority}{path}", location))
    if place.scheme in DEFAULT_PORTS and not place.hostname:
        raise ValueError
    return place


def _shown(target: Target, place: SplitResult) -> str:
    """The place without the login, query and fragment that it may hold."""
    host = place.netloc.rpartition("@")[2]
    text = f"{place.scheme}://{host}{place.path}" if host else f"{place.scheme}:"
    return clean(target.without_secrets(text))
