"""The HTTP side: an ASGI application for one request after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from fleet.errors import StoreError
from fleet.model import FetchOutcome
from fleet.provision.files.names import file_of_path
from fleet.provision.files.networks import client_address
from fleet.provision.files.reply import Conditions, busy, refusal, reply_with, wrong_method
from fleet.provision.serve.desk import Request

if TYPE_CHECKING:
    from fleet.model import Fetch
    from fleet.provision.files.networks import Network
    from fleet.provision.files.reply import Reply
    from fleet.provision.serve.connection import Connection
    from fleet.provision.serve.desk import Answer, Desk

Message: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Receive: TypeAlias = Callable[[], Awaitable[Message]]

_log = logging.getLogger(__name__)

CONNECTION = "fleet.connection"  # in the state of a request's scope, where the server tells
_PIECE = 64 * 1024
_STALL = 60.0  # seconds without progress after which a client is given up on
_METHODS = ("GET", "HEAD")
_SINGLE = {
    b"user-agent": "agent",
    b"authorization": "authorization",
    b"if-none-match": "if_none_match",
    b"if-modified-since": "if_modified_since",
    b"range": "range",
    b"if-range": "if_range",
}
_CONDITIONS = ("if_none_match", "if_modified_since", "range", "if_range")


class HttpApp:
    """Answers with files. `protocol` is how fetches over it are recorded."""

    def __init__(
        self,
        desk: Desk,
        *,
        secret: str,
        trusted: Iterable[Network],
        protocol: str,
        stall: float = _STALL,
    ) -> None:
        self._desk = desk
        self._secret = secret
        self._trusted = tuple(trusted)
        self._protocol = protocol
        self._stall = stall
        self._is_away = False

    async def __call__(self, scope: Message, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        connection: Connection | None = scope.get("state", {}).get(CONNECTION)
        if scope["method"] not in _METHODS:
            await _send(send, wrong_method(), connection, self._stall)
            return
        said, forwarded = _headers(scope["headers"])
        answer = await self._ask(scope, said, forwarded)
        reply = self._reply(answer, scope["method"], said)
        sent = await _send(send, reply, connection, self._stall)
        if answer is not None and answer.fetch is not None:
            self._desk.record(_ended(answer.fetch, answer, reply, sent))

    async def _ask(
        self, scope: Message, said: dict[str, str], forwarded: list[str]
    ) -> Answer | None:
        path: bytes = scope["raw_path"]
        file, with_secret = file_of_path(path, self._secret)
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        request = Request(
            file=file,
            address=client_address((scope["client"] or ("",))[0], forwarded, self._trusted),
            with_secret=with_secret,
            protocol=self._protocol,
            agent=said.get("agent", ""),
            authorization=said.get("authorization", ""),
            method=scope["method"],
            target=(path + query).decode("latin-1"),
        )
        try:
            answer = await self._desk.ask(request)
        except StoreError as error:
            if not self._is_away:
                _log.error("Files cannot be served: %s", error)
            self._is_away = True
            return None
        self._is_away = False
        return answer

    def _reply(self, answer: Answer | None, method: str, said: dict[str, str]) -> Reply:
        if answer is None:
            return busy()
        if answer.content is None:
            return refusal(answer.challenge)
        conditions = {name: said.get(name, "") for name in _CONDITIONS}
        return reply_with(answer.content, Conditions(method=method, **conditions))


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> tuple[dict[str, str], list[str]]:
    """The headers that count, by our names for them, and all of X-Forwarded-For."""
    said: dict[str, str] = {}
    forwarded: list[str] = []
    for name, value in raw:
        if ours := _SINGLE.get(name):
            said.setdefault(ours, value.decode("latin-1"))
        elif name == b"x-forwarded-for":
            forwarded.append(value.decode("latin-1"))
    return said, forwarded


def _ended(fetch: Fetch, answer: Answer, reply: Reply, sent: int) -> Fetch:
    """What is written down of a request: a digest only where these bytes as a whole are meant."""
    if answer.content is None:
        return fetch
    complete = sent == reply.size
    meant = reply.whole or reply.outcome is FetchOutcome.NOT_MODIFIED
    return replace(
        fetch,
        outcome=reply.outcome if complete else FetchOutcome.CUT_OFF,
        digest=answer.content.digest if meant else "",
        sent=sent,
    )


async def _send(send: Send, reply: Reply, connection: Connection | None, stall: float) -> int:
    """Send a reply; give how many bytes of its body arrived, as far as can be known."""
    headers = list(reply.headers)
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if connection is None:
        for piece in _pieces(reply.parts):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        arrived = reply.size
    else:
        arrived = await _deliver(send, reply, connection, stall)
    if arrived == reply.size:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    return arrived


async def _deliver(send: Send, reply: Reply, connection: Connection, stall: float) -> int:
    """Send the body and see it arrive. A client that takes nothing for long is given up on."""
    handed = arrived = 0
    try:
        for piece in _pieces(reply.parts):
            async with asyncio.timeout(stall):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            if connection.is_lost:
                return arrived
            handed += len(piece)
            arrived = max(arrived, handed - connection.unsent())
        left = await connection.settle(stall)
    except TimeoutError:
        left = max(connection.unsent(), 1)
    arrived = max(arrived, handed - left)
    if arrived < reply.size and not connection.is_lost:
        await connection.abort()
    return max(arrived, 0)


def _pieces(parts: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    for part in parts:
        if len(part) <= _PIECE:
            yield part
            continue
        view = memoryview(part)
        for start in range(0, len(view), _PIECE):
            yield view[start : start + _PIECE]
