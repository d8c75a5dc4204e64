"""Handles requests for files, whichever protocol they come by: who asks, and what they may have."""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from fleet.errors import FleetError
from fleet.model import Fetch, FetchOutcome
from fleet.phone.catalog import parse_user_agent
from fleet.phone.config_file import FileKind
from fleet.phone.redact import redact_text
from fleet.provision.files.decide import (
    TFTP,
    Caller,
    Decision,
    FileRequest,
    KnownPhones,
    LastAddresses,
    LoginState,
    Rules,
    decide,
    known_phones,
    may_wait,
)
from fleet.provision.files.digest import Login, Passwords, challenge, log_in
from fleet.provision.files.networks import is_within, parse_address
from fleet.provision.logins import FACTORY
from fleet.provision.serve.batch import Batch
from fleet.provision.unknown import waiting_file
from fleet.rate_limiter import RateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from fleet.phone.catalog import PhoneAgent
    from fleet.phone.config_file import RequestedFile
    from fleet.provision.files.content import Content
    from fleet.provision.files.handshakes import Handshakes
    from fleet.provision.files.limits import Limits
    from fleet.provision.files.nonces import Nonces
    from fleet.provision.serve.fetch_log import FetchLog
    from fleet.provision.serve.file_source import FileSource
    from fleet.store import FetchLogin, Store

_log = logging.getLogger(__name__)

REFRESH_EVERY = 5.0  # seconds until a change of the inventory is known here
_REFUSALS = 100  # of one address that are written down in a minute
_UNKNOWN_FETCHERS = 2000  # refusals of all who are no phone of ours that are, in an hour
_SUSPICIOUS = (
    FetchOutcome.UNKNOWN_MAC,
    FetchOutcome.WRONG_AGENT,
    FetchOutcome.WRONG_LOGIN,
    FetchOutcome.SECOND_ADDRESS,
)
_LONGEST_TEXT = 2000  # that is looked through for secrets
_AGENTS = 32_768  # User-Agents that are remembered: phones do not change theirs often


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request for a file, as a protocol has it.

    `agent` is the User-Agent, `authorization` the header of that name; `modules` are the expansion
    modules that it names; `target` is the path as it
    came, which the login is for.
    """

    file: RequestedFile
    address: str
    with_secret: bool = False
    protocol: str = "http"
    agent: str = ""
    authorization: str = field(default="", repr=False)
    modules: tuple[str, ...] = ()
    method: str = "GET"
    target: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What is answered: a file, or a refusal, which asks for a login if there is a challenge.

    `fetch` is what is to be written down, but for how it ended; None if nothing is.
    """

    fetch: Fetch | None
    content: Content | None = None
    challenge: str = ""


class _Sender(NamedTuple):
    """A User-Agent as it may be recorded, and the phone that it names."""

    agent: str
    phone: PhoneAgent | None


def _file_request(
    request: Request,
    agent: PhoneAgent | None,
    now: datetime,
    login: LoginState = LoginState.MISSING,
) -> FileRequest:
    return FileRequest(
        at=now,
        file=request.file,
        address=request.address,
        agent=agent,
        protocol=request.protocol,
        with_secret=request.with_secret,
        login=login,
    )


class RequestHandler:
    """Answers requests. `start` it, and let `run` keep it up to date."""

    def __init__(
        self,
        *,
        store: Store,
        source: FileSource,
        fetch_log: FetchLog,
        handshakes: Handshakes,
        nonces: Nonces,
        rules: Rules,
        limits: Limits,
        clock: Callable[[], datetime],
        known_secrets: Sequence[str] = (),
    ) -> None:
        """`known_secrets` are masked in what unknown fetchers send, before it is recorded."""
        self._store = store
        self._source = source
        self._fetch_log = fetch_log
        self._handshakes = handshakes
        self._nonces = nonces
        self._rules = rules
        self._limits = limits
        self._clock = clock
        self._secrets = tuple(known_secrets)
        self._refusals: RateLimiter[str] = RateLimiter(_REFUSALS, 60.0)
        self._unknown_fetchers: RateLimiter[None] = RateLimiter(_UNKNOWN_FETCHERS, 3600.0)
        self._logins = Batch(self._read_logins)
        self._known_phones = KnownPhones()
        self._addresses = LastAddresses()
        self._nobody = Passwords(username="", now=secrets.token_hex())
        self._is_away = False
        self._read_agent = lru_cache(maxsize=_AGENTS)(self._parsed_agent)

    async def start(self) -> None:
        """Read what is known of the phones. Raises `StoreError`."""
        last = await asyncio.to_thread(self._store.fetches.last)
        self._addresses = LastAddresses(last.values())
        await self.refresh()

    async def run(self) -> None:
        """Follow the inventory until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_EVERY)
            try:
                await self.refresh()
            except FleetError as error:
                if not self._is_away:
                    _log.error(
                        "The inventory cannot be read; fleet keeps serving the previous one: %s",
                        error,
                    )
                self._is_away = True
            else:
                self._is_away = False

    async def refresh(self) -> None:
        """Take over the inventory as it is now."""
        self._known_phones = await asyncio.to_thread(self._read_known_phones)

    async def handle(self, request: Request) -> Answer:
        """Answer a request. Raises `StoreError` if the database cannot tell."""
        now = self._clock()
        sender = self._read_agent(request.agent)
        if request.file.kind is FileKind.OTHER:
            file = replace(request.file, name=self._masked(request.file.name))
            request = replace(request, file=file)
        agent = sender.phone
        caller = self._known_phones.phones.get(request.file.mac)
        fetch = self._fetch(request, sender, caller, now)
        if not self._limits.allow_address(request.address, now.timestamp()):
            return self._refuse(fetch, request, FetchOutcome.RATE_LIMITED)
        login = await self._log_in(request, caller, now)
        decision = self._decide(request, agent, caller, login, now)
        if decision.is_handshake:
            self._handshakes.begun(replace(fetch, outcome=FetchOutcome.WRONG_LOGIN))
            stale = login.state is LoginState.STALE
            return Answer(fetch=None, challenge=self._challenge(request, now, stale=stale))
        if decision.refused is FetchOutcome.UNKNOWN_MAC and self._may_wait(request, agent, now):
            return Answer(
                fetch=self._recorded(fetch, FetchOutcome.NOT_APPROVED),
                content=waiting_file(request.file.name),
            )
        if decision.refused:
            return self._refuse(fetch, request, decision.refused)
        if caller and not self._limits.phone.take(caller.phone_id, now.timestamp()):
            return self._refuse(fetch, request, FetchOutcome.RATE_LIMITED)
        return await self._give(fetch, request, caller)

    def _parsed_agent(self, text: str) -> _Sender:
        masked = self._masked(text)
        printable = "".join(c for c in masked if c.isprintable())
        return _Sender(printable, parse_user_agent(masked))

    def _masked(self, text: str) -> str:
        return redact_text(text[:_LONGEST_TEXT], self._secrets)[:_LONGEST_TEXT]

    def record(self, fetch: Fetch) -> None:
        """Write down how a request ended."""
        self._fetch_log.put(fetch)

    def _may_wait(self, request: Request, agent: PhoneAgent | None, now: datetime) -> bool:
        return may_wait(
            _file_request(request, agent, now),
            self._rules,
            is_known_network=self._known_phones.is_known_network(request.address),
        )

    def _decide(
        self,
        request: Request,
        agent: PhoneAgent | None,
        caller: Caller | None,
        login: Login,
        now: datetime,
    ) -> Decision:
        return decide(
            _file_request(request, agent, now, login.state),
            caller,
            self._rules,
            last=self._addresses.last(caller.phone_id if caller else 0),
            is_known_network=self._known_phones.is_known_network(request.address),
        )

    async def _give(self, fetch: Fetch, request: Request, caller: Caller | None) -> Answer:
        content = await self._source.content(request.file.name, fetch.phone_id)
        if content is None:
            return Answer(fetch=self._recorded(fetch, FetchOutcome.NOT_FOUND))
        if caller:
            self._addresses.record(caller.phone_id, fetch.address, fetch.at)
        return Answer(fetch=fetch, content=content)

    def _refuse(self, fetch: Fetch, request: Request, outcome: FetchOutcome) -> Answer:
        return Answer(
            fetch=self._recorded(fetch, outcome), challenge=self._challenge(request, fetch.at)
        )

    def _recorded(self, fetch: Fetch, outcome: FetchOutcome) -> Fetch | None:
        """What to record of a file that is not given; of those who go on asking, not all."""
        at = fetch.at.timestamp()
        recorded = self._refusals.take(fetch.address, at)
        if recorded and fetch.phone_id is None:
            recorded = self._unknown_fetchers.take(None, at)
        if recorded and outcome in _SUSPICIOUS:
            # For fail2ban: nothing in it comes from the client but its address.
            _log.warning("Refused a file to %s: %s.", fetch.address, outcome)
        return replace(fetch, outcome=outcome) if recorded else None

    def _challenge(self, request: Request, now: datetime, *, stale: bool = False) -> str:
        """The challenge that every refusal of a phone's own file bears, if a login is demanded."""
        if not self._wants_login(request):
            return ""
        return challenge(self._nonces.issue(now.timestamp()), stale=stale)

    def _wants_login(self, request: Request) -> bool:
        return self._rules.wants_login and request.file.kind is FileKind.MAC

    async def _log_in(self, request: Request, caller: Caller | None, now: datetime) -> Login:
        if not self._wants_login(request) or not request.authorization:
            return Login(state=LoginState.MISSING)
        number = caller.phone_id if caller else 0
        self._handshakes.went_on(number or None, request.file.name)
        row = await self._logins.get(number)
        login = log_in(
            request.authorization,
            self._passwords(row) if row else self._nobody,
            self._nonces,
            method=request.method,
            target=request.target,
            now=now.timestamp(),
        )
        if row and login.is_newest and login.state is LoginState.GOOD:
            self._fetch_log.put_used(row, now)
        return login

    def _passwords(self, row: FetchLogin) -> Passwords:
        is_new = row.used is None and not row.previous and self._rules.takes_factory_login
        return Passwords(
            username=row.username,
            now=row.password,
            before=row.previous,
            factory=(FACTORY.username, FACTORY.password) if is_new else None,
        )

    def _fetch(
        self, request: Request, sender: _Sender, caller: Caller | None, now: datetime
    ) -> Fetch:
        file, agent = request.file, sender.phone
        speaker = caller or self._speaker(request, agent)
        return Fetch(
            at=now,
            file=file.name,
            address=request.address,
            outcome=FetchOutcome.SERVED,
            mac=(agent.mac if agent else "") or file.mac,
            phone_id=speaker.phone_id if speaker else None,
            model=agent.model if agent else "",
            firmware=agent.firmware if agent else "",
            agent=sender.agent,
            protocol=request.protocol,
            modules=request.modules,
        )

    def _speaker(self, request: Request, agent: PhoneAgent | None) -> Caller | None:
        """The phone that says it asks for a file which bears no MAC, if it is where it belongs."""
        if agent is None or request.protocol == TFTP or request.file.mac:
            return None
        phone = self._known_phones.phones.get(agent.mac)
        if phone is None:
            return None
        networks = phone.networks or self._rules.networks
        return phone if is_within(parse_address(request.address), networks) else None

    def _read_known_phones(self) -> KnownPhones:
        networks = tuple(text for site in self._store.inventory.sites() for text in site.networks)
        return known_phones(self._store.fetch_logins.phones(), self._rules.networks, networks)

    def _read_logins(self, ids: Collection[int]) -> Mapping[int, FetchLogin]:
        return self._store.fetch_logins.load(list(ids))
