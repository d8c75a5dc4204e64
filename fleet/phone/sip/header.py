"""What stands in SIP headers: lists, quoted texts, parameters, addresses (RFC 3261, 20; pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Possessive throughout, so that no header can make us search for long.
_SYNTAX = re.compile(r'\\.|[",;<>]', re.DOTALL)
_NAME_ADDR = re.compile(
    r"""(?P<name>"(?:[^"\\]|\\.)*+"\s*+|[^<"]*+)<(?P<uri>[^>]*+)>(?P<rest>.*)""", re.DOTALL
)
_CLOSING = {'"': '"', "<": ">"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """An address in a header: `uri` as it was written, its parameters with names in lower case.

    A parameter without a value has the value "".
    """

    uri: str
    name: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


def split_list(value: str, mark: str = ",") -> list[str]:
    """The parts between commas (or semicolons) that stand neither in quotes nor in <>."""
    parts, start, closing = [], 0, ""
    for found in _SYNTAX.finditer(value):
        sign = found[0]
        if closing:
            closing = "" if sign == closing else closing
        elif sign in _CLOSING:
            closing = _CLOSING[sign]
        elif sign == mark:
            parts.append(value[start : found.start()].strip())
            start = found.end()
    parts.append(value[start:].strip())
    return [part for part in parts if part]


def read_params(text: str) -> dict[str, str]:
    """`;name=value;flag` as a dictionary; of several of one name the first counts."""
    params: dict[str, str] = {}
    for part in split_list(text, ";"):
        name, _, value = part.partition("=")
        params.setdefault(name.strip().lower(), unquoted(value.strip()))
    return params


def read_addresses(values: Iterable[str]) -> tuple[Address, ...]:
    """The addresses of all values of a header such as Contact; what is none is left out."""
    found = (_address(part) for value in values for part in split_list(value))
    return tuple(address for address in found if address.uri)


def unquoted(text: str) -> str:
    """A text without its quotes and the backslashes in them, if it has any."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return _ESCAPED.sub(r"\1", text[1:-1])
    return text


def _address(part: str) -> Address:
    if found := _NAME_ADDR.fullmatch(part):
        name = unquoted(found["name"].strip())
        return Address(uri=found["uri"].strip(), name=name, params=read_params(found["rest"]))
    # Without <> what follows the first semicolon belongs to the header (RFC 3261, 20).
    uri, _, rest = part.partition(";")
    return Address(uri=uri.strip(), params=read_params(rest))
