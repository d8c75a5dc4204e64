"""Log in to phones and fetch their status pages; hand them what is pushed.

httpx's `AsyncClient` is left out: cookies that one phone sets must not go to the next, redirects
and logins are decided in `session`, and what it does besides costs a third of a request.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self
from weakref import WeakValueDictionary

from fleet.phone.http.connection import Hop, Turns, exchange
from fleet.phone.http.session import Manners, PhoneSession

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

    from fleet.errors import PhoneError
    from fleet.phone.http.response import Head, Reply
    from fleet.phone.http.target import Target, Timeouts

MAX_BODY = 1024 * 1024


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
        self._transport = transport
        self._fair_queue: Turns[Reply | PhoneError] = Turns()
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
        if self._transport is not None:
            await self._transport.aclose()
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
            target,
            self._manners,
            self._turn(target),
            self._fair_queue,
            transport=self._transport,
            refused_lately=refused_lately,
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
                turns=self._fair_queue,
                body_wanted=False,
            )
            return (await exchange(hop, request)).reply.head

    def _turn(self, target: Target) -> asyncio.Lock:
        place = (target.address, target.port)
        turn = self._turns.get(place)
        if turn is None:
            turn = self._turns[place] = asyncio.Lock()
        return turn
