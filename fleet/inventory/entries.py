"""What an inventory file says, before it is laid over what is known already."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.model import Intent


class Unsaid(Enum):
    """Marks what a file does not mention, which is not the same as mentioned and empty."""

    UNSAID = "unsaid"


UNSAID: Literal[Unsaid.UNSAID] = Unsaid.UNSAID
Text: TypeAlias = str | Unsaid
Port: TypeAlias = int | Unsaid | None
Choice: TypeAlias = bool | Unsaid | None

PHONE_COLUMNS = ("site", "host", "mac", "model", "name", "username", "password")
ACCOUNT_COLUMNS = (
    "line",
    "user",
    "auth_name",
    "sip_password",
    "display_name",
    "registrar",
    "registrar_port",
    "backup_registrar",
    "backup_registrar_port",
)
COLUMNS = PHONE_COLUMNS + ACCOUNT_COLUMNS
SECRETS = frozenset({"password", "sip_password"})
NUMBERS = frozenset({"line", "registrar_port", "backup_registrar_port"})
KEPT_WHEN_EMPTY = SECRETS | {"mac"}


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountEntry:
    """What a file says of one line. `where` is the place in the file."""

    where: str
    line: int
    user: Text = UNSAID
    auth_name: Text = UNSAID
    sip_password: Text = field(default=UNSAID, repr=False)
    display_name: Text = UNSAID
    registrar: Text = UNSAID
    registrar_port: Port = UNSAID
    backup_registrar: Text = UNSAID
    backup_registrar_port: Port = UNSAID


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneEntry:
    """What a file says of one phone. `accounts`, where said, are all of its accounts."""

    where: str
    host: str
    site: Text = UNSAID
    mac: Text = UNSAID
    model: Text = UNSAID
    name: Text = UNSAID
    username: Text = UNSAID
    password: Text = field(default=UNSAID, repr=False)
    legacy_tls: Choice = UNSAID
    accounts: tuple[AccountEntry, ...] | Unsaid = UNSAID
    intent: Intent | Unsaid = UNSAID


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteEntry:
    """What a file says of one site."""

    where: str
    name: str
    timezone: Text = UNSAID
    networks: tuple[str, ...] | Unsaid = UNSAID
    username: Text = UNSAID
    password: Text = field(default=UNSAID, repr=False)
    legacy_tls: Choice = UNSAID
    intent: Intent | Unsaid = UNSAID


@dataclass(frozen=True, kw_only=True, slots=True)
class InventoryFile:
    """All that a file says. Hosts, MACs, site names and a phone's lines are each there once.

    `models` is by full name; `profiles` are those with a configuration. `secrets` are those that
    stood in the file in clear, by the names under which intents refer to them.
    """

    sites: tuple[SiteEntry, ...] = ()
    phones: tuple[PhoneEntry, ...] = ()
    fleet: Intent | Unsaid = UNSAID
    models: Mapping[str, Intent] = field(default_factory=dict)
    profiles: Mapping[str, Intent] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def says_nothing(self) -> bool:
        """Whether there is nothing in it at all."""
        named = (self.sites, self.phones, self.models, self.profiles, self.secrets)
        return isinstance(self.fleet, Unsaid) and not any(named)
