"""One poll of one phone: how often it may be asked, what its answers mean."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from fleet.model import Reason
from fleet.phone.catalog import is_aastra_realm
from fleet.phone.http.connection import COMPLETE, FINGERPRINT, Hop, PhoneTransport, Turns
from fleet.phone.http.errors import clean, poll_error
from fleet.phone.http.target import DEFAULT_PORTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet.errors import PhoneError
    from fleet.phone.http.response import Reply
    from fleet.phone.http.target import Target, Timeouts

# The realm of firmware 1.x (facts/web-ui 1.1).
_OLD_REALM = "please enter user name and password"
_OUR_SERVERS = ("aragorn", "aastra", "mitel")

_SCHEME = re.compile(
    r"(?:^|,)\s*([A-Za-z][A-Za-z0-9-]*)(?=\s+[A-Za-z0-9_-]+\s*=|\s*$|\s*,|\s+\S+$)"
)
_REALM = re.compile(
    r"""\brealm\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,"']+))""", re.IGNORECASE
)

_EMPTY = httpx.ByteStream(b"")
_COMMON = (
    (b"User-Agent", b"fleet"),
    (b"Accept", b"text/html, */*"),
    (b"Accept-Encoding", b"identity"),
    (b"Connection", b"close"),
)
_FOREIGN = (
    (httpx.ConnectTimeout, Reason.NO_ANSWER),
    (httpx.TimeoutException, Reason.SILENT),
    (httpx.ConnectError, Reason.NO_ANSWER),
    (httpx.NetworkError, Reason.NO_REPLY),
)

FRONT_PAGE = "/"
STATUS_PAGE = "/sysinfo.html"
SAFE_PATHS = frozenset((FRONT_PAGE, STATUS_PAGE))

# The first 401 may only open a session (facts/web-ui 1.3); a 69xx locks its web UI after five
# refused logins (facts/web-ui 8).
MOST_401S = 2
MOST_REQUESTS = 6
MOST_REDIRECTS = 3

_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]+)""", re.IGNORECASE)
_REDIRECTS = frozenset((300, 301, 302, 303, 305, 307, 308))
_BUSY = 503
_LOCKS = (403, 423, 429)  # how a web server answers who has failed to log in too often


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """What a 401 asks for. `realm` is empty where none is given."""

    schemes: frozenset[str]
    realm: str

    @property
    def basic(self) -> bool:
        """Whether Basic will do; where nothing is named, it may."""
        return not self.schemes or "basic" in self.schemes


def read_challenge(values: Iterable[str]) -> Challenge:
    """Read the values of WWW-Authenticate, well-formed or not; the first realm counts."""
    text = ", ".join(values)
    realm = _REALM.search(text)
    bare = _REALM.sub("realm=x", text)
    return Challenge(
        schemes=frozenset(name.lower() for name in _SCHEME.findall(bare)),
        realm=next((part for part in realm.groups() if part), "").strip() if realm else "",
    )


def is_ours(realm: str, server: str) -> bool:
    """Whether the realm or the Server header is that of an Aastra or Mitel phone."""
    if realm and (is_aastra_realm(realm) or " ".join(realm.lower().split()) == _OLD_REALM):
        return True
    return any(name in server.lower() for name in _OUR_SERVERS)


def redirected_path(target: Target, path: str, location: str) -> str:
    """The path to ask for next: `/` or `/sysinfo.html` at the phone's own origin, nothing else.

    Raises PhoneError: https_required where the same host wants https, else redirected.
    """
    where = target.authority
    try:
        place = _place(target, path, location)
        port = place.port or DEFAULT_PORTS.get(place.scheme)
    except ValueError:
        raise poll_error(Reason.REDIRECTED, where, "to a place that is no URL") from None
    same_host = (place.hostname or "") == target.address.partition("%")[0].lower()
    plain = "@" not in place.netloc and not place.query and not location.endswith("?")
    if same_host and (place.scheme, target.scheme) == ("https", "http"):
        raise poll_error(Reason.HTTPS_REQUIRED, where)
    same_origin = same_host and place.scheme == target.scheme and port == target.port
    next_path = place.path or FRONT_PAGE
    if same_origin and plain and next_path in SAFE_PATHS:
        return next_path
    raise poll_error(Reason.REDIRECTED, where, f"to {_shown(target, place)}")


def _place(target: Target, path: str, location: str) -> SplitResult:
    """Raises ValueError where clients would disagree about what is meant."""
    if not location or not location.isascii() or not location.isprintable():
        raise ValueError
    if any(mark in location for mark in '\\ "<>^`{|}'):
        raise ValueError
    place = urlsplit(urljoin(f"{target.scheme}://{target.authority}{path}", location))
    if place.scheme in DEFAULT_PORTS and not place.hostname:
        raise ValueError
    return place


def _shown(target: Target, place: SplitResult) -> str:
    """The place without the login, query and fragment that it may hold."""
    host = place.netloc.rpartition("@")[2]
    text = f"{place.scheme}://{host}{place.path}" if host else f"{place.scheme}:"
    return clean(target.without_secrets(text))


@dataclass(frozen=True, kw_only=True, slots=True)
class Manners:
    """How a phone is asked: `max_body` in bytes, `retry_pause` between two tries in seconds."""

    timeouts: Timeouts
    max_body: int
    retry_pause: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A page that came with a good status. `body` is unpacked.

    `complete` is false where the connection ended before the server said it would, or was ended
    by us because nothing more came. `charset` is what the Content-Type says, `fingerprint` the
    certificate's, empty over plain HTTP.
    """

    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    charset: str | None
    complete: bool
    fingerprint: str


class PhoneSession:
    """One poll of one phone: one request at a time, only GET, only `/` and `/sysinfo.html`.

    At most 2 answers of 401 and 6 requests; the total time-out runs from the first request on.
    `refused_lately`: the phone refused our login at the last poll. `realm` is what the phone's
    last 401 called itself.
    """

    def __init__(
        self,
        target: Target,
        manners: Manners,
        turn: asyncio.Lock,
        fair_queue: Turns[Reply | PhoneError],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        refused_lately: bool = False,
    ) -> None:
        """`transport` stands in for the network."""
        self.realm = ""
        self._refused_lately = refused_lately
        self._transport = transport
        self._fair_queue = fair_queue
        self._manners = manners
        self._target = target
        self._turn = turn
        self._deadline = 0.0
        self._requests = 0
        self._refusals = 0
        self._was_busy = False

    @property
    def login_refused(self) -> bool:
        """Whether the phone has refused our login, now or at the last poll."""
        return self._refused_lately or self._refusals > 0

    async def status_page(self) -> Answer:
        """Fetch the status page. Raises PhoneError."""
        async with self._turn:
            self._start()
            return await self._page()

    async def renewed_status_page(self) -> Answer:
        """Open a new session at the front page, then fetch the status page once more.

        For a 200 that was not the page that was asked for (facts/web-ui 1.4). Raises PhoneError.
        """
        async with self._turn:
            self._start()
            await self._admitted(FRONT_PAGE)
            return await self._page()

    def _start(self) -> None:
        """Set the deadline; waiting for one's turn does not count."""
        if not self._requests:
            self._deadline = asyncio.get_running_loop().time() + self._manners.timeouts.total

    async def _page(self) -> Answer:
        path = STATUS_PAGE
        for _ in range(MOST_REDIRECTS + 1):
            response = await self._admitted(path)
            if response.status_code not in _REDIRECTS:
                return self._answer(path, response)
            self._check_server(response)
            path = redirected_path(self._target, path, _location(response))
        raise self._trouble(Reason.REDIRECTED, "round in a circle")

    async def _admitted(self, path: str) -> httpx.Response:
        """The first answer that is not a 401, nor a busy server's first 503."""
        while True:
            response = await self._request(path)
            if response.status_code == 401:
                self._check_refusal(response)
            elif response.status_code == _BUSY and not self._was_busy:
                self._check_server(response)
                self._was_busy = True
            else:
                return response
            await self._pause()

    async def _request(self, path: str) -> httpx.Response:
        if self._requests == MOST_REQUESTS:
            raise self._trouble(Reason.SERVER_ERROR, f"no status page in {MOST_REQUESTS} answers")
        self._requests += 1
        target = self._target
        headers = [(b"Host", target.authority.encode()), *_COMMON]
        if target.credentials is not None:
            headers.append((b"Authorization", target.authorization.encode()))
        url = f"{target.scheme}://{target.authority}{path}"
        request = httpx.Request("GET", url, headers=headers, stream=_EMPTY)
        hop = Hop(
            target=target,
            timeouts=self._manners.timeouts,
            deadline=self._deadline,
            max_body=self._manners.max_body,
            turns=self._fair_queue,
        )
        transport = self._transport or PhoneTransport(hop)
        try:
            response = await transport.handle_async_request(request)
            await response.aread()
        except httpx.HTTPError as error:
            kinds = (reason for kind, reason in _FOREIGN if isinstance(error, kind))
            raise self._trouble(next(kinds, Reason.NOT_HTTP)) from None
        return response

    def _check_refusal(self, response: httpx.Response) -> None:
        """Raise what a 401 means, unless the same request may be repeated (facts/web-ui 1.3)."""
        challenge = read_challenge(response.headers.get_list("www-authenticate"))
        server = response.headers.get("server", "")
        self.realm = challenge.realm
        if (named := challenge.realm or server) and not is_ours(challenge.realm, server):
            raise self._trouble(Reason.NOT_AASTRA, f"it says {self._quoted(named)!r}")
        if not challenge.basic:
            schemes = " ".join(sorted(challenge.schemes))
            raise self._trouble(Reason.AUTH_UNSUPPORTED, self._quoted(schemes))
        if self._target.credentials is None:
            raise self._trouble(Reason.NO_PASSWORD)
        self._refusals += 1
        if self._refusals == MOST_401S:
            raise self._trouble(Reason.WRONG_PASSWORD)

    def _check_server(self, response: httpx.Response) -> None:
        """Raise not_aastra if another maker's server wants the password a second time."""
        server = response.headers.get("server", "")
        if server and not is_ours("", server):
            raise self._trouble(Reason.NOT_AASTRA, f"its server is {self._quoted(server)!r}")

    async def _pause(self) -> None:
        if asyncio.get_running_loop().time() + self._manners.retry_pause >= self._deadline:
            raise self._trouble(Reason.TOO_SLOW)
        await asyncio.sleep(self._manners.retry_pause)

    def _answer(self, path: str, response: httpx.Response) -> Answer:
        status = response.status_code
        if status in _LOCKS and self.login_refused:
            raise self._trouble(Reason.LOCKED_OUT, f"it answers {status}")
        if not response.is_success:
            raise self._trouble(_reason_of(status), f"it answers {status}")
        headers = _headers(response)
        charset = _CHARSET.search(headers.get("content-type", ""))
        return Answer(
            path=path,
            status=response.status_code,
            headers=headers,
            body=response.content,
            charset=charset[1].lower() if charset else None,
            complete=response.extensions.get(COMPLETE, True),
            fingerprint=response.extensions.get(FINGERPRINT, ""),
        )

    def _trouble(self, reason: Reason, note: str = "") -> PhoneError:
        return poll_error(reason, self._target.authority, note)

    def _quoted(self, text: str) -> str:
        return clean(self._target.without_secrets(text))


def _headers(response: httpx.Response) -> Mapping[str, str]:
    """Names in lower case; of several headers of one name the last."""
    raw = response.headers.raw
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


def _location(response: httpx.Response) -> str:
    return next(iter(response.headers.get_list("location")), "")


def _reason_of(status: int) -> Reason:
    if status == 403:
        return Reason.FORBIDDEN
    # 408 and 429: a web server that has too much to do.
    return Reason.SERVER_ERROR if status >= 500 or status in (408, 429) else Reason.NOT_FOUND
