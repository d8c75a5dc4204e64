"""The words of a rotation of SIP passwords: accounts of registrars, and how far each is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class AccountState(StrEnum):
    """How far one account of a rotation is."""

    PLANNED = "planned"  # the registrar was not told of the new password
    CHANGING = "changing"  # it is being told; nobody knows which one it takes
    TAKEN = "taken"  # it was seen to take the new one; says nothing of the phones
    PROVEN = "proven"  # and all of its phones registered since; the old one is forgotten
    KEPT = "kept"  # the old one stays in force; the new one is forgotten
    UNKNOWN = "unknown"  # its phones have the old one; the registrar may not. Both are kept


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountLine:
    """A line that registers as the account.

    `secret` names the secret that its password is kept as; empty: it is kept with the line itself.
    """

    phone_id: int
    line: int
    secret: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SipServer:
    """A registrar, as `phone.sip.transport.Peer` takes it."""

    host: str
    port: int | None = None
    transport: str = "udp"

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RotatedAccount:
    """One account of a registrar, the lines that share it, and its two passwords.

    A password that was forgotten is empty. `detail` says why it is where it is, for people.
    """

    user: str
    auth_name: str
    registrar: SipServer
    lines: tuple[AccountLine, ...]
    old: str = field(repr=False)
    new: str = field(repr=False)
    backup: SipServer | None = None
    state: AccountState = AccountState.PLANNED
    detail: str = ""
    id: int = 0

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.user} at {self.registrar}"

    @property
    def phones(self) -> tuple[int, ...]:
        """The phones that have it, each once."""
        return tuple(sorted({line.phone_id for line in self.lines}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotation:
    """New passwords for accounts. `revision` has them in its files; None: not applied yet.

    `settled` is the last revision at its end: what was not taken has its old password there.
    `gives_back`: its new passwords are the old ones of the rotation before, which it takes back.
    """

    id: int
    began: datetime
    accounts: tuple[RotatedAccount, ...]
    by: str = ""
    revision: int | None = None
    gives_back: bool = False
    ended: datetime | None = None
    settled: int | None = None

    @property
    def phones(self) -> tuple[int, ...]:
        """The phones of all accounts, each once."""
        return tuple(sorted({number for each in self.accounts for number in each.phones}))
