"""Log in to phones and fetch their status pages; hand them what is pushed.

httpx's `AsyncClient` is left out: cookies that one phone sets must not go to the next, redirects
and logins are decided in `session`, and what it does besides costs a third of a request.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self
from weakref import WeakValueDictionary

import httpx

from fleet.model import Reason
from fleet.phone.http.connection import BODY, HOP, Hop, PhoneTransport, Turns, exchange
from fleet.phone.http.errors import poll_error
from fleet.phone.http.session import Manners, PhoneSession

if TYPE_CHECKING:
    from types import TracebackType

    from fleet.errors import PhoneError
    from fleet.phone.http.response import Head, Reply
    from fleet.phone.http.target import Target, Timeouts

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

MAX_BODY = 1024 * 1024


class HttpClient:
    """Sends GET requests to phones, many at a time. `transport` stands in for the network."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.turns: Turns[Reply | PhoneError] = Turns()
        self._transport = transport or PhoneTransport()

    async def aclose(self) -> None:
        """Let go of what is held."""
        await self._transport.aclose()

    async def get(self, hop: Hop, path: str) -> httpx.Response:
        """Send one request and read its answer, whatever its status. Raises PhoneError."""
        target = hop.target
        headers = [(b"Host", target.authority.encode()), *_COMMON]
        if target.credentials is not None:
            headers.append((b"Authorization", target.authorization.encode()))
        request = httpx.Request(
            "GET",
            f"{target.scheme}://{target.authority}{path}",
            headers=headers,
            stream=_EMPTY,
            extensions={HOP: hop, "timeout": {}},
        )
        try:
            response = await self._transport.handle_async_request(request)
            if BODY not in response.extensions:
                await response.aread()
        except httpx.HTTPError as error:
            raise _translated(error, target.authority) from None
        return response


def _translated(error: httpx.HTTPError, where: str) -> PhoneError:
    reason = next((reason for kind, reason in _FOREIGN if isinstance(error, kind)), Reason.NOT_HTTP)
    return poll_error(reason, where)


class PhoneClient:
    """Polls phones, many at a time; an asynchronous context manager, one per sweep.

    `max_body` is in bytes, `retry_pause` in seconds. `transport` stands in for the network
    when polling.
    """

    def __init__(
        self,
        *,
        timeouts: Timeouts,
        max_body: int = MAX_BODY,
        retry_pause: float = 0.5,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = HttpClient(transport)
        self._manners = Manners(timeouts=timeouts, max_body=max_body, retry_pause=retry_pause)
        self._turns: WeakValueDictionary[tuple[str, int], asyncio.Lock] = WeakValueDictionary()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()
        await asyncio.sleep(0)  # connections that were aborted close on the loop's next round

    @property
    def retry_pause(self) -> float:
        """How long to wait before asking the same again, in seconds."""
        return self._manners.retry_pause

    def session(self, target: Target, *, refused_lately: bool = False) -> PhoneSession:
        """One poll of one phone. Sessions of one origin take turns.

        `refused_lately`: the phone refused our login at the last poll.
        """
        return PhoneSession(
            self._http, target, self._manners, self._turn(target), refused_lately=refused_lately
        )

    async def send(self, target: Target, request: bytes) -> Head:
        """Send one whole request in one write, in its turn; the head of its answer.

        For what is no poll: nothing is repeated, followed or kept. Raises PhoneError.
        """
        async with self._turn(target):
            timeouts = self._manners.timeouts
            hop = Hop(
                target=target,
                timeouts=timeouts,
                deadline=asyncio.get_running_loop().time() + timeouts.total,
                max_body=self._manners.max_body,
                turns=self._http.turns,
                body_wanted=False,
            )
            return (await exchange(hop, request)).reply.head

    def _turn(self, target: Target) -> asyncio.Lock:
        place = (target.address, target.port)
        turn = self._turns.get(place)
        if turn is None:
            turn = self._turns[place] = asyncio.Lock()
        return turn
