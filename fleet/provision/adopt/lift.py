"""Lifts what files say of lines into intended accounts, as far as those can say it; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet.inventory import read_value
from fleet.model import IntendedAccount
from fleet.phone.config_file import numbered

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


def lifted_accounts(own: Mapping[str, Parameter]) -> tuple[IntendedAccount, ...]:
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


def _value(column: str, text: str) -> str | int | None:
    """A column's value, if it says just what stands in the file; else None."""
    try:
        value = read_value(column, text)
    except ValueError:
        return None
    if not isinstance(value, str | int) or str(value) != text or value == "":
        return None
    return value
