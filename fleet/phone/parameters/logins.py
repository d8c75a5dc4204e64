"""Secrets inside a value: the login of a URI, a password or token among its query's fields."""

from __future__ import annotations

import re

_HIDDEN_LOGIN = "…@"  # in a URI; without a scheme both its parts are hidden
_HIDDEN_PAIR = "…:…@"
_HIDDEN = re.compile(rf"://{_HIDDEN_LOGIN}|^{_HIDDEN_PAIR}")
_HIDDEN_FIELD = "…"

_LOGIN = re.compile(
    r"(?<=://)(?:"
    r"[^/\s@:]{0,128}:(?![0-9]{1,5}/)[^\s@]{0,512}@(?:[^\s/@]{0,512}@)*"  # also a / or @ in it
    r"|[^/\s@]{0,512}@)"
    r"|^(?!(?:sips?|tel|mailto|xmpp|https?|ftps?|tftp):)[^\s/:@?]{1,64}:[^\s/@]{1,128}@(?=[\w.\[-])",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"(?P<name>[?&;](?:\w{0,40}(?:password|passwd|passwort|secret|token|api_?key)|pwd|pass|pin|psk)=)"
    r"(?!\$\$)[^&;#\s]+",
    re.IGNORECASE,
)


def without_login(text: str) -> str:
    """A value without the secrets inside it, as it may be shown."""
    if "@" in text:
        text = _LOGIN.sub(lambda found: _HIDDEN_LOGIN if found.start() else _HIDDEN_PAIR, text)
    return _FIELD.sub(rf"\g<name>{_HIDDEN_FIELD}", text) if "=" in text else text


def has_hidden_login(text: str) -> bool:
    """Whether a value is one that `without_login` printed, with a login left out."""
    return "@" in text and _HIDDEN.search(text) is not None


def holds_login(text: str) -> bool:
    """Whether a value holds a password or a token; a user's name alone is none."""
    if "=" in text and any(not match[0].endswith(_HIDDEN_FIELD) for match in _FIELD.finditer(text)):
        return True
    if "@" not in text:
        return False
    found = _LOGIN.search(text)
    if found is None or found[0] == _HIDDEN_PAIR:
        return False
    return ":" in found[0].removesuffix("@").rstrip(":")
