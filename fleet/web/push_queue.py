"""Who may push, and how often: decided in memory, before anything is written. Pure.

Everybody gets the same answer, so that nobody learns which phones there are. What is let in waits
in a bounded queue; what is not is counted. What a phone said that is not known yet is kept until
somebody has looked whether it is by now: it may have come into the inventory since.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from fleet.rate_limiter import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.push import Caller, Push

REPEAT = 2.0  # seconds: the 6739i calls twice at its first registration (facts/web-ui 4.1)
PHONE_MOST, PHONE_PERIOD = 30, 60.0  # a phone with many lines at its start
TOTAL_MOST, TOTAL_PERIOD = 2_000, 4.0  # a registrar's end, told by a large fleet
MOST_WAITING = 5_000
MOST_UNKNOWN = 500  # pushes of unknown phones; of more, the oldest are forgotten


class PushResult(StrEnum):
    """The result of a push."""

    TAKEN = "taken"
    NOT_A_PHONE = "not-a-phone"  # its User-Agent is not a phone's
    UNKNOWN_PHONE = "unknown-phone"  # not in the inventory, or without any allowed network
    FOREIGN = "foreign"  # from an address outside the phone's networks
    REPEATED = "repeated"
    TOO_OFTEN = "too-often"  # this phone alone
    FLOOD = "flood"  # all phones together
    QUEUE_FULL = "queue-full"


@dataclass(slots=True)
class _RecentPushes:
    """What is remembered of a phone that pushed."""

    recent: dict[tuple[object, ...], float] = field(default_factory=dict)

    def is_repetition(self, push: Push, now: float) -> bool:
        """Return whether it said the very same a moment ago; remember that it says it now."""
        self.recent = {key: at for key, at in self.recent.items() if now - at < REPEAT}
        key = (push.event, push.state, push.code, push.user)
        known = key in self.recent
        self.recent.setdefault(key, now)
        return known


class PushQueue:
    """Limits and queues pushes. Times are seconds of any clock that only goes forward."""

    def __init__(self) -> None:
        self.counts: Counter[PushResult] = Counter()
        self._callers: Mapping[str, Caller] = {}
        self._recent: dict[str, _RecentPushes] = {}
        self._phone: RateLimiter[str] = RateLimiter(PHONE_MOST, PHONE_PERIOD)
        self._total: RateLimiter[None] = RateLimiter(TOTAL_MOST, TOTAL_PERIOD)
        self._waiting: deque[tuple[int, Push]] = deque()
        self._unknown: deque[tuple[Push, str, float]] = deque(maxlen=MOST_UNKNOWN)

    @property
    def waiting(self) -> int:
        """How many wait to be taken in."""
        return len(self._waiting)

    def allow(self, callers: Mapping[str, Caller]) -> None:
        """Allow these phones, by their MAC, from now on; also their pushes of just before."""
        self._callers = callers
        self._recent = {mac: recent for mac, recent in self._recent.items() if mac in callers}
        kept, self._unknown = self._unknown, deque(maxlen=MOST_UNKNOWN)
        for push, address, at in kept:
            if push.mac in callers:
                self.offer(push, address, at)

    def offer(self, push: Push | None, address: str, now: float) -> PushResult:
        """Queue a request from an address (None: not a phone's), or refuse it."""
        result = self._check(push, address, now)
        self.counts[result] += 1
        return result

    def take(self, most: int) -> list[tuple[int, Push]]:
        """Return what waits, the oldest first, with the phones' numbers."""
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def give_back(self, taken: list[tuple[int, Push]]) -> None:
        """Have what could not be taken in wait once more."""
        self._waiting.extendleft(reversed(taken))

    def _check(self, push: Push | None, address: str, now: float) -> PushResult:
        if push is None:
            return PushResult.NOT_A_PHONE
        caller = self._callers.get(push.mac)
        if caller is None:
            self._unknown.append((push, address, now))
            return PushResult.UNKNOWN_PHONE
        if not _is_inside(address, caller):
            return PushResult.FOREIGN
        recent = self._recent.setdefault(push.mac, _RecentPushes())
        if recent.is_repetition(push, now):
            return PushResult.REPEATED
        if not self._phone.take(push.mac, now):
            return PushResult.TOO_OFTEN
        if not self._total.take(None, now):
            return PushResult.FLOOD
        if len(self._waiting) >= MOST_WAITING:
            return PushResult.QUEUE_FULL
        self._waiting.append((caller.phone_id, push))
        return PushResult.TAKEN


def _is_inside(text: str, caller: Caller) -> bool:
    """Return whether an address lies in the phone's networks; IPv4 within IPv6 is IPv4."""
    try:
        address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return any((mapped or address) in network for network in caller.networks)
