"""httpx's way to the wire: our own connection per request instead of its pool.

The pool's bookkeeping grows with what waits, and its parser refuses what old phones send; this
costs the same at 50 and at 4,000 requests in flight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from fleet.phone.exchange import Hop, exchange

if TYPE_CHECKING:
    from fleet.phone.exchange import Exchanged

HOP = "fleet.hop"
BODY = "fleet.body"
COMPLETE = "fleet.complete"
FINGERPRINT = "fleet.fingerprint"
LOCATION = "fleet.location"

_NO_BODY = httpx.ByteStream(b"")
# Taken care of here, or not to be acted on by anyone: httpx would unpack bodies without a cap, keep
# one phone's cookies for the next, and stumble over a Location that is no URL.
_KEPT_BACK = frozenset(
    ("connection", "content-encoding", "content-length", "location", "set-cookie",
     "transfer-encoding")
)  # fmt: skip


class PhoneTransport(httpx.AsyncBaseTransport):
    """Sends each request over a new connection, as its `fleet.hop` extension says.

    Raises PhoneError. The response's extensions hold the body, which httpx would go through piece
    by piece, and tell whether it is complete, the certificate's fingerprint, and the Location that
    was given.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request, one answer."""
        hop: Hop = request.extensions[HOP]
        return _response(await exchange(hop, _request_bytes(request)))


def _request_bytes(request: httpx.Request) -> bytes:
    lines = [b"GET ", request.url.raw_path, b" HTTP/1.1\r\n"]
    for name, value in request.headers.raw:
        lines += (name, b": ", value, b"\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)


def _response(exchanged: Exchanged) -> httpx.Response:
    reply = exchanged.reply
    headers = reply.head.headers
    return httpx.Response(
        reply.head.status,
        headers=[
            (name.encode(), value.encode("latin-1"))
            for name, value in headers
            if name not in _KEPT_BACK
        ],
        stream=_NO_BODY,
        extensions={
            BODY: reply.body,
            COMPLETE: reply.complete,
            FINGERPRINT: exchanged.fingerprint,
            LOCATION: next((value for name, value in headers if name == "location"), ""),
        },
    )
