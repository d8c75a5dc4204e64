"""Bytes to parameters, as tolerant as the files of many years need; never raises."""

from __future__ import annotations

import codecs
import re

from fleet.phone.config_file.foreign import foreign, has_hidden
from fleet.phone.config_file.names import is_name
from fleet.phone.config_file.parameter import ConfigFile, Parameter, UnreadLine

_LINE_END = re.compile(r"\r\n|\n|\r")
_MARKED = re.compile(r"(?P<marks>[!^ \t]*)(?P<rest>.*)", re.DOTALL)
_BLANK = " \t"
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

NO_COLON = "there is no colon after a name"
HIDDEN = "a character that nobody sees stands before the colon"
NO_NAME = "what stands before the colon is not a parameter's name"
OPEN_QUOTE = "the double quote is not closed"
AFTER_QUOTE = "something stands behind the closing quote"
CONTROL = "the value holds a control character"


def read(content: bytes, *, name: str = "") -> ConfigFile:
    """Read a configuration file; what is no parameter is kept under `unread` with its reason.

    Takes CRLF, CR and LF, a byte-order mark, comments on lines of their own and behind values,
    quotes, a missing blank after the colon, and the marks `!` and `^` (facts/provisioning 1.2).
    What is not UTF-8 is read as Latin-1. A file that is no configuration at all, an encrypted one
    say, is one unread line.
    """
    parameters: list[Parameter] = []
    unread: list[UnreadLine] = []
    whole = _decode(content)
    if reason := foreign(whole):
        unread.append(UnreadLine(line=1, reason=reason, text=""))
        return ConfigFile(name=name, unread=tuple(unread), foreign=reason)
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
    )


def _decode(content: bytes) -> str:
    if content.startswith(_WIDE):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


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
    if any(ord(one) < 32 and one != "\t" for one in value):
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
