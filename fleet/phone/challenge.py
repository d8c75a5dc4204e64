"""A 401's challenge: what kind of login is asked for, and by what kind of device (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.phone.catalog import is_aastra_realm

if TYPE_CHECKING:
    from collections.abc import Iterable

# The realm of firmware 1.x (facts/web-ui 1.1).
_OLD_REALM = "please enter user name and password"
_OUR_SERVERS = ("aragorn", "aastra", "mitel")

_SCHEME = re.compile(
    r"(?:^|,)\s*([A-Za-z][A-Za-z0-9-]*)(?=\s+[A-Za-z0-9_-]+\s*=|\s*$|\s*,|\s+\S+$)"
)
_REALM = re.compile(
    r"""\brealm\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,"']+))""", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """What a 401 asks for. `realm` is empty where none is given."""

    schemes: frozenset[str]
    realm: str

    @property
    def basic(self) -> bool:
        """Whether Basic will do; where nothing is named, it may."""
        return not self.schemes or "basic" in self.schemes


def read_challenge(values: Iterable[str]) -> Challenge:
    """Read the values of WWW-Authenticate, well-formed or not; the first realm counts."""
    text = ", ".join(values)
    realm = _REALM.search(text)
    bare = _REALM.sub("realm=x", text)
    return Challenge(
        schemes=frozenset(name.lower() for name in _SCHEME.findall(bare)),
        realm=next((part for part in realm.groups() if part), "").strip() if realm else "",
    )


def is_ours(realm: str, server: str) -> bool:
    """Whether the realm or the Server header is that of an Aastra or Mitel phone."""
    if realm and (is_aastra_realm(realm) or " ".join(realm.lower().split()) == _OLD_REALM):
        return True
    return any(name in server.lower() for name in _OUR_SERVERS)
