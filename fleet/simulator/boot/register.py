"""The REGISTER of a phone, with its login (RFC 3261, 10.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.simulator.boot.line import Verdict
from fleet.simulator.digest import answer, pairs
from fleet.simulator.numbers import number_in
from fleet.simulator.sip.message import SipMessage, parameter, sip_uri, uri_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet.simulator.boot.account import LineAccount, SipServer
    from fleet.simulator.boot.network import Network
    from fleet.simulator.boot.phone_sip import PhoneSip

_USUAL_PERIOD = 3600  # asked for where the configuration says 0; what real phones do is not known
_MOST_TRIES = 4
_DEFAULT_PORT = 5060
_LOGINS = {
    401: ("www-authenticate", "Authorization"),
    407: ("proxy-authenticate", "Proxy-Authorization"),
}


@dataclass(kw_only=True, slots=True)
class _Draft:
    """A REGISTER as it is put together, from one try to the next."""

    period: int
    login: tuple[tuple[str, str], ...] = ()
    tried: bool = False  # the login was rejected once: it is wrong


@dataclass(kw_only=True, slots=True)
class Registering:
    """Registers the lines of one phone. `agent` is its SIP User-Agent; `tcp`: not by UDP."""

    sip: PhoneSip
    network: Network
    agent: str
    token: Callable[[], str]
    tcp: bool = False
    _turns: dict[int, int] = field(default_factory=dict)
    _calls: dict[int, str] = field(default_factory=dict)

    async def register(self, account: LineAccount, server: SipServer) -> Verdict | None:
        """Register once at a server; None where it does not answer, or is out of reach."""
        place = self.network.find(server)
        if place is None:
            return None
        draft = _Draft(period=account.period or _USUAL_PERIOD)
        heard = None
        for _ in range(_MOST_TRIES):
            request = self._request(account, server, draft)
            heard = await self.sip.ask(request, place, tcp=self.tcp)
            if heard is None:
                return None
            if not self._again(heard, account, server, draft):
                break
        return _verdict(heard, request) if heard else None

    def _request(self, account: LineAccount, server: SipServer, draft: _Draft) -> SipMessage:
        number = account.number
        turn = self._turns[number] = self._turns.get(number, 0) + 1
        call = self._calls.setdefault(number, self.token())
        user = sip_uri(account.user, server.host)
        name = account.display_name.replace("\\", "\\\\").replace('"', '\\"')
        host, port = self.sip.address
        way = "tcp" if self.tcp else "udp"
        headers = (
            ("Max-Forwards", "70"),
            ("From", f'"{name}" <{user}>;tag={self.token()}'),
            ("To", f"<{user}>"),
            ("Call-ID", call),
            ("CSeq", f"{turn} REGISTER"),
            ("Contact", f"<{sip_uri(account.user, host, port)};transport={way}>"),
            ("Expires", str(draft.period)),
            ("User-Agent", self.agent),
            *draft.login,
        )
        return SipMessage(start=f"REGISTER {_uri(server)} SIP/2.0", headers=headers)

    def _again(
        self, heard: SipMessage, account: LineAccount, server: SipServer, draft: _Draft
    ) -> bool:
        """Whether to send it once more, as what was heard has made it."""
        if heard.status == 423 and (least := number_in(heard.first("min-expires"))):
            draft.period = least
            draft.login, draft.tried = (), False
            return True
        if heard.status not in _LOGINS:
            return False
        asked, answered = _LOGINS[heard.status]
        challenge = heard.first(asked)
        stale = pairs(challenge).get("stale", "").lower() == "true"
        said = answer(
            challenge, account.login, method="REGISTER", uri=_uri(server), cnonce=self.token()
        )
        if said is None or (draft.tried and not stale):
            return False
        draft.login, draft.tried = ((answered, said),), True
        return True


def _uri(server: SipServer) -> str:
    return sip_uri("", server.host, server.port if server.port != _DEFAULT_PORT else None)


def _verdict(heard: SipMessage, request: SipMessage) -> Verdict:
    """What was heard; a registrar's 200 tells how long our own contact holds."""
    ours = uri_of(request.first("contact"))
    mine = (one for one in heard.every("contact") if uri_of(one) == ours)
    text = next((parameter(one, "expires") for one in mine), "") or heard.first("expires")
    given = number_in(text)
    asked = number_in(request.first("expires")) or 0
    return Verdict(status=heard.status, expires=asked if given is None else given)
