"""httpx's requests and answers, over its transport interface (its one door).

Its `AsyncClient` is left out: cookies that one phone sets must not go to the next, redirects and
logins are decided in `session`, and what it does besides costs a third of a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from fleet.model import Reason
from fleet.phone.transport import BODY, HOP, PhoneTransport
from fleet.phone.trouble import trouble
from fleet.phone.turns import Turns

if TYPE_CHECKING:
    from fleet.errors import PhoneError
    from fleet.phone.answer_reader import Reply
    from fleet.phone.wire import Hop

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
    return trouble(reason, where)
