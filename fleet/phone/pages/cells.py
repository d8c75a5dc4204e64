"""What the cells of the SIP table say. Cells are compared whole, never by a part (facts 3.3)."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from fleet.model import Account, Line, Registration
from fleet.phone.pages.text import label, word

if TYPE_CHECKING:
    from fleet.phone.pages.words import Words

MAX_STATUS = 200
"""Characters of a status text that are kept."""

_LINE_NUMBER = re.compile(
    r"(?:(?P<prefix>[^\W\d_]+|#|n°|no\.)[ .:#]*)?0{0,2}(?P<number>[1-9][0-9]?)[ .:)]*"
)
_PREFIXES = frozenset({"l", "#", "n°", "no.", "no", "nr"})
_BLANK = frozenset({"", "-", "--", "---", "----", "–", "—", "n/a", "na", "none", "@", "@:0"})
_NOBODY_NOWHERE = re.compile(r"@?0\.0\.0\.0(?::[0-9]{1,5})?")
_CODE = re.compile(
    r"[(\[]?(?:(?:sip|error|erreur|code|response)\b[ :/-]*(?:2\.0[ ]+)?)*(?P<code>[3-6][0-9]{2})"
    r"(?P<rest>(?:[ \-–—:,;.)\]/(](?![0-9]).*)?)",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"<([^<>]*)>[^<>]*\Z")
_SIP_URI = re.compile(r"sips?:", re.IGNORECASE)
_PORT = re.compile(r"[0-9]{1,5}")


def line_number(text: str, words: Words) -> int | None:
    """The number of a line, 1 to 99, from `1`, `01`, `1.`, `Line 1`, `Ligne 1`, `L1`; or None."""
    match = _LINE_NUMBER.fullmatch(text.casefold())
    if match is None:
        return None
    prefix = match["prefix"]
    if prefix and prefix not in _PREFIXES and label(prefix) not in words.line:
        return None
    return int(match["number"])


def is_blank(text: str) -> bool:
    """Whether a cell says nothing: empty, dashes, `n/a`, or nobody at no registrar."""
    key = word(text)
    return key in _BLANK or _NOBODY_NOWHERE.fullmatch(key) is not None


def backup_used(text: str, words: Words) -> bool | None:
    """Whether the backup registrar is used; None for anything but a word known to mean it."""
    key = word(text)
    if key in words.yes:
        return True
    return False if key in words.no else None


def status(text: str, words: Words) -> tuple[Registration, int | None]:
    """What a status cell says, and the SIP code if it says one.

    A number from 300 to 699 that stands as a word of its own at the start is the SIP error
    (facts/web-ui 3.1). `001`, `200` and all that is not understood are unknown, never good.
    """
    key = word(text)
    if key in words.registered:
        return Registration.REGISTERED, None
    if key in words.unregistered:
        return Registration.UNREGISTERED, None
    match = _CODE.fullmatch(text)
    if match is None or label(match["rest"].strip(" -–—:,;.()[]/")) in words.registered:
        return Registration.UNKNOWN, None
    return Registration.FAILED, int(match["code"])


def read_line(number: int, account_text: str, status_text: str, backup: str, words: Words) -> Line:
    """One row. A row without an account is unconfigured unless its status tells otherwise."""
    registration, code = status(status_text, words)
    blank = is_blank(account_text)
    if blank and registration in (Registration.UNKNOWN, Registration.UNREGISTERED):
        registration = Registration.UNCONFIGURED
    return Line(
        number=number,
        registration=registration,
        account=None if blank else account(account_text),
        code=code,
        backup=backup_used(backup, words),
        status_text=status_text[:MAX_STATUS],
    )


def account(text: str) -> Account:
    """`user@host:port` in any of its spellings: with scheme, name, angle brackets, parameters."""
    within = _IN_BRACKETS.search(text)
    uri = within[1] if within else text
    uri = _SIP_URI.sub("", uri.strip(), count=1)
    if "@" not in uri and "%40" in uri:
        uri = unquote(uri)
    user, at, place = uri.rpartition("@")
    if not at:
        return Account(raw=text, user=uri if re.fullmatch(r"[\w.+*#~-]+", uri) else "")
    registrar, port = _host_and_port(re.split(r"[;?>\s]", place.strip(), maxsplit=1)[0])
    return Account(raw=text, user=user.strip(), registrar=registrar, port=port)


def _host_and_port(place: str) -> tuple[str, int | None]:
    """A host without its brackets, and a port; empty and None where they cannot be read."""
    host, colon, port = place.rpartition(":")
    if place.startswith("["):
        host, _, rest = place[1:].partition("]")
        return host, _port(rest.removeprefix(":"))
    if _is_ipv6(place):
        return place, None
    if not colon:
        return place, None
    return (host, _port(port)) if ":" not in host else ("", None)


def _is_ipv6(text: str) -> bool:
    if text.count(":") < 2:
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _port(text: str) -> int | None:
    number = int(text) if _PORT.fullmatch(text) else None
    return number if number is not None and number < 65536 else None
