"""The one redactor for logs, evidence and captures: what must not be written down goes out."""

from __future__ import annotations

import html
import json
import re
from base64 import b64decode, b64encode
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from fleet.phone.pages.decode import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

REDACTED = "[redacted]"

MIN_SECRET = 4
"""Shorter secrets are taken out of password fields only: a `1` everywhere would end the page."""

_NAMES = (
    *("password", "passwd", "passphrase", "passcode", "pwd", "secret", "mot de passe"),
    "kennwort",
)
_NAMED = rf"(?:{'|'.join(_NAMES)})[\w .-]{{0,20}}?"
_INPUT = re.compile(r"<input\b[^>]{0,2000}>", re.IGNORECASE)
_SECRET_INPUT = re.compile(
    r"\b(?:type|name|id)\s*=\s*[\"']?[^\"'\s>]{0,40}(?:pass|pwd|secret|pin\b)", re.IGNORECASE
)
_VALUE = re.compile(r"(\bvalue\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s>\"']+)", re.IGNORECASE)
_SETTING = re.compile(
    rf"({_NAMED}[\"']?[ \t]*[:=][ \t]*[\"']?)([^\s<>\"'&,;][^\s<>\"']*)", re.IGNORECASE
)
_NEXT_CELL = re.compile(
    rf"({_NAMED}\s*+(?::\s*+)?(?:</[a-z]++\s*+>\s*+){{0,5}}"
    r"</t[dh]\s*+>\s*+<t[dh]\b[^>]{0,200}>\s*+)"
    r"([^<\s][^<]{0,200})",
    re.IGNORECASE,
)
_BASIC = re.compile(r"(Basic[ \t]+)([A-Za-z0-9+/_-]{4,}={0,2})", re.IGNORECASE)
_OTHER_LOGIN = re.compile(
    r"(Digest[ \t]+(?=username=)|Bearer[ \t]+(?=[\w.~+/=-]{12}))[^\r\n<]{1,1000}", re.IGNORECASE
)
_HEADER = re.compile(
    r"((?:(?:Proxy-)?Authorization|(?:Set-)?Cookie)[ \t]*:[ \t]*)[^\r\n<]{1,1000}", re.IGNORECASE
)
_USERINFO = re.compile(r"(://)[^/\s@<>\"']{1,200}@")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{6,4096}={0,2}")


def redact(body: bytes, *, charset: str | None = None, secrets: Iterable[str] = ()) -> str:
    """A page's text without passwords: those it shows, and those in `secrets`.

    Also what stands in password fields, `password: x` lines and the cell after a `Password`
    label, logins in headers and URLs. `charset` is what the HTTP head said.
    """
    return redact_text(decode(body, charset), secrets)


def redact_text(text: str, secrets: Iterable[str] = ()) -> str:
    """A text without passwords; see `redact`. A text without any comes back as it is."""
    if "://" in text:
        text = _USERINFO.sub(rf"\1{REDACTED}@", text)
    small = text.lower()
    places = _places(small)
    for names, pattern, replace in _KINDS:
        # Small letters may be more than the large ones were: then no place is known.
        if len(small) != len(text):
            text = pattern.sub(replace, text)
        elif not places.keys().isdisjoint(names):
            before, text = text, _replaced(text, places, names, pattern, replace)
            if text is not before:
                small = text.lower()
                places = _places(small)
    for secret in sorted({one for one in secrets if len(one) >= MIN_SECRET}, key=len, reverse=True):
        text = _without(text, secret)
    return text


def _replaced(
    text: str,
    places: Mapping[str, Sequence[int]],
    names: Iterable[str],
    pattern: re.Pattern[str],
    replace: Callable[[re.Match[str]], str],
) -> str:
    """Replace what matches at one of the names; looking for the names first saves most of it."""
    parts: list[str] = []
    done = 0
    for at in sorted(at for name in names for at in places.get(name, ())):
        match = pattern.match(text, at) if at >= done else None
        if match and (new := replace(match)) != match[0]:
            parts += (text[done:at], new)
            done = match.end()
    return "".join((*parts, text[done:])) if parts else text


def _places(small: str) -> dict[str, list[int]]:
    """Where each of the names begins, in a text of small letters."""
    places: dict[str, list[int]] = {}
    for root, names in _ROOTS.items():
        at = small.find(root)
        while at >= 0:
            for name, offset in names:
                if at >= offset and small.startswith(name, at - offset):
                    places.setdefault(name, []).append(at - offset)
            at = small.find(root, at + 1)
    return places


def _blank_value(field: re.Match[str]) -> str:
    tag = field[0]
    return _VALUE.sub(r'\1""', tag) if _SECRET_INPUT.search(tag) else tag


def _without_login(basic: re.Match[str]) -> str:
    """`Basic Settings` is a menu entry; what decodes to `user:password` is a login."""
    holds_login = any(":" in plain for plain in _decoded(basic[2]))
    return f"{basic[1]}{REDACTED}" if holds_login else basic[0]


def _without(text: str, secret: str) -> str:
    """The text without one secret, however it is written: plain, escaped, in Base64."""
    mark = REDACTED if secret not in REDACTED else "****"
    for spelling in _spellings(secret):
        if spelling in text:
            text = text.replace(spelling, mark)
    if "&" in secret or "&#" in text or _has_escaped(text, secret):
        text = _loosely(secret).sub(mark, text)
    if any(core in text for core in _base64_cores(secret)):
        text = _TOKEN.sub(lambda token: _unless_it_holds(token[0], secret), text)
    return text


def _named_value(match: re.Match[str]) -> str:
    return f"{match[1]}{REDACTED}"


_HEADERS = ("authorization", "proxy-authorization", "cookie", "set-cookie")
_KINDS = (
    (frozenset(("<input",)), _INPUT, _blank_value),
    (frozenset(_HEADERS), _HEADER, _named_value),
    (frozenset(("basic",)), _BASIC, _without_login),
    (frozenset(("digest", "bearer")), _OTHER_LOGIN, _named_value),
    (frozenset(_NAMES), _SETTING, _named_value),
    (frozenset(_NAMES), _NEXT_CELL, _named_value),
)
# A part that many names have in common, and how far from the beginning of each: looked for once.
_ROOTS = {
    root: tuple(
        {(name, name.index(root)): None for names, _, _ in _KINDS for name in names if root in name}
    )
    for root in (
        *("<input", "authorization", "cookie", "basic", "digest", "bearer"),
        *("pass", "pwd", "secret", "kennwort"),
    )
}


@lru_cache(maxsize=1024)
def _spellings(secret: str) -> tuple[str, ...]:
    spellings = {secret, html.escape(secret), html.escape(secret, quote=False)}
    spellings |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    spellings |= {quote(secret, safe=""), quote(secret, safe="").lower(), quote(secret)}
    return tuple(sorted(spellings, key=len, reverse=True))


@lru_cache(maxsize=1024)
def _loosely(secret: str) -> re.Pattern[str]:
    """The secret with any of its characters written as an entity or in percent form."""
    return re.compile("".join(f"(?:{'|'.join(_forms(one))})" for one in secret))


def _has_escaped(text: str, secret: str) -> bool:
    """Whether some character of the secret is written in percent form; `100%` is no reason."""
    if _ESCAPED.search(text) is None:
        return False
    small = text.lower()
    return any(f"%{byte:02x}" in small for byte in set(secret.encode(errors="replace")))


def _forms(one: str) -> Iterator[str]:
    yield re.escape(one)
    yield f"&#0*{ord(one)};?"
    yield f"&#[xX]0*(?i:{ord(one):x});?"
    yield "(?i:" + "".join(f"%{byte:02x}" for byte in one.encode(errors="replace")) + ")"
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
    held = any(secret in plain for plain in _decoded(token))
    return REDACTED if held else token


def _decoded(token: str) -> Iterator[str]:
    """What a Base64 text says, read from each of its first four characters on."""
    standard = token.rstrip("=").translate(_STANDARD)
    for start in range(4):
        part = standard[start:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        yield b64decode(part + "=" * (-len(part) % 4)).decode(errors="replace")
