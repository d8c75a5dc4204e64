"""Where a registrar reaches its users, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.simulator.numbers import number_in
from fleet.simulator.sip.message import parameter, uri_of

if TYPE_CHECKING:
    import datetime as dt

    from fleet.simulator.sip.message import SipMessage
    from fleet.simulator.sip.wire import Way


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """One contact of a user. `way` is where its REGISTER came from: the one way through NAT."""

    uri: str
    way: Way
    until: dt.datetime

    def header(self, now: dt.datetime) -> str:
        """The value of a Contact header that tells it."""
        return f"<{self.uri}>;expires={round((self.until - now).total_seconds())}"


class Bindings:
    """The contacts of all users; those that ran out are gone whenever somebody looks."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Binding]] = {}

    def of(self, user: str, now: dt.datetime) -> tuple[Binding, ...]:
        """The contacts of a user that hold, the newest last."""
        held = self._of.get(user, {})
        for uri in [uri for uri, binding in held.items() if binding.until <= now]:
            del held[uri]
        return tuple(held.values())

    def users(self, now: dt.datetime) -> tuple[str, ...]:
        """Who is registered."""
        return tuple(user for user in self._of if self.of(user, now))

    def put(self, user: str, binding: Binding) -> None:
        """Add or renew a contact."""
        held = self._of.setdefault(user, {})
        held.pop(binding.uri, None)
        held[binding.uri] = binding

    def drop(self, user: str, uri: str = "") -> None:
        """Forget one contact of a user, or all."""
        if uri:
            self._of.get(user, {}).pop(uri, None)
        else:
            self._of.pop(user, None)


def wanted_expiry(request: SipMessage, contact: str, default: int) -> int:
    """How many seconds a contact asks for (RFC 3261, 10.3)."""
    text = parameter(contact, "expires") or request.first("expires")
    wanted = number_in(text)
    return default if wanted is None else wanted


def contact_uri(contact: str) -> str:
    """The address of a Contact; `*` stays."""
    return uri_of(contact)
