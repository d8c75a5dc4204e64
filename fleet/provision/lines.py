"""What a phone's lines shall register as, and where, from its parameters (facts/provisioning 1.3).

What a line takes from all lines is the vendor's rule of sets. Assumed: a user for all lines alone
is that of line 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.model import Credentials
from fleet.phone.catalog import MODELS
from fleet.phone.config_file import line_value
from fleet.phone.sip.transport import Peer, Transport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.phone.config_file import EffectiveValue

_MOST_LINES = max(model.lines for model in MODELS.values())
_NOWHERE = ("", "0.0.0.0")  # noqa: S104  the phones' way to say "do not register"
_TRANSPORTS = {"2": Transport.TCP, "4": Transport.TLS}  # of `sip transport protocol`
_POST_LIST = "xml application post list"


@dataclass(frozen=True, kw_only=True, slots=True)
class IntendedLine:
    """A line with a user. A registrar of None: it registers nowhere, or nobody can say where."""

    number: int
    user: str
    login: Credentials = field(repr=False)
    registrar: Peer | None = None
    backup: Peer | None = None

    @property
    def registrars(self) -> tuple[Peer, ...]:
        """Where it registers: the primary, then the backup if that is another."""
        both = (self.registrar, self.backup)
        return tuple(dict.fromkeys(peer for peer in both if peer is not None))


@dataclass(frozen=True, kw_only=True, slots=True)
class IntendedSip:
    """What a phone shall be by SIP, and over what.

    `post_list` are those from whom it takes an XML push.
    """

    lines: tuple[IntendedLine, ...] = ()
    post_list: tuple[str, ...] = ()
    transport: Transport = Transport.UDP


def intended_sip(values: Mapping[str, EffectiveValue]) -> IntendedSip:
    """Read a phone's parameters."""
    reader = _Reader(values)
    own = [n for n in range(1, _MOST_LINES + 1) if reader.text(f"sip line{n} user name")]
    lines = [reader.line(number) for number in own or [1]]
    listed = reader.text(_POST_LIST).split(",")
    return IntendedSip(
        lines=tuple(line for line in lines if line.user),
        post_list=tuple(name.strip() for name in listed if name.strip()),
        transport=reader.transport,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    values: Mapping[str, EffectiveValue]

    def text(self, name: str) -> str:
        found = self.values.get(name)
        return found.value if found else ""

    @property
    def transport(self) -> Transport:
        return _TRANSPORTS.get(self.text("sip transport protocol"), Transport.UDP)

    def line(self, number: int) -> IntendedLine:
        user = self._of_line(number, "user name")
        name = self._of_line(number, "auth name") or user
        password = self._of_line(number, "password")
        return IntendedLine(
            number=number,
            user=user,
            login=Credentials(username=name, password=password),
            registrar=self._peer(number, "registrar"),
            backup=self._peer(number, "backup registrar"),
        )

    def _of_line(self, number: int, name: str) -> str:
        return line_value(self.text, number, name)

    def _peer(self, number: int, which: str) -> Peer | None:
        host, port = self._of_line(number, f"{which} ip"), self._of_line(number, f"{which} port")
        if host in _NOWHERE:
            return None
        try:
            return Peer(host=host, port=int(port) if port else None, transport=self.transport)
        except ValueError:
            return None
