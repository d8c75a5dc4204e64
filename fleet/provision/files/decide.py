"""Who may have a file: one decision for each request, from the known phones and their addresses.

Every check is made for every request, so that a refusal takes as long whatever it is for: how long
it takes does not tell which MACs exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.model import FetchOutcome
from fleet.phone.config_file import FileKind, requested_file
from fleet.provision.files.networks import is_within, parse_address, parse_networks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from fleet.model import Fetch
    from fleet.phone.catalog import PhoneAgent
    from fleet.phone.config_file import RequestedFile
    from fleet.provision.files.networks import Network
    from fleet.store import FetchingPhone

TFTP = "tftp"
"""The protocol that knows neither User-Agent nor login."""

_OPEN = (FileKind.GLOBAL, FileKind.MODEL, FileKind.FIRMWARE, FileKind.LANGUAGE, FileKind.OTHER)


class LoginState(StrEnum):
    """What a request's login is worth."""

    GOOD = "good"
    WRONG = "wrong"
    MISSING = "missing"  # the first half of every Digest login
    STALE = "stale"  # a right answer to a challenge that is over: to be challenged anew


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What is demanded of phones. `networks` are for phones whose site names none.

    `second_address_after` is how long a phone's address must have been quiet before another may
    fetch its file; zero lets any address have it at any time. `takes_factory_login`: a phone that
    was given a login and has never used one may log in with the factory's. `enrols`: an unknown
    phone of a known network is given a file without secrets, to wait with.
    """

    networks: tuple[Network, ...]
    second_address_after: timedelta
    wants_login: bool = False
    takes_factory_login: bool = False
    wants_secret: bool = False
    enrols: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class FileRequest:
    """A request, as far as the decision is concerned.

    `address` is the client's. `with_secret` says whether the path held the secret.
    """

    at: datetime
    file: RequestedFile
    address: str
    agent: PhoneAgent | None = None
    protocol: str = "http"
    with_secret: bool = False
    login: LoginState = LoginState.MISSING


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The phone whose file is asked for. `networks` are its site's, empty where it names none."""

    phone_id: int
    mac: str
    networks: tuple[Network, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class LastFetch:
    """Where a phone's file went last, and when."""

    address: str
    at: datetime


class LastAddresses:
    """The address that had a phone's own file last, by the phone's number."""

    def __init__(self, fetches: Iterable[Fetch] = ()) -> None:
        """`fetches` are those that returned a file, as the database has them at the start."""
        self._last: dict[int, LastFetch] = {}
        for fetch in fetches:
            if fetch.phone_id is not None and requested_file(fetch.file).kind is FileKind.MAC:
                self.record(fetch.phone_id, fetch.address, fetch.at)

    def last(self, phone_id: int) -> LastFetch | None:
        """Where the phone's file went last; None if nobody had it."""
        return self._last.get(phone_id)

    def record(self, phone_id: int, address: str, at: datetime) -> None:
        """Record which address got the phone's file."""
        before = self._last.get(phone_id)
        if before is None or before.at <= at:
            self._last[phone_id] = LastFetch(address=address, at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownPhones:
    """Phones by their MAC, and every network that a phone may be in."""

    phones: Mapping[str, Caller] = field(default_factory=dict)
    networks: frozenset[Network] = frozenset()
    _known: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    def is_known_network(self, address: str) -> bool:
        """Whether a phone may be at this address."""
        if (known := self._known.get(address)) is None:
            known = is_within(parse_address(address), self.networks)
            if len(self._known) < 100_000:
                self._known[address] = known
        return known


def known_phones(
    phones: Mapping[str, FetchingPhone], networks: tuple[Network, ...], sites: Iterable[str] = ()
) -> KnownPhones:
    """Return the known phones. `networks` are the settings', `sites` those of all sites (CIDR)."""
    callers = {
        mac: Caller(phone_id=phone.id, mac=mac, networks=parse_networks(phone.networks))
        for mac, phone in phones.items()
    }
    return KnownPhones(
        phones=callers, networks=frozenset((*networks, *parse_networks(tuple(sites))))
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Whether a file may be had: `refused` is None if so, else the outcome to be recorded.

    `is_handshake`: nothing is wrong but that the login is still to come.
    """

    refused: FetchOutcome | None = None
    is_handshake: bool = False


_NOBODY = Caller(phone_id=0, mac="")


def decide(
    asked: FileRequest,
    caller: Caller | None,
    rules: Rules,
    *,
    last: LastFetch | None = None,
    is_known_network: bool = False,
) -> Decision:
    """Decide on a request.

    `caller` is the phone whose MAC the file's name bears, None if we have no such phone.
    `is_known_network`: the address is in a network of any site, or of the settings. Files that
    bear no MAC hold no secrets, and all of those get them.
    """
    if asked.file.kind is not FileKind.MAC:
        refused = None if asked.file.kind in _OPEN else FetchOutcome.NOT_FOUND
        return Decision(refused=refused if is_known_network else FetchOutcome.WRONG_NETWORK)
    phone = caller or _NOBODY
    has_login = not rules.wants_login or asked.login is LoginState.GOOD
    has_secret = asked.with_secret or not rules.wants_secret
    checks = (
        (FetchOutcome.UNKNOWN_MAC, caller is not None),
        (FetchOutcome.WRONG_NETWORK, _is_at_home(asked, phone, rules)),
        (FetchOutcome.WRONG_AGENT, _is_itself(asked)),
        (FetchOutcome.WRONG_LOGIN, has_secret),
        (FetchOutcome.SECOND_ADDRESS, _is_where_it_was(asked, rules, last)),
        (FetchOutcome.WRONG_LOGIN, has_login),
    )
    failed = [outcome for outcome, holds in checks if not holds]
    to_come = asked.login in (LoginState.MISSING, LoginState.STALE) and asked.protocol != TFTP
    is_handshake = len(failed) == 1 and not has_login and to_come
    return Decision(refused=failed[0] if failed else None, is_handshake=is_handshake)


def may_wait(asked: FileRequest, rules: Rules, *, is_known_network: bool) -> bool:
    """Whether an unknown phone may have the file of those who wait to be approved."""
    return (
        rules.enrols
        and is_known_network
        and _is_itself(asked)
        and (asked.with_secret or not rules.wants_secret)
    )


def _is_at_home(asked: FileRequest, phone: Caller, rules: Rules) -> bool:
    return is_within(parse_address(asked.address), phone.networks or rules.networks)


def _is_itself(asked: FileRequest) -> bool:
    """Whether the User-Agent names the phone whose file it is; TFTP has none."""
    if asked.protocol == TFTP:
        return True
    return asked.agent is not None and asked.agent.mac == asked.file.mac


def _is_where_it_was(asked: FileRequest, rules: Rules, last: LastFetch | None) -> bool:
    """Whether no other address had the phone's file lately; a new one after a while is DHCP's."""
    if last is None or last.address == asked.address:
        return True
    return asked.at - last.at >= rules.second_address_after
