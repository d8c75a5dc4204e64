"""Digest logins with MD5, as phones make them and registrars check them (RFC 2617).

Shares nothing with the SIP that fleet speaks to phones: a mistake there is to show here.
"""

from __future__ import annotations

import hashlib
import re
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleet.model import Credentials

_PAIR = re.compile(r"(?<![A-Za-z])([A-Za-z]++)\s*+=\s*+" r'(?:"((?:[^"\\]|\\.)*+)"|([^\s",]++))')
_MOST_NONCES = 200_000
_NC = "00000001"


class Verdict(Enum):
    """What a request's login is worth."""

    MISSING = auto()
    STALE = auto()  # right, but for a nonce that is none of ours or was used
    WRONG = auto()
    RIGHT = auto()


def md5(text: str | bytes) -> str:
    """The MD5 of a text or of bytes, in hex digits."""
    data = text.encode() if isinstance(text, str) else text
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def pairs(header: str) -> dict[str, str]:
    """The parameters of a Digest header; empty where it is of another scheme."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "digest":
        return {}
    return {
        match[1].lower(): re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
        for match in _PAIR.finditer(rest)
    }


def answer(challenge: str, login: Credentials, *, method: str, uri: str, cnonce: str) -> str | None:
    """The Authorization header for a challenge; None where a phone has no answer to it.

    A phone knows MD5, without qop or with `auth` (assumed: facts/provisioning 5, question 7).
    """
    asked = pairs(challenge)
    known = asked.get("algorithm", "MD5").upper() == "MD5"
    qops = {one.strip() for one in asked.get("qop", "").split(",")}
    if "nonce" not in asked or not known or qops.isdisjoint({"", "auth"}):
        return None
    said = {
        "username": login.username,
        "realm": asked.get("realm", ""),
        "nonce": asked["nonce"],
        "uri": uri,
    }
    bare = {"algorithm": "MD5"}
    if "auth" in qops:
        said["cnonce"] = cnonce
        bare |= {"qop": "auth", "nc": _NC}
    said["response"] = _response(said | bare, login.password, method)
    if "opaque" in asked:
        said["opaque"] = asked["opaque"]
    quoted = [f'{name}="{_escaped(value)}"' for name, value in said.items()]
    return "Digest " + ", ".join([*quoted, *(f"{name}={value}" for name, value in bare.items())])


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _response(said: Mapping[str, str], password: str, method: str) -> str:
    """RFC 2617, 3.2.2.1."""
    secret = md5(f"{said['username']}:{said['realm']}:{password}")
    asked = md5(f"{method}:{said['uri']}")
    middle = said["nonce"]
    if said.get("qop"):
        middle = ":".join((middle, said["nc"], said["cnonce"], said["qop"]))
    return md5(f"{secret}:{middle}:{asked}")


class Doorkeeper:
    """Makes challenges, each for one login, and judges what comes back.

    `token` makes the nonces: texts without quotes, never the same twice.
    """

    def __init__(self, realm: str, token: Callable[[], str]) -> None:
        self._realm = realm
        self._token = token
        self._nonces: dict[str, None] = {}

    def challenge(self, *, stale: bool = False) -> str:
        """What a WWW-Authenticate or Proxy-Authenticate header says."""
        nonce = self._token()
        self._nonces[nonce] = None
        if len(self._nonces) > _MOST_NONCES:
            del self._nonces[next(iter(self._nonces))]
        end = ", stale=true" if stale else ""
        return f'Digest realm="{self._realm}", nonce="{nonce}", algorithm=MD5, qop="auth"{end}'

    def judge(self, header: str, login: Credentials, method: str) -> Verdict:
        """Whether an Authorization header is that of the login, for one of our nonces."""
        said = pairs(header)
        if not said:
            return Verdict.MISSING
        needed = {"username", "realm", "nonce", "uri", "response"}
        if said.get("qop"):
            needed |= {"nc", "cnonce"}
        if needed - said.keys() or not self._is_of(said, login, method):
            return Verdict.WRONG
        if said["nonce"] not in self._nonces:
            return Verdict.STALE
        del self._nonces[said["nonce"]]
        return Verdict.RIGHT

    def _is_of(self, said: Mapping[str, str], login: Credentials, method: str) -> bool:
        return (
            said["username"] == login.username
            and said["realm"] == self._realm
            and said["response"].lower() == _response(said, login.password, method)
        )
