"""The one redactor for logs, evidence and captures: what must not be written down goes out."""

from __future__ import annotations

import html
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from fleet.phone.pages.decode import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REDACTED = "[redacted]"

MIN_SECRET = 4
"""Shorter secrets are taken out of password fields only: a `1` everywhere would end the page."""

_SECRET_NAME = (
    r"(?:[\w .-]{0,40}?(?:password|passwd|passphrase|passcode|pwd|secret|mot de passe|kennwort)"
    r"[\w .-]{0,20}?)"
)
_INPUT = re.compile(r"<input\b[^>]{0,2000}>", re.IGNORECASE)
_SECRET_INPUT = re.compile(
    r"\b(?:type|name|id)\s*=\s*[\"']?[^\"'\s>]{0,40}(?:pass|pwd|secret|pin\b)", re.IGNORECASE
)
_VALUE = re.compile(r"(\bvalue\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s>\"']+)", re.IGNORECASE)
_SETTING = re.compile(
    rf"(\b{_SECRET_NAME}[\"']?[ \t]*[:=][ \t]*[\"']?)([^\s<>\"'&,;][^\s<>\"']*)", re.IGNORECASE
)
_NEXT_CELL = re.compile(
    rf"(>\s*{_SECRET_NAME}\s*:?\s*(?:</[a-z]+\s*>\s*)*</t[dh]\s*>\s*<t[dh]\b[^>]{{0,200}}>\s*)"
    r"([^<\s][^<]{0,200})",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"\b((?:Basic|Digest|Bearer)[ \t]+)([A-Za-z0-9+/=._~-]{6,}[^\r\n<]{0,500})")
_HEADER = re.compile(
    r"\b((?:Proxy-)?Authorization|(?:Set-)?Cookie)([ \t]*:[ \t]*)[^\r\n<]{1,1000}", re.I
)
_USERINFO = re.compile(r"(://)[^/\s@<>\"']{1,200}@")
_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{6,4096}={0,2}")

_HINTS = ("pass", "pwd", "secret", "pin", "kennwort", "mot de", "authorization", "cookie")


def redact(body: bytes, *, charset: str | None = None, secrets: Iterable[str] = ()) -> str:
    """A page's text without passwords: those it shows, and those in `secrets`.

    Also what stands in password fields, `password: x` lines and the cell after a `Password`
    label, logins in headers and URLs. `charset` is what the HTTP head said.
    """
    return redact_text(decode(body, charset), secrets)


def redact_text(text: str, secrets: Iterable[str] = ()) -> str:
    """A text without passwords; see `redact`. A text without any comes back as it is."""
    small = text.lower()
    if "://" in small and "@" in small:
        text = _USERINFO.sub(rf"\1{REDACTED}@", text)
    if any(hint in small for hint in _HINTS):
        text = _without_named(text, small)
    if "asic" in text or "igest" in text or "earer" in text:
        text = _LOGIN.sub(rf"\1{REDACTED}", text)
    for secret in sorted({one for one in secrets if len(one) >= MIN_SECRET}, key=len, reverse=True):
        text = _without(text, secret)
    return text


def _without_named(text: str, small: str) -> str:
    if "<input" in small:
        text = _INPUT.sub(_blank_value, text)
    if "authorization" in small or "cookie" in small:
        text = _HEADER.sub(rf"\1\2{REDACTED}", text)
    text = _SETTING.sub(rf"\1{REDACTED}", text)
    return _NEXT_CELL.sub(rf"\1{REDACTED}", text)


def _blank_value(field: re.Match[str]) -> str:
    tag = field[0]
    return _VALUE.sub(r'\1""', tag) if _SECRET_INPUT.search(tag) else tag


def _without(text: str, secret: str) -> str:
    """The text without one secret, however it is written: plain, escaped, in Base64."""
    for spelling in _spellings(secret):
        if spelling in text:
            text = text.replace(spelling, REDACTED)
    if "&#" in text or "&" in secret or "%" in text:
        text = _loosely(secret).sub(REDACTED, text)
    if any(core in text for core in _base64_cores(secret)):
        text = _TOKEN.sub(lambda token: _unless_it_holds(token[0], secret), text)
    return text


@lru_cache(maxsize=1024)
def _spellings(secret: str) -> tuple[str, ...]:
    spellings = {secret, html.escape(secret), html.escape(secret, quote=False)}
    spellings |= {quote(secret, safe=""), quote(secret, safe="").lower(), quote(secret)}
    return tuple(sorted(spellings, key=len, reverse=True))


@lru_cache(maxsize=1024)
def _loosely(secret: str) -> re.Pattern[str]:
    """The secret with any of its characters written as an entity or in percent form."""
    return re.compile("".join(f"(?:{'|'.join(_forms(one))})" for one in secret), re.IGNORECASE)


def _forms(one: str) -> Iterator[str]:
    yield re.escape(one)
    yield f"&#0*{ord(one)};?"
    yield f"&#x0*{ord(one):x};?"
    yield re.escape("".join(f"%{byte:02x}" for byte in one.encode(errors="replace")))
    if html.escape(one) != one:
        yield re.escape(html.escape(one))


@lru_cache(maxsize=1024)
def _base64_cores(secret: str) -> tuple[str, ...]:
    """What is the same in every Base64 text that holds the secret, for its three alignments."""
    data = secret.encode(errors="replace")
    cores = []
    for offset in range(3):
        whole = b64encode(bytes(offset) + data).decode()
        start = (offset * 8 + 5) // 6
        cores.append(whole[start : (offset + len(data)) * 8 // 6])
    return tuple({form for core in cores for form in (core, core.translate(_URL_SAFE))})


_URL_SAFE = str.maketrans("+/", "-_")
_STANDARD = str.maketrans("-_", "+/")


def _unless_it_holds(token: str, secret: str) -> str:
    standard = token.rstrip("=").translate(_STANDARD)
    for start in range(4):
        part = standard[start:]
        try:
            plain = b64decode(part[: len(part) - (len(part) % 4 == 1)] + "=" * (-len(part) % 4))
        except Base64Error:
            continue
        if secret.encode(errors="replace") in plain:
            return REDACTED
    return token
