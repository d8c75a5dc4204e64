"""Digest authentication as a client (RFC 2617, 7616 and 8760; pure).

`auth` and no quality of protection; MD5 and SHA-256, plain and with sessions. Basic is never
answered: SIP has done away with it (RFC 3261, 22).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet.model import Credentials

# A part of a challenge: `name = "quoted"`, `name = token`, or the name of a scheme.
_PART = re.compile(
    r"""(?P<name>[A-Za-z0-9!#$%&'*+.^_`|~-]++)
        (?:\s*+=\s*+(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"?|(?P<token>[^\s,"]*+)))?+""",
    re.VERBOSE | re.DOTALL,
)
_HASHES = {"md5": "md5", "sha-256": "sha256"}
_SESSION = "-sess"


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """One challenge of a 401 or 407: its scheme in lower case, its parameters by lower-case name.

    Values are without their quotes and otherwise as they came, backslashes included: they are given
    back, and hashed, as they are.
    """

    scheme: str
    params: Mapping[str, str]

    @property
    def algorithm(self) -> str:
        """In lower case; `md5` where none is named."""
        return self.params.get("algorithm", "").lower() or "md5"

    @property
    def qops(self) -> frozenset[str]:
        """The qualities of protection that are offered; none in the way of RFC 2069."""
        offered = self.params.get("qop", "").lower()
        return frozenset(re.findall(r"[a-z-]+", offered))

    @property
    def stale(self) -> bool:
        """Whether the login before was right and only its nonce too old."""
        return self.params.get("stale", "").lower() == "true"

    @property
    def answerable(self) -> bool:
        """Whether `answer` can answer it."""
        return (
            self.scheme == "digest"
            and bool(self.params.get("nonce"))
            and self.algorithm.removesuffix(_SESSION) in _HASHES
            and (not self.qops or "auth" in self.qops)
        )


def read_challenges(values: Iterable[str]) -> tuple[Challenge, ...]:
    """The challenges of all values of WWW-Authenticate or Proxy-Authenticate, in their order.

    Several in one value, missing commas and quotes, and single words in between are lived with.
    """
    found: list[tuple[str, dict[str, str]]] = []
    for value in values:
        for part in _PART.finditer(value):
            text = part["quoted"] if part["quoted"] is not None else part["token"]
            name = part["name"].lower()
            if text is not None and found:
                found[-1][1].setdefault(name, text)
            elif text is None and _continues_qop(name, found):
                found[-1][1]["qop"] += f",{name}"
            elif text is None:
                found.append((name, {}))
    return tuple(Challenge(scheme=scheme, params=params) for scheme, params in found)


def best_of(challenges: Iterable[Challenge]) -> Challenge | None:
    """The first that can be answered: the server has put them in its order (RFC 8760, 2.4)."""
    return next((challenge for challenge in challenges if challenge.answerable), None)


def answer(challenge: Challenge, login: Credentials, *, method: str, uri: str, cnonce: str) -> str:
    """The value of Authorization or Proxy-Authorization, for the first use of a nonce.

    `uri` is the request's, letter for letter; `cnonce` is random and of hex digits.
    """
    params, qop = challenge.params, "auth" if challenge.qops else ""
    said = {
        "username": _quoted(_escaped(login.username)),
        "realm": _quoted(params.get("realm", "")),
        "nonce": _quoted(params["nonce"]),
        "uri": _quoted(uri),
        "response": _quoted(_response(challenge, login, f"{method}:{uri}", cnonce)),
    }
    if params.get("algorithm"):
        said["algorithm"] = params["algorithm"]
    if qop or challenge.algorithm.endswith(_SESSION):
        said["cnonce"] = _quoted(cnonce)
    if qop:
        said |= {"qop": qop, "nc": _NC}
    if "opaque" in params:
        said["opaque"] = _quoted(params["opaque"])
    return "Digest " + ", ".join(f"{name}={value}" for name, value in said.items())


_NC = "00000001"


def _response(challenge: Challenge, login: Credentials, a2: str, cnonce: str) -> str:
    def hashed(*parts: str) -> str:
        data = ":".join(parts).encode("utf-8", "surrogateescape")
        return hashlib.new(kind, data, usedforsecurity=False).hexdigest()

    kind = _HASHES[challenge.algorithm.removesuffix(_SESSION)]
    nonce = challenge.params["nonce"]
    a1 = hashed(login.username, challenge.params.get("realm", ""), login.password)
    if challenge.algorithm.endswith(_SESSION):
        a1 = hashed(a1, nonce, cnonce)
    if challenge.qops:
        return hashed(a1, nonce, _NC, cnonce, "auth", hashed(a2))
    return hashed(a1, nonce, hashed(a2))


def _continues_qop(name: str, found: list[tuple[str, dict[str, str]]]) -> bool:
    """Whether a word is the rest of a list without its quotes, as in `qop=auth,auth-int`."""
    return name.startswith("auth") and bool(found) and "qop" in found[-1][1]


def _escaped(text: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", text)


def _quoted(text: str) -> str:
    return f'"{text}"'
