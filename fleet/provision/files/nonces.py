"""Nonces of HTTP Digest: signed, good for a while, and each count of them good once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LIFETIME = 300.0  # seconds
_MOST = 50_000  # nonces that are remembered as used
_WINDOW = 64  # counts behind the highest one that may still come, for requests that overtake
_SIGNATURE = 16


class Use(Enum):
    """What a nonce is worth."""

    FRESH = auto()
    OVER = auto()  # too old, not of ours, or used before


@dataclass(slots=True)
class _Used:
    highest: int
    seen: int  # a bit for each count behind the highest


class Nonces:
    """Issues nonces and says whether one may be used. `key` is 32 random bytes, kept from others.

    Nothing is remembered of a nonce until a right login used it, so that challenges cost nothing.
    """

    def __init__(self, key: bytes, *, lifetime: float = LIFETIME, most: int = _MOST) -> None:
        self._key = key
        self._lifetime = lifetime
        self._most = most
        self._numbers: Iterator[int] = count()
        self._used: OrderedDict[str, _Used] = OrderedDict()
        self._since = 0.0  # nonces of before are over: it was forgotten whether they were used

    def issue(self, now: float) -> str:
        """A new nonce. `now` is in seconds since 1970."""
        body = int(now * 1000).to_bytes(8, "big") + next(self._numbers).to_bytes(8, "big")
        return base64.urlsafe_b64encode(body + self._sign(body)).decode()

    def use(self, nonce: str, nc: int | None, now: float) -> Use:
        """Use a nonce once: `nc` is the count of its use, None where the client does not count."""
        issued = self._issued(nonce)
        if issued is None or not 0 <= now - issued < self._lifetime or issued < self._since:
            return Use.OVER
        number = 1 if nc is None else nc
        used = self._used.get(nonce)
        if used is None:
            self._forget(now)
            self._used[nonce] = _Used(highest=number, seen=1)
            return Use.FRESH
        return Use.OVER if nc is None else _take(used, number)

    def _forget(self, now: float) -> None:
        """Forget what is over, and the oldest where there are too many; those are over then."""
        while self._used:
            oldest = next(iter(self._used))
            issued = self._issued(oldest) or 0.0
            if now - issued < self._lifetime and len(self._used) < self._most:
                return
            self._used.popitem(last=False)
            if now - issued < self._lifetime:
                self._since = max(self._since, issued + 0.001)

    def _issued(self, nonce: str) -> float | None:
        """When a nonce was issued; None if it is not of ours."""
        try:
            raw = base64.urlsafe_b64decode(nonce.encode("ascii"))
        except (binascii.Error, UnicodeEncodeError):
            return None
        body, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
        if len(body) != 16 or not hmac.compare_digest(signature, self._sign(body)):
            return None
        return int.from_bytes(body[:8], "big") / 1000

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, hashlib.sha256)[:_SIGNATURE]


def _take(used: _Used, number: int) -> Use:
    """Take a count that was not taken yet and is not far behind."""
    ahead = number - used.highest
    if ahead > 0:
        used.seen = ((used.seen << min(ahead, _WINDOW)) | 1) & ((1 << _WINDOW) - 1)
        used.highest = number
        return Use.FRESH
    bit = 1 << -ahead if -ahead < _WINDOW else 0
    if not bit or used.seen & bit:
        return Use.OVER
    used.seen |= bit
    return Use.FRESH
