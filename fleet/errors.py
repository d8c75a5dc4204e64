"""Every error that fleet raises on purpose.

    FleetError                 one plain sentence: what, where, what to do; exit code 3
    ├── UsageError             wrong usage or settings; exit code 2
    │   ├── SettingsError      a key of fleet.toml or a FLEET_ variable
    │   ├── InventoryError     an inventory file; carries every bad row
    │   ├── ConfigurationError what no configuration file can say to a phone
    │   ├── SecretMissing      a secret that the intent refers to, and that is not there
    │   └── PhoneNotFound      no phone of that MAC, host or name
    ├── StoreError             the database or its key
    │   ├── NoDatabase         there is none where the settings say; exit code 2
    │   ├── OldDatabase        its tables are of an older version; exit code 2
    │   ├── SweepRunning       another sweep holds the lease
    │   ├── SweepTaken         another runner has this planned sweep, or had it
    │   └── RolloutRunning     another process runs the roll-out, or another one is not over
    ├── ServerError            the address or certificate that fleet serve listens with
    └── PhoneError             one poll of one phone; carries its reason, and so its reach
        ├── PageUnreadable     a page that is not a status page we can read
        └── NotAsked           this machine could not ask; says nothing about the phone

Foreign exceptions are translated at the door they come through, and do not travel further.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from fleet.model import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.model import Reach


class FleetError(Exception):
    """Something could not be done; the message is one plain sentence that says what to do."""

    exit_code: ClassVar[int] = 3


class UsageError(FleetError):
    """The user asked for something that cannot be meant."""

    exit_code: ClassVar[int] = 2


class SettingsError(UsageError):
    """A setting is unknown or has a wrong value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BadRow:
    """A place in an inventory file that cannot be taken. `where` is `row 7` or a YAML path."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


class InventoryError(UsageError):
    """An inventory file that cannot be taken; nothing was changed."""

    def __init__(self, message: str, bad_rows: Sequence[BadRow] = ()) -> None:
        super().__init__(message)
        self.bad_rows = tuple(bad_rows)


class ConfigurationError(UsageError):
    """Something intended that no configuration file can say to a phone."""


class SecretMissing(UsageError):
    """A secret that the intent refers to is not where it says."""


class PhoneNotFound(UsageError):
    """No phone of the inventory has that MAC, host or name."""


class StoreError(FleetError):
    """The database, or the key to its secrets, cannot be used."""


class NoDatabase(StoreError):
    """There is no database where the settings say; only `fleet init` makes one."""

    exit_code = 2


class OldDatabase(StoreError):
    """The database's tables are of an older version; `fleet db upgrade` brings them up to date."""

    exit_code = 2


class SweepRunning(StoreError):
    """Another sweep holds the lease."""


class SweepTaken(StoreError):
    """Another runner has this planned sweep, or had it."""


class RolloutRunning(StoreError):
    """Another process runs the roll-out, or another roll-out is not over yet."""


class ServerError(FleetError):
    """`fleet serve` cannot listen on its configured address."""


class PhoneError(FleetError):
    """One poll of one phone failed. `detail` is a sentence for people, free of secrets."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail

    @property
    def reach(self) -> Reach:
        """How far the poll got."""
        return self.reason.reach


class NotAsked(PhoneError):
    """Fleet's own machine could not ask, for want of descriptors, memory or network.

    Says nothing about the phone: never record it for one.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.INTERNAL_ERROR, detail)


class PageUnreadable(PhoneError):
    """The phone answered, but with no status page that can be read."""
