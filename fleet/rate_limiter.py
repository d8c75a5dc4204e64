"""How often somebody may do something: a token bucket for each key, refilled as time goes by."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

K = TypeVar("K", bound="Hashable")

_MOST_KEYS = 100_000
_IPV6_PREFIX = 64  # bits: who has one address of such a network has all of them


class RateLimiter(Generic[K]):
    """At most `most` in `period` seconds for each key, all of them at once if need be.

    Times are in seconds, by any clock that goes forward.
    """

    def __init__(self, most: int, period: float) -> None:
        self._most = most
        self._rate = most / period
        self._tokens: dict[K, tuple[float, float]] = {}  # tokens, and when that was

    def has_token(self, key: K, now: float) -> bool:
        """Return whether there is a token to take."""
        return self._now(key, now) >= 1

    def take(self, key: K, now: float) -> bool:
        """Take one token, if there is one."""
        tokens = self._now(key, now)
        if key not in self._tokens and len(self._tokens) >= _MOST_KEYS:
            self._forget(now)
        is_allowed = tokens >= 1
        self._tokens[key] = (tokens - 1 if is_allowed else tokens, now)
        return is_allowed

    def _now(self, key: K, now: float) -> float:
        tokens, at = self._tokens.get(key, (float(self._most), now))
        return min(tokens + max(now - at, 0.0) * self._rate, self._most)

    def _forget(self, now: float) -> None:
        """Forget the keys whose buckets are full again; all keys, should that be none of them."""
        self._tokens = {
            key: (tokens, at)
            for key, (tokens, at) in self._tokens.items()
            if tokens + (now - at) * self._rate < self._most
        }
        if len(self._tokens) >= _MOST_KEYS:
            self._tokens.clear()


def address_key(address: str) -> str:
    """Return the key for a client's address: itself, or its IPv6 network; empty for no address."""
    if ":" not in address and address.isascii():
        return address
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ip_network((parsed, _IPV6_PREFIX), strict=False))
    return str(parsed)
