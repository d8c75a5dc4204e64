"""One question to one phone or registrar, with one login at most."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.phone.redact import redact_text
from fleet.phone.sip.digest import answer, best_of, read_challenges
from fleet.phone.sip.locate import Names
from fleet.phone.sip.message import Request, SipUri, authority
from fleet.phone.sip.no_answer import GIVE_NO_ANSWER, Unanswered
from fleet.phone.sip.transaction import transact
from fleet.phone.sip.transport import Timers, Trust, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from fleet.model import Credentials
    from fleet.phone.sip.locate import Place
    from fleet.phone.sip.message import Headers, Response
    from fleet.phone.sip.no_answer import NoAnswer
    from fleet.phone.sip.transport import Peer, Transport, Wire

_OURSELVES = "fleet"
_MAGIC_COOKIE = "z9hG4bK"  # RFC 3261, 8.1.1.7

_CHALLENGES = {
    401: ("www-authenticate", "Authorization"),
    407: ("proxy-authenticate", "Proxy-Authorization"),
}
_OUT_OF_SERVICE = 503
_TEXT_HEADERS = frozenset(("user-agent", "server", "contact", "allow"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What is to be said. `uri` is the request's, and To says the same unless `to` does not.

    `sender` None: ourselves, at our own address. `contact`: say where we can be reached.
    """

    method: str
    uri: SipUri
    to: SipUri | None = None
    sender: SipUri | None = None
    contact: bool = False
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """What the tries of one question have in common. `local` is our address and port."""

    local: tuple[str, int]
    transport: Transport
    call_id: str
    tag: str

    def around(self, draft: Draft, *, branch: str, number: int, login: Headers = ()) -> Request:
        """The request, ready to be written; `branch` is random, `number` the CSeq's."""
        here = authority(*self.local)
        sender = str(draft.sender) if draft.sender else f"sip:{_OURSELVES}@{here}"
        via = f"SIP/2.0/{self.transport.upper()} {here};branch={_MAGIC_COOKIE}{branch};rport"
        contact = (("Contact", f"<{self._contact(here)}>"),) if draft.contact else ()
        headers = (
            ("Via", via),
            ("From", f"<{sender}>;tag={self.tag}"),
            ("To", f"<{draft.to or draft.uri}>"),
            *contact,
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {draft.method}"),
            ("Max-Forwards", "70"),
            *login,
            ("User-Agent", _OURSELVES),
            *draft.headers,
        )
        return Request(method=draft.method, uri=str(draft.uri), headers=headers, body=draft.body)

    def _contact(self, here: str) -> str:
        transport = "" if self.transport == "udp" else f";transport={self.transport}"
        return f"sip:{_OURSELVES}@{here}{transport}"


class LoginUse(StrEnum):
    """What became of the login. `SENT` does not mean that it was right."""

    NOT_ASKED = "not_asked"  # nobody asked for one; whatever we were given was not looked at
    MISSING = "missing"  # one was asked for, and we were given none
    UNSUPPORTED = "unsupported"  # asked for in a way that we do not speak
    SENT = "sent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What came of a question: the last final response, or else why there is none.

    `note` says more of the silence. `challenge`: the status of the first response where that asked
    for a login, else 0. `place` is who was asked last, the `asked`th of the name's servers; those
    before it gave no answer.
    """

    response: Response | None = None
    silence: NoAnswer | None = None
    note: str = ""
    place: Place | None = field(default=None, compare=False)
    asked: int = field(default=0, compare=False)
    login: LoginUse = LoginUse.NOT_ASKED
    challenge: int = 0


def _token() -> str:
    return secrets.token_hex(16)


class SipClient:
    """Asks phones and registrars. Holds nothing open between questions; the caller bounds how many.

    `token` makes the random texts of a request: hex digits, never the same twice. `secrets` are
    redacted in every response, beside the login and those of a question.
    """

    def __init__(
        self,
        *,
        timers: Timers | None = None,
        names: Names | None = None,
        trust: Trust | None = None,
        token: Callable[[], str] = _token,
        secrets: Sequence[str] = (),
    ) -> None:
        self._timers = timers or Timers()
        self._names = names or Names()
        self._trust = trust or Trust()
        self._token = token
        self._secrets = tuple(secrets)

    @property
    def timers(self) -> Timers:
        """How long a question may take."""
        return self._timers

    async def ask(
        self,
        draft: Draft,
        peer: Peer,
        login: Credentials | None = None,
        *,
        secrets: Iterable[str] = (),
    ) -> Heard:
        """Ask once, and once more with the login where it is asked for, never a third time.

        Of a name with several servers the next is asked where one gives no answer or is out of
        service (503), in `timers.total` seconds at most; never after a login was tried. A challenge
        that comes again, even for a stale nonce, is not answered again: nobody is to be locked out
        by us. Raises ValueError where the login, or what is to be said, holds something that cannot
        be sent.
        """
        if login is not None:
            check_login(login)
        password = login.password if login else ""
        if peer.may_be_anybody:
            login = None
        deadline = asyncio.get_running_loop().time() + self._timers.total
        try:
            places = await self._names.places(peer, wait=self._timers.connect)
        except Unanswered as error:
            return Heard(silence=error.silence)
        heard = await self._ask_in_turn(places, deadline, draft, peer, login)
        known = (*self._secrets, *secrets, password)
        # A password that is part of the user asked for would make the answer unreadable.
        shown = f"{draft.uri} {draft.to} {draft.sender}"
        return _redacted(heard, [secret for secret in known if secret not in shown])

    async def _ask_in_turn(
        self,
        places: Sequence[Place],
        deadline: float,
        draft: Draft,
        peer: Peer,
        login: Credentials | None,
    ) -> Heard:
        loop = asyncio.get_running_loop()
        heard = Heard()
        for asked, place in enumerate(places, start=1):
            if asked > 1 and loop.time() >= deadline:
                break
            this = await self._ask_one(place, deadline, draft, peer, login)
            heard = replace(this, place=place, asked=asked)
            if not _is_for_the_next(heard):
                break
        return heard

    async def _ask_one(
        self,
        place: Place,
        deadline: float,
        draft: Draft,
        peer: Peer,
        login: Credentials | None,
    ) -> Heard:
        try:
            async with opened(place, peer, self._timers, self._trust) as wire:
                return await self._converse(wire, deadline, draft, login)
        except Unanswered as error:
            return Heard(silence=error.silence, note=error.note)

    async def _converse(
        self, wire: Wire, deadline: float, draft: Draft, login: Credentials | None
    ) -> Heard:
        envelope = Envelope(
            local=wire.local, transport=wire.transport, call_id=self._token(), tag=self._token()
        )

        def request(number: int, headers: Headers = ()) -> Request:
            return envelope.around(draft, branch=self._token(), number=number, login=headers)

        first = await transact(wire, request(1), self._timers, deadline)
        if first.status not in _CHALLENGES:
            return Heard(response=first)
        use, headers = self._answered(first, draft, login)
        if use is not LoginUse.SENT:
            return Heard(response=first, login=use, challenge=first.status)
        try:
            second = await transact(wire, request(2, headers), self._timers, deadline)
        except Unanswered as error:
            return Heard(silence=error.silence, login=use, challenge=first.status)
        return Heard(response=second, login=use, challenge=first.status)

    def _answered(
        self, refusal: Response, draft: Draft, login: Credentials | None
    ) -> tuple[LoginUse, Headers]:
        asked, answered = _CHALLENGES[refusal.status]
        challenge = best_of(read_challenges(refusal.values(asked)))
        if login is None:
            return LoginUse.MISSING, ()
        if challenge is None:
            return LoginUse.UNSUPPORTED, ()
        value = answer(
            challenge, login, method=draft.method, uri=str(draft.uri), cnonce=self._token()
        )
        return LoginUse.SENT, ((answered, value),)


def _is_for_the_next(heard: Heard) -> bool:
    """Whether another server of the same name may be asked: this one saw no login of ours."""
    if heard.login is not LoginUse.NOT_ASKED:
        return False
    if heard.response is not None:
        return heard.response.status == _OUT_OF_SERVICE
    return heard.silence in GIVE_NO_ANSWER


def _redacted(heard: Heard, secrets: Sequence[str]) -> Heard:
    """Return the answer without secrets in the texts that are shown or recorded."""
    if heard.response is None:
        return heard
    headers = tuple(
        (name, redact_text(value, secrets) if name in _TEXT_HEADERS else value)
        for name, value in heard.response.headers
    )
    phrase = redact_text(heard.response.phrase, secrets)
    return replace(heard, response=replace(heard.response, phrase=phrase, headers=headers))


def check_login(login: Credentials) -> None:
    """Raise ValueError where a SIP login holds a character that cannot be sent."""
    try:
        (login.username + login.password).encode()
    except UnicodeEncodeError:
        message = "The SIP user name or password holds a character that cannot be sent"
        raise ValueError(message) from None
    if not login.username.isprintable():
        raise ValueError("The SIP user name holds a character that cannot be sent")


def still_stale(heard: Heard) -> bool:
    """Whether our login was taken as right, and only the nonce as too old (RFC 7616, 3.3)."""
    response = heard.response
    if response is None or heard.login is not LoginUse.SENT or response.status not in _CHALLENGES:
        return False
    asked, _ = _CHALLENGES[response.status]
    return any(challenge.stale for challenge in read_challenges(response.values(asked)))
