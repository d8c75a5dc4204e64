"""A simulated registrar: takes registrations, tells them, hands on what is for its users.

UDP and TCP on one port. It answers a REGISTER without Contact with the bindings (RFC 3261, 10.2.3),
and hands a NOTIFY or OPTIONS for a user to wherever that user registered from.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from fleet.errors import FleetError, UsageError
from fleet.simulator.clock import RunningClock
from fleet.simulator.digest import Doorkeeper, Verdict
from fleet.simulator.sip.bindings import Binding, Bindings, contact_uri, wanted_expiry
from fleet.simulator.sip.message import answer_to, stamped, uri_of, user_of
from fleet.simulator.sip.relay import Relay
from fleet.simulator.sip.sockets import open_both
from fleet.simulator.sip.spec import RegistrarRecord, RegistrarState, SipLogin
from fleet.simulator.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet.simulator.clock import Clock
    from fleet.simulator.sip.message import SipMessage
    from fleet.simulator.sip.sockets import Sockets
    from fleet.simulator.sip.spec import RegistrarSpec
    from fleet.simulator.sip.wire import Way

_PHRASES = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    407: "Proxy Authentication Required",
}
_LOGINS = {
    401: ("WWW-Authenticate", "authorization"),
    407: ("Proxy-Authenticate", "proxy-authorization"),
}


def _token() -> str:
    return secrets.token_hex(8)


class SimulatedRegistrar(Watched):
    """A registrar that answers from `async with` on until its end; FleetError if the port is taken.

    `clock` says when registrations run out. `token` makes random texts, never the same twice.
    """

    def __init__(
        self,
        spec: RegistrarSpec,
        *,
        clock: Clock | None = None,
        token: Callable[[], str] = _token,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.record = RegistrarRecord()
        self._clock = clock or RunningClock(start=dt.datetime.now(dt.UTC))
        self._token = token
        self._logins = {login.user: login for login in spec.accounts}
        self._keeper = Doorkeeper(spec.name, token)
        self._bindings = Bindings()
        self._relay = Relay(token)
        self._state = spec.state
        self._sockets: Sockets

    async def __aenter__(self) -> Self:
        try:
            self._sockets = await open_both(self._hear, self.spec.address, self.spec.port)
        except OSError as error:
            message = f"The simulated registrar cannot listen: {error}. Choose another port."
            raise FleetError(message) from error
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._sockets.close()
        await asyncio.sleep(0)  # lets the aborted connections be told so

    @property
    def address(self) -> str:
        """The address it listens at."""
        return self._sockets.address[0]

    @property
    def port(self) -> int:
        """Its port, of UDP and of TCP."""
        return self._sockets.address[1]

    @property
    def state(self) -> RegistrarState:
        """How it answers."""
        return self._state

    @state.setter
    def state(self, state: RegistrarState) -> None:
        self._state = state
        if state is RegistrarState.DOWN:
            self._sockets.drop_connections()

    @property
    def registered(self) -> tuple[str, ...]:
        """The users who are registered now."""
        return self._bindings.users(self._clock.now())

    def bindings(self, user: str) -> tuple[Binding, ...]:
        """Where a user is now, the newest last."""
        return self._bindings.of(user, self._clock.now())

    def set_password(self, user: str, password: str) -> None:
        """Change a user's password, or add a user; UsageError for an empty name."""
        if not user:
            raise UsageError("A user of a registrar has a name.")
        known = self._logins.get(user, SipLogin(user=user, password=""))
        self._logins[user] = replace(known, password=password)

    def remove_user(self, user: str) -> None:
        """Know a user no more; the bindings go too."""
        self._logins.pop(user, None)
        self._bindings.drop(user)

    def _hear(self, message: SipMessage, way: Way) -> None:
        self.record.messages += 1
        if self._state is RegistrarState.DOWN:
            return
        if self.spec.delay:
            loop = asyncio.get_running_loop()
            loop.call_later(self.spec.delay, self._act, message, way)
        else:
            self._act(message, way)

    def _act(self, message: SipMessage, way: Way) -> None:
        if message.status:
            self._relay.give_back(message)
        else:
            request = stamped(message, way.address)
            self.record.methods[request.method] += 1
            if answer := self._answer(request, way):
                way.send(answer.to_bytes())
        self.changed()

    def _answer(self, request: SipMessage, way: Way) -> SipMessage | None:
        """The answer, or None where somebody else will give it, or nobody."""
        if request.method == "ACK":
            return None
        if self._state is RegistrarState.UNAVAILABLE:
            return self._say(request, "503 Service Unavailable")
        if request.method == "REGISTER":
            return self._register(request, way)
        if request.method == "OPTIONS" and not user_of(request.uri):
            return self._say(request, "200 OK", ("Allow", "REGISTER, OPTIONS, NOTIFY"))
        if request.method in ("NOTIFY", "OPTIONS"):
            return self._hand_on(request, way)
        return self._say(request, "405 Method Not Allowed", ("Allow", "REGISTER, OPTIONS, NOTIFY"))

    def _say(self, request: SipMessage, status: str, *headers: tuple[str, str]) -> SipMessage:
        return answer_to(
            request, status, *headers, ("Server", "Simulated registrar"), tag=self._token()
        )

    def _register(self, request: SipMessage, way: Way) -> SipMessage:
        user = user_of(uri_of(request.first("to")))
        contacts = request.every("contact")
        counts = self.record.registers if contacts else self.record.queries
        counts[user] += 1
        if refusal := self._refusal(request, user, 401):
            return refusal
        if contacts and (refusal := self._bind(request, user, contacts, way)):
            return refusal
        now = self._clock.now()
        told = (("Contact", binding.header(now)) for binding in self._bindings.of(user, now))
        return self._say(request, "200 OK", *told)

    def _refusal(self, request: SipMessage, user: str, code: int) -> SipMessage | None:
        """Why a user's request is not taken; None if its login is right."""
        login = self._logins.get(user)
        if login is None:
            self.record.unknown_users[user] += 1
            status = self.spec.unknown_user
            return self._say(request, f"{status} {_PHRASES.get(status, 'Refused')}")
        asked, answered = _LOGINS[code]
        header = request.first(answered)
        verdict = self._keeper.judge(header, login.credentials, request.method)
        if verdict is not Verdict.MISSING:
            self.record.logins[user] += 1
        if verdict is Verdict.RIGHT:
            return None
        if verdict is Verdict.WRONG:
            self.record.wrong_passwords[user] += 1
            if self.spec.wrong_password == 403:
                return self._say(request, "403 Forbidden")
        challenge = self._keeper.challenge(stale=verdict is Verdict.STALE)
        return self._say(request, f"{code} {_PHRASES[code]}", (asked, challenge))

    def _bind(
        self, request: SipMessage, user: str, contacts: tuple[str, ...], way: Way
    ) -> SipMessage | None:
        spec = self.spec
        for contact in contacts:
            uri, seconds = contact_uri(contact), wanted_expiry(request, contact, spec.expires)
            if seconds == 0:
                self._bindings.drop(user, "" if uri == "*" else uri)
            elif seconds < spec.shortest:
                least = ("Min-Expires", str(spec.shortest))
                return self._say(request, "423 Interval Too Brief", least)
            else:
                lasts = dt.timedelta(seconds=min(seconds, spec.longest))
                until = self._clock.now() + lasts
                self._bindings.put(user, Binding(uri=uri, way=way, until=until))
        self.record.accepted[user] += 1
        return None

    def _hand_on(self, request: SipMessage, way: Way) -> SipMessage | None:
        user = user_of(request.uri)
        if self.spec.notify_login and request.method == "NOTIFY":
            sender = user_of(uri_of(request.first("from")))
            if refusal := self._refusal(request, sender, 407):
                return refusal
        if user not in self._logins:
            return self._say(request, "404 Not Found")
        bindings = self.bindings(user)
        if not bindings:
            return self._say(request, "480 Temporarily Unavailable")
        if request.first("max-forwards") == "0":
            return self._say(request, "483 Too Many Hops")
        self.record.forwarded[user] += 1
        self._relay.send_on(request, way, bindings[-1], self._sockets.address)
        return None
