"""Action URIs: what a phone calls when something happens to it (facts/web-ui 4.1; pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.simulator.boot.account import LineAccount

_VARIABLE = re.compile(r"\$\$([A-Z]+)\$\$")


class RegistrationEvent(StrEnum):
    """What `$$REGISTRATIONSTATE$$` says."""

    REGISTERED = "REGISTERED"
    UNREGISTERED = "UNREGISTERED"
    REFUSED = "REFUSED"
    TIMEOUT = "TIMEOUT"


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """A registration that came out otherwise than the one before. `code`: 001 is success."""

    event: RegistrationEvent
    code: str


def expanded(uri: str, variables: Mapping[str, str]) -> str:
    """An action URI with its variables filled in; one that has no value here is empty."""
    return _VARIABLE.sub(lambda match: quote(variables.get(match[1], ""), safe=""), uri)


def line_variables(account: LineAccount, *, backup: bool) -> dict[str, str]:
    """The variables of a line. That ACTIVEPROXY is the backup's after a failover is assumed."""
    registrar = account.registrar.host if account.registrar else ""
    spare = account.backup.host if account.backup else ""
    proxy = account.proxy or registrar
    return {
        "SIPUSERNAME": account.user,
        "SIPAUTHNAME": account.login.username,
        "DISPLAYNAME": account.display_name,
        "PROXYURL": proxy,
        "ACTIVEPROXY": (account.backup_proxy or spare) if backup else proxy,
        "LINESTATE": "IDLE",
    }
