"""HTTP Digest as a server sees it (RFC 7616 with MD5, and RFC 2069's form without qop).

What exactly the phones do is not known (facts/provisioning 5, question 7), so both forms are taken.
MD5 is what their guides name; it is no protection against who can read the line.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.provision.files.decide import LoginState
from fleet.provision.files.nonces import Use

if TYPE_CHECKING:
    from fleet.provision.files.nonces import Nonces

REALM = "fleet"
_LONGEST = 2000
_PAIR = re.compile(
    r"(?<![A-Za-z0-9_*-])([A-Za-z][A-Za-z0-9_*-]*+)\s*+=\s*+"
    r'(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]*+))'
)
_COUNT = re.compile(r"[0-9A-Fa-f]{1,8}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What an Authorization header of the scheme Digest says; empty where it does not say."""

    username: str
    nonce: str
    uri: str
    realm: str = ""
    response: str = field(default="", repr=False)
    algorithm: str = ""
    qop: str = ""
    nc: str = ""
    cnonce: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Passwords:
    """What a phone may log in with: `now` under its user name, `before` under any.

    `factory` is the login of a phone that was given none yet; None: it may not use that one.
    """

    username: str
    now: str = field(repr=False)
    before: str = field(default="", repr=False)
    factory: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """What a login came to. `is_newest`: it was good, and with the newest password."""

    state: LoginState
    is_newest: bool = False


def challenge(nonce: str, *, stale: bool = False) -> str:
    """The value of WWW-Authenticate."""
    text = f'Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5, qop="auth"'
    return f"{text}, stale=true" if stale else text


def parse_authorization(text: str) -> Credentials | None:
    """The credentials of an Authorization header; None for what is no Digest. Never raises."""
    scheme, _, rest = text[:_LONGEST].strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    fields = {
        match[1].lower(): re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
        for match in _PAIR.finditer(rest)
    }
    names = ("realm", "response", "algorithm", "qop", "nc", "cnonce")
    return Credentials(
        username=fields.get("username", ""),
        nonce=fields.get("nonce", ""),
        uri=fields.get("uri", ""),
        **{name: fields.get(name, "") for name in names},
    )


def respond(credentials: Credentials, *, method: str, username: str, password: str) -> str:
    """The response that whoever has this password gives to the same challenge."""
    of_user = _md5(f"{username}:{credentials.realm}:{password}")
    of_request = _md5(f"{method}:{credentials.uri}")
    parts = [of_user, credentials.nonce, of_request]
    if credentials.qop:
        parts[2:2] = [credentials.nc, credentials.cnonce, credentials.qop]
    return _md5(":".join(parts))


def log_in(
    header: str,
    passwords: Passwords,
    nonces: Nonces,
    *,
    method: str,
    target: str,
    now: float,
) -> Login:
    """Say what an Authorization header (empty: there was none) is worth.

    `target` is the request's, as it came. `now` is in seconds since 1970.
    """
    if not header:
        return Login(state=LoginState.MISSING)
    credentials = parse_authorization(header)
    if credentials is None or not _is_about(credentials, target):
        return Login(state=LoginState.WRONG)
    newest, before, factory = (
        hmac.compare_digest(
            respond(credentials, method=method, username=username, password=password).encode(),
            credentials.response.lower().encode(),
        )
        for username, password in (
            (passwords.username, passwords.now),
            (credentials.username, passwords.before),
            passwords.factory or ("", ""),
        )
    )
    is_newest = newest and credentials.username == passwords.username
    is_factory = (
        factory and passwords.factory is not None and credentials.username == passwords.factory[0]
    )
    if not (is_newest or is_factory or (before and passwords.before)):
        return Login(state=LoginState.WRONG)
    count = int(credentials.nc, 16) if credentials.qop else None
    if nonces.use(credentials.nonce, count, now) is not Use.FRESH:
        return Login(state=LoginState.STALE)
    return Login(state=LoginState.GOOD, is_newest=is_newest)


def _is_about(credentials: Credentials, target: str) -> bool:
    """Whether the credentials are for this request, in a form that we offer."""
    plain = credentials.qop == "" or (
        credentials.qop.lower() == "auth" and _COUNT.fullmatch(credentials.nc) is not None
    )
    same = credentials.uri == target or target.partition("?")[0] == credentials.uri
    return (
        plain
        and same
        and credentials.realm == REALM
        and credentials.algorithm.upper() in ("", "MD5")
    )


def _md5(text: str) -> str:
    digest = hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False)
    return digest.hexdigest()
