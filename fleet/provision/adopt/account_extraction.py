"""Extracts intended accounts from what files say about lines; pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fleet.inventory import read_value
from fleet.model import IntendedAccount
from fleet.phone.config_file import line_value, numbered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.phone.config_file import Parameter

_MOST_LINES = 99
_FIELDS = {
    "sip lineN user name": "user",
    "sip lineN auth name": "auth_name",
    "sip lineN password": "sip_password",
    "sip lineN display name": "display_name",
    "sip lineN registrar ip": "registrar",
    "sip lineN registrar port": "registrar_port",
    "sip lineN backup registrar ip": "backup_registrar",
    "sip lineN backup registrar port": "backup_registrar_port",
}


def of_account(name: str) -> bool:
    """Whether an account may say what this parameter says."""
    return numbered(name).family in _FIELDS


def extract_accounts(own: Mapping[str, Parameter]) -> tuple[IntendedAccount, ...]:
    """The accounts that a phone's own file says; what no account can say stays a parameter."""
    lines: dict[int, dict[str, Any]] = {}
    for name, parameter in own.items():
        found = numbered(name)
        column = _FIELDS.get(found.family)
        if column is None or not 1 <= found.numbers[0] <= _MOST_LINES:
            continue
        value = _value(column, parameter.value)
        if value is not None:
            lines.setdefault(found.numbers[0], {})[column] = value
    return tuple(IntendedAccount(line=line, **lines[line]) for line in sorted(lines))


def account_of_all_lines(
    own: Mapping[str, Parameter], wanted: Mapping[str, Parameter]
) -> IntendedAccount | None:
    """The account of line 1 where its files give it for all lines; None where line 1 has its own.

    `own` is what the phone's own file says, `wanted` what all its files say. The password stays
    where it is, a parameter for all lines, so that there is one of it.
    """
    user = "sip user name"
    if _text(wanted, "sip line1 user name") or not _text(wanted, user):
        return None
    values: dict[str, Any] = {}
    for family, column in _FIELDS.items():
        name = family.removeprefix("sip lineN ")
        if column == "sip_password":
            continue
        source = wanted if column in ("user", "auth_name", "display_name") else own
        value = _value(column, line_value(partial(_text, source), 1, name))
        if value is not None:
            values[column] = value
    return IntendedAccount(line=1, **values) if "user" in values else None


def _text(parameters: Mapping[str, Parameter], name: str) -> str:
    found = parameters.get(name)
    return found.value if found else ""


def _value(column: str, text: str) -> str | int | None:
    """A column's value, if it says just what stands in the file; else None."""
    try:
        value = read_value(column, text)
    except ValueError:
        return None
    if not isinstance(value, str | int) or str(value) != text or value == "":
        return None
    return value
