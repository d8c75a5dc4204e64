"""The same parameters as XML that is pushed to a phone: `AastraIPPhoneConfiguration`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.errors import ConfigurationError
from fleet.phone.config_file.names import canonical_name, is_name
from fleet.phone.config_file.writer import has_control

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleet.phone.config_file.parameter import Parameter

MAX_DOCUMENT = 2150
"""Bytes of one document; the limit of firmware 2.x, that of 3.x is not known (facts 2.3)."""

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_QUOTES = {'"': "&quot;", "'": "&apos;"}


class SetType(StrEnum):
    """How long a pushed value lives, and what it beats (facts/provisioning 2.3)."""

    REMOTE = "remote"  # as from a file; lost at the next boot
    LOCAL = "local"  # as if typed on the phone; survives, and then beats the files
    ONE_BOOT = "oneBoot"  # between the two; survives one boot, which it causes
    OVERRIDE = "override"  # as from a file, and removes the local value; lost at the next boot


def configuration_documents(
    parameters: Iterable[Parameter],
    *,
    set_type: SetType = SetType.REMOTE,
    max_bytes: int = MAX_DOCUMENT,
) -> tuple[bytes, ...]:
    """The parameters as documents of at most `max_bytes`, in their order; none for no parameters.

    Marks are not said: XML cannot lock, and cannot change what a file has locked. Raises
    ConfigurationError for what XML cannot say, and for one parameter that is too long by itself.
    """
    documents: list[bytes] = []
    held: list[str] = []
    for parameter in parameters:
        item = _item(parameter)
        if held and len(_document([*held, item], set_type)) > max_bytes:
            documents.append(_document(held, set_type))
            held = []
        held.append(item)
        if len(_document(held, set_type)) > max_bytes:
            raise ConfigurationError(
                f"`{parameter.name}` makes a document of more than {max_bytes} bytes, which a "
                "phone rejects: shorten it, or put it into a file."
            )
    return (*documents, _document(held, set_type)) if held else ()


def _item(parameter: Parameter) -> str:
    from xml.sax.saxutils import escape  # here, for it loads an HTTP client and the mail library

    if not is_name(parameter.name):
        raise ConfigurationError(f"{parameter.name!r} cannot be a parameter's name.")
    if has_control(parameter.value) or not _all_allowed(parameter.value):
        raise ConfigurationError(
            f"The value of `{parameter.name}` contains a control character: remove it."
        )
    name, value = canonical_name(parameter.name), escape(parameter.value, _QUOTES)
    return (
        f"<ConfigurationItem><Parameter>{name}</Parameter>"
        f"<Value>{value}</Value></ConfigurationItem>"
    )


def _all_allowed(value: str) -> bool:
    """Whether XML 1.0 has every character: U+FFFE and U+FFFF are none of its."""
    return not {"\ufffe", "\uffff"} & set(value)


def _document(items: Iterable[str], set_type: SetType) -> bytes:
    return "".join(_parts(items, set_type)).encode()


def _parts(items: Iterable[str], set_type: SetType) -> Iterator[str]:
    body = "".join(items)
    if not body.isascii():
        yield _DECLARATION
    yield f'<AastraIPPhoneConfiguration setType="{set_type}">{body}</AastraIPPhoneConfiguration>'
