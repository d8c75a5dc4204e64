"""The limits on fetching files."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.rate_limiter import RateLimiter, address_key


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The limits on fetching: for an address, for a phone's own file, and for all together."""

    address: RateLimiter[str]
    phone: RateLimiter[int]
    total: RateLimiter[None]

    @classmethod
    def of(cls, *, address: int, phone: int, total: int) -> Limits:
        """`address` and `phone` a minute, `total` a second."""
        return cls(
            address=RateLimiter(address, 60.0),
            phone=RateLimiter(phone, 60.0),
            total=RateLimiter(total, 1.0),
        )

    def allow_address(self, address: str, now: float) -> bool:
        """Return whether this address may ask once more, and all together too."""
        return self.address.take(address_key(address), now) and self.total.take(None, now)
