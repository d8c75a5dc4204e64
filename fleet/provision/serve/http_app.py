"""The HTTP side: an ASGI application for one request after the other."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

from fleet.errors import StoreError
from fleet.model import FetchOutcome
from fleet.phone.catalog import MAX_MODULES
from fleet.provision.files.networks import client_address
from fleet.provision.files.reply import Conditions, busy, refusal, reply_with, wrong_method
from fleet.provision.serve.delivery import STALL, Delivery
from fleet.provision.serve.request_handler import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet.model import Fetch
    from fleet.provision.files.names import Paths
    from fleet.provision.files.networks import Network
    from fleet.provision.files.reply import Reply
    from fleet.provision.serve.connection import Connection
    from fleet.provision.serve.delivery import Message, Receive, Send
    from fleet.provision.serve.request_handler import Answer, RequestHandler

_log = logging.getLogger(__name__)

CONNECTION = "fleet.connection"  # in the state of a request's scope, where the server tells
_PATHS = 65_536  # that are remembered with their files
_METHODS = ("GET", "HEAD")
_SINGLE = {
    b"user-agent": "agent",
    b"authorization": "authorization",
    b"if-none-match": "if_none_match",
    b"if-modified-since": "if_modified_since",
    b"range": "range",
    b"if-range": "if_range",
    **{f"x-aastra-expmod{n}".encode(): f"module{n}" for n in range(1, MAX_MODULES + 1)},
}
_MODULE = re.compile(r"[A-Za-z0-9]{1,16}")
_CONDITIONS = ("if_none_match", "if_modified_since", "range", "if_range")


class HttpApp:
    """Answers with files. `protocol` is how fetches over it are recorded."""

    def __init__(
        self,
        handler: RequestHandler,
        *,
        paths: Paths,
        trusted: Iterable[Network],
        protocol: str,
        stall: float = STALL,
    ) -> None:
        self._handler = handler
        self._file_of = lru_cache(maxsize=_PATHS)(paths.file)
        self._trusted = tuple(trusted)
        self._protocol = protocol
        self._stall = stall
        self._is_away = False

    async def __call__(self, scope: Message, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        connection: Connection | None = scope.get("state", {}).get(CONNECTION)
        if scope["method"] not in _METHODS:
            await Delivery(wrong_method(), connection, self._stall).run(send)
            return
        headers, forwarded = _headers(scope["headers"])
        answer = await self._ask(scope, headers, forwarded)
        reply = self._reply(answer, scope["method"], headers)
        delivery = Delivery(reply, connection, self._stall)
        try:
            await delivery.run(send)
        finally:
            if answer is not None and answer.fetch is not None:
                self._handler.record(_ended(answer.fetch, answer, reply, delivery))

    async def _ask(
        self, scope: Message, headers: dict[str, str], forwarded: list[str]
    ) -> Answer | None:
        path: bytes = scope["raw_path"]
        file, with_secret = self._file_of(path)
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        request = Request(
            file=file,
            address=client_address((scope["client"] or ("",))[0], forwarded, self._trusted),
            with_secret=with_secret,
            protocol=self._protocol,
            agent=headers.get("agent", ""),
            authorization=headers.get("authorization", ""),
            modules=_modules(headers),
            method=scope["method"],
            target=(path + query).decode("latin-1"),
        )
        try:
            answer = await self._handler.handle(request)
        except StoreError as error:
            if not self._is_away:
                _log.error("Files cannot be served: %s", error)
            self._is_away = True
            return None
        self._is_away = False
        return answer

    def _reply(self, answer: Answer | None, method: str, headers: dict[str, str]) -> Reply:
        if answer is None:
            return busy()
        if answer.content is None:
            return refusal(answer.challenge)
        conditions = {name: headers.get(name, "") for name in _CONDITIONS}
        return reply_with(answer.content, Conditions(method=method, **conditions))


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> tuple[dict[str, str], list[str]]:
    """The headers that count, by our names for them, and all of X-Forwarded-For."""
    headers: dict[str, str] = {}
    forwarded: list[str] = []
    for name, value in raw:
        if ours := _SINGLE.get(name):
            headers.setdefault(ours, value.decode("latin-1"))
        elif name == b"x-forwarded-for":
            forwarded.append(value.decode("latin-1"))
    return headers, forwarded


def _modules(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The expansion modules that are fitted (facts/provisioning 1.5), up to one that is none."""
    if "module1" not in headers:
        return ()
    named = (headers.get(f"module{n}", "").strip() for n in range(1, MAX_MODULES + 1))
    return tuple(takewhile(_MODULE.fullmatch, named))


def _ended(fetch: Fetch, answer: Answer, reply: Reply, delivery: Delivery) -> Fetch:
    """What is written down of a request: a digest only where these bytes as a whole are meant."""
    if answer.content is None:
        return fetch
    meant = reply.whole or reply.outcome is FetchOutcome.NOT_MODIFIED
    return replace(
        fetch,
        revision=answer.content.revision,
        outcome=_outcome(fetch, reply) if delivery.is_complete else FetchOutcome.CUT_OFF,
        digest=answer.content.digest if meant else "",
        sent=delivery.arrived,
    )


def _outcome(fetch: Fetch, reply: Reply) -> FetchOutcome:
    """The reply's outcome, unless the file is that of a phone that is not approved."""
    return fetch.outcome if fetch.outcome is FetchOutcome.NOT_APPROVED else reply.outcome
