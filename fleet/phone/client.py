"""Log in to phones and fetch their status pages; hand them what is pushed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self
from weakref import WeakValueDictionary

from fleet.phone.exchange import Hop, exchange
from fleet.phone.http_client import HttpClient
from fleet.phone.session import Answer, Manners, PhoneSession
from fleet.phone.target import Target, Timeouts

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

    from fleet.phone.http_head import Head

__all__ = ["Answer", "PhoneClient", "PhoneSession", "Target", "Timeouts"]

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
