"""What a simulated registrar is, and what it saw."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from fleet.model import Credentials


class RegistrarState(StrEnum):
    """How a registrar answers."""

    UP = "up"
    DOWN = "down"  # nothing is answered, connections are dropped: off, or behind a broken link
    UNAVAILABLE = "unavailable"  # 503 to everything


@dataclass(frozen=True, kw_only=True, slots=True)
class SipLogin:
    """An account of a registrar. `auth_name` is what the login says; empty: the user."""

    user: str
    password: str = field(repr=False)
    auth_name: str = ""

    @property
    def credentials(self) -> Credentials:
        """The login."""
        return Credentials(username=self.auth_name or self.user, password=self.password)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistrarSpec:
    """A registrar. Phones of the simulator find it by `name` and `named_port`.

    It listens at `address` and `port` (0: any free one), where anybody finds it. `unknown_user` is
    its answer to a user it does not know: 403 or 404. `expires` are the seconds of a registration
    that asks for none, `shortest` and `longest` its limits. `notify_login` asks for a login before
    it hands a NOTIFY on. `delay` is in seconds before each answer.
    """

    name: str = "pbx.example"
    named_port: int = 5060
    address: str = "127.0.0.1"
    port: int = 0
    accounts: tuple[SipLogin, ...] = ()
    unknown_user: int = 404
    wrong_password: int = 401
    expires: int = 3600
    shortest: int = 1
    longest: int = 7200
    notify_login: bool = False
    delay: float = 0.0
    state: RegistrarState = RegistrarState.UP


@dataclass(kw_only=True, slots=True)
class RegistrarRecord:
    """Counts since the start. Users by name, no secret.

    `logins` are the REGISTERs that carried a login: each is one try of a password.
    """

    messages: int = 0
    methods: Counter[str] = field(default_factory=Counter)
    registers: Counter[str] = field(default_factory=Counter)
    logins: Counter[str] = field(default_factory=Counter)
    wrong_passwords: Counter[str] = field(default_factory=Counter)
    unknown_users: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    queries: Counter[str] = field(default_factory=Counter)
    forwarded: Counter[str] = field(default_factory=Counter)
