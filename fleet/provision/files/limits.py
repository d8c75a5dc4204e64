"""How often somebody may ask: a bucket of tokens for each, refilled as time goes by."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Generic, TypeVar

from fleet.provision.files.networks import parse_address

if TYPE_CHECKING:
    from collections.abc import Hashable

K = TypeVar("K", bound="Hashable")

_MOST_KEYS = 100_000
_IPV6_HOST_BITS = 64  # a network's own share: who has one address there has all of them


class Limiter(Generic[K]):
    """At most `most` in `period` seconds for each key, all of them at once if need be."""

    def __init__(self, most: int, period: float) -> None:
        self._most = most
        self._rate = most / period
        self._left: dict[K, tuple[float, float]] = {}  # tokens, and when that was

    def take(self, key: K, now: float) -> bool:
        """Take one token, if there is one. `now` is in seconds, of any clock that goes forward."""
        left, at = self._left.get(key, (float(self._most), now))
        left = min(left + max(now - at, 0.0) * self._rate, self._most)
        if key not in self._left and len(self._left) >= _MOST_KEYS:
            self._forget(now)
        allowed = left >= 1
        self._left[key] = (left - 1 if allowed else left, now)
        return allowed

    def _forget(self, now: float) -> None:
        """Forget those whose buckets are full again; all, should that be none of them."""
        self._left = {
            key: (left, at)
            for key, (left, at) in self._left.items()
            if left + (now - at) * self._rate < self._most
        }
        if len(self._left) >= _MOST_KEYS:
            self._left.clear()


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The limits on fetching: of an address, of a phone's own file, and of all together."""

    address: Limiter[str]
    phone: Limiter[int]
    total: Limiter[None]

    @classmethod
    def of(cls, *, address: int, phone: int, total: int) -> Limits:
        """`address` and `phone` a minute, `total` a second."""
        return cls(
            address=Limiter(address, 60.0), phone=Limiter(phone, 60.0), total=Limiter(total, 1.0)
        )

    def allow_address(self, address: str, now: float) -> bool:
        """Whether this address may ask once more, and all together too."""
        return self.address.take(_whose(address), now) and self.total.take(None, now)


def _whose(address: str) -> str:
    """Whom an address belongs to: of IPv6 a network has many."""
    if ":" not in address:
        return address
    parsed = parse_address(address)
    if not isinstance(parsed, IPv6Address):
        return address
    return str(IPv6Address(int(parsed) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS))
