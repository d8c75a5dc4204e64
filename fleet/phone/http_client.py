"""httpx, set up so that it keeps nothing, follows nothing and says nothing (its one door)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx

from fleet.model import Reason
from fleet.phone.transport import HOP, PhoneTransport
from fleet.phone.trouble import trouble
from fleet.phone.turns import Turns

if TYPE_CHECKING:
    from fleet.errors import PhoneError
    from fleet.phone.answer_reader import Reply
    from fleet.phone.wire import Hop

_EMPTY = httpx.ByteStream(b"")
_FOREIGN = (
    (httpx.ConnectTimeout, Reason.NO_ANSWER),
    (httpx.TimeoutException, Reason.SILENT),
    (httpx.ConnectError, Reason.NO_ANSWER),
    (httpx.NetworkError, Reason.NO_REPLY),
)


class _NoCookies(httpx.Cookies):
    """Keeps nothing: what one phone sets must not go to the next."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Leave the cookies where they are."""


class _Httpx(httpx.AsyncClient):
    """httpx's client without its cookie jar, which also costs a tenth of a request."""

    _none = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        """None, always."""
        return self._none

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        """Take none."""


class HttpClient:
    """Sends GET requests to phones, many at a time. `transport` stands in for the network."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        # A line per request would drown the log.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self.turns: Turns[Reply | PhoneError] = Turns()
        self._httpx = _Httpx(
            transport=transport or PhoneTransport(), trust_env=False, follow_redirects=False
        )

    async def aclose(self) -> None:
        """Let go of what is held."""
        await self._httpx.aclose()

    async def get(self, hop: Hop, path: str) -> httpx.Response:
        """Send one request and read its answer, whatever its status. Raises PhoneError."""
        target = hop.target
        headers = {
            "Host": target.authority,
            "User-Agent": "fleet",
            "Accept": "text/html, */*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        if target.credentials is not None:
            headers["Authorization"] = target.authorization
        request = httpx.Request(
            "GET",
            f"{target.scheme}://{target.authority}{path}",
            headers=headers,
            stream=_EMPTY,
            extensions={HOP: hop, "timeout": {}},
        )
        try:
            return await self._httpx.send(request)
        except httpx.HTTPError as error:
            raise _translated(error, target.authority) from None


def _translated(error: httpx.HTTPError, where: str) -> PhoneError:
    reason = next((reason for kind, reason in _FOREIGN if isinstance(error, kind)), Reason.NOT_HTTP)
    return trouble(reason, where)
