"""The accounts in a phone's parameters: of a line, else for all lines (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.model import Credentials
from fleet.phone.catalog import MODELS, model_named
from fleet.phone.config_file import line_value
from fleet.simulator.numbers import number_in

if TYPE_CHECKING:
    from fleet.simulator.boot.configuration import Configuration

_MOST_LINES = 9
_NOWHERE = "0.0.0.0"  # noqa: S104  how a phone is told to register nowhere
_DEFAULT_PORT = 5060


@dataclass(frozen=True, kw_only=True, slots=True)
class SipServer:
    """A registrar as the parameters name it."""

    host: str
    port: int = _DEFAULT_PORT


@dataclass(frozen=True, kw_only=True, slots=True)
class LineAccount:
    """What a line registers as. `registrar` None: it sends no REGISTER. `period` is in seconds."""

    number: int
    user: str
    login: Credentials
    display_name: str = ""
    registrar: SipServer | None = None
    backup: SipServer | None = None
    proxy: str = ""
    backup_proxy: str = ""
    period: int = 0

    @property
    def servers(self) -> tuple[SipServer, ...]:
        """Where it registers: the primary, then the backup."""
        return tuple(server for server in (self.registrar, self.backup) if server is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistrationTimers:
    """Seconds, as far as a phone takes them (facts/provisioning 1.3, SIP global)."""

    retry: int = 1800
    timeout_retry: int = 120
    renewal: int = 15


@dataclass(frozen=True, slots=True)
class _Line:
    """A line's values, with what it takes from all lines."""

    configuration: Configuration
    number: int

    def text(self, name: str) -> str:
        return line_value(self.configuration.text, self.number, name)

    def server(self, which: str) -> SipServer | None:
        host, port = self.text(f"{which} ip"), self.text(f"{which} port")
        if host in ("", _NOWHERE):
            return None
        given = number_in(port) or 0
        return SipServer(host=host, port=given if 0 < given < 65_536 else _DEFAULT_PORT)


def accounts(configuration: Configuration, model: str) -> tuple[LineAccount, ...]:
    """The lines with a user, up to the model's most; port 0 counts as 5060, SRV is not asked.

    A user for all lines alone makes line 1 (assumed).
    """
    known = MODELS.get(model_named(model))
    most = (known.lines if known else 0) or _MOST_LINES
    own = [n for n in range(1, most + 1) if configuration.text(f"sip line{n} user name")]
    found = (_account(_Line(configuration, number)) for number in own or [1])
    return tuple(account for account in found if account.user)


def _account(line: _Line) -> LineAccount:
    user = line.text("user name")
    return LineAccount(
        number=line.number,
        user=user,
        login=Credentials(username=line.text("auth name") or user, password=line.text("password")),
        display_name=line.text("display name"),
        registrar=line.server("registrar"),
        backup=line.server("backup registrar"),
        proxy=line.text("proxy ip"),
        backup_proxy=line.text("backup proxy ip"),
        period=number_in(line.text("registration period")) or 0,
    )


def registration_timers(configuration: Configuration) -> RegistrationTimers:
    """The timers, within the limits of the phone."""
    usual = RegistrationTimers()
    retry = configuration.number("sip registration retry timer", usual.retry)
    timeout = configuration.number("sip registration timeout retry timer", usual.timeout_retry)
    renewal = configuration.number("sip registration renewal timer", usual.renewal)
    return RegistrationTimers(
        retry=min(max(retry, 30), 1800), timeout_retry=max(timeout, 30), renewal=max(renewal, 0)
    )
