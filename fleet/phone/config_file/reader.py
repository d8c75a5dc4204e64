"""Bytes to parameters, as tolerant as the files of many years need; never raises."""

from __future__ import annotations

import codecs
import re

from fleet.phone.config_file.names import is_name
from fleet.phone.config_file.not_config import has_hidden, why_not_config
from fleet.phone.config_file.parameter import WITHOUT_SECRETS, ConfigFile, Parameter, UnreadLine

_LINE_END = re.compile(r"\r\n|\n|\r")
_MARKED = re.compile(r"(?P<marks>[!^ \t]*)(?P<rest>.*)", re.DOTALL)
_BLANK = " \t"
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NOT_WESTERN = re.compile(
    r"([^\x00-\x7f])(?!\1)[^\x00-\x7f]{3}|(?<![^\W_])[\u00c0-\u00ff]{3}(?![^\W_])"
)
"""Four such characters in a row are in no word of a Western language, nor is one of three alone."""

NOT_UTF8 = "not UTF-8; it was read as Windows-1252: check its texts"
NOT_WESTERN = f"{NOT_UTF8}; its texts may be in Cyrillic or another alphabet: save it as UTF-8"
UTF16 = "UTF-16, which phones are not known to read: save it as UTF-8"

NO_COLON = "there is no colon after a name"
HIDDEN = "there is an invisible character before the colon"
NO_NAME = "the text before the colon is not a parameter name"
OPEN_QUOTE = "the double quote is not closed"
AFTER_QUOTE = "there is text after the closing quote"
CONTROL = "the value contains a control character"


def read(content: bytes, *, name: str = "") -> ConfigFile:
    """Read a configuration file; what is no parameter is kept under `unread` with its reason.

    Takes CRLF, CR and LF, a byte-order mark, comments on lines of their own and behind values,
    quotes, a missing blank after the colon, and the marks `!` and `^` (facts/provisioning 1.2).
    A line that is not UTF-8 is read as Windows-1252, and `encoding` says so. A file that is no
    configuration at all, an encrypted one say, is one unread line.
    """
    parameters: list[Parameter] = []
    unread: list[UnreadLine] = []
    whole, encoding = _decode(content)
    if reason := why_not_config(whole):
        unread.append(UnreadLine(line=1, reason=reason, text=""))
        return ConfigFile(name=name, unread=tuple(unread), not_config=reason)
    for number, line in enumerate(_LINE_END.split(whole), start=1):
        text = line.strip(_BLANK)
        if not text or text.startswith("#"):
            continue
        match _parameter(text, number):
            case Parameter() as parameter:
                parameters.append(parameter)
            case reason:
                unread.append(UnreadLine(line=number, reason=reason, text=line))
    return ConfigFile(
        name=name,
        parameters=tuple(parameters),
        unread=tuple(unread),
        blank=not whole.strip(),
        encoding=encoding,
        without_secrets=WITHOUT_SECRETS in whole,
    )


def _decode(content: bytes) -> tuple[str, str]:
    """The text, and what is to note of its encoding; empty for UTF-8."""
    if content.startswith(_WIDE):
        return content.decode("utf-16", errors="replace"), UTF16
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        pass
    lines = [_decoded_line(line) for line in content.split(b"\n")]
    western = [text for text, is_utf8 in lines if not is_utf8]
    note = NOT_WESTERN if any(map(_NOT_WESTERN.search, western)) else NOT_UTF8
    return "\n".join(text for text, _ in lines).removeprefix("\ufeff"), note


def _decoded_line(line: bytes) -> tuple[str, bool]:
    """A line's text, and whether it is UTF-8: old files hold lines of both kinds.

    A byte that Windows-1252 does not have becomes the control character of its number, as
    browsers read it (WHATWG, Encoding).
    """
    try:
        return line.decode("utf-8"), True
    except UnicodeDecodeError:
        return "".join(_WINDOWS_1252[byte] for byte in line), False


_WINDOWS_1252 = [
    bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(256)
]


def _parameter(text: str, number: int) -> Parameter | str:
    """The parameter of one line, or why it is none."""
    marked = _MARKED.fullmatch(text)
    marks, rest = (marked["marks"], marked["rest"]) if marked else ("", text)
    before, colon, after = rest.partition(":")
    if not colon or "#" in before:
        return NO_COLON
    if not is_name(name := before.strip(_BLANK)):
        return HIDDEN if has_hidden(before) else NO_NAME
    split = _value(after.lstrip(_BLANK))
    if isinstance(split, str):
        return split
    value, comment = split
    if any((ord(one) < 32 and one != "\t") or "\x7f" <= one <= "\x9f" for one in value):
        return CONTROL
    return Parameter(
        name=name,
        value=value,
        lock="!" in marks,
        overwrite="^" in marks,
        line=number,
        comment=comment,
    )


def _value(text: str) -> tuple[str, str] | str:
    """The value and the comment behind it, or why there is no value."""
    if text.startswith('"'):
        value, closed, rest = text[1:].partition('"')
        if not closed:
            return OPEN_QUOTE
        return (value, rest) if rest.strip(_BLANK)[:1] in ("", "#") else AFTER_QUOTE
    value, hash_sign, comment = text.partition("#")
    stripped = value.rstrip(_BLANK)
    return stripped, value[len(stripped) :] + hash_sign + comment
