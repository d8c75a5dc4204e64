"""TFTP, for reading only: a socket for requests, and one for each transfer.

A server of our own, for want of a library that is kept, is asynchronous, cannot write, and survives
what unknown fetchers send (docs/decisions.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from fleet.errors import FleetError
from fleet.http_server import Connections
from fleet.loop import log_failure
from fleet.model import FetchOutcome
from fleet.provision.files.decide import TFTP
from fleet.provision.files.networks import client_address
from fleet.provision.serve.listener import bound, url_of
from fleet.provision.serve.request_handler import Request
from fleet.provision.serve.tftp_packets import (
    Code,
    Op,
    as_netascii,
    error,
    opcode,
    parse_read,
    terms_of,
)
from fleet.provision.serve.tftp_transfer import Transfer

if TYPE_CHECKING:
    from fleet.http_server import Connection
    from fleet.model import Fetch
    from fleet.provision.files.content import Content
    from fleet.provision.files.names import Paths
    from fleet.provision.serve.request_handler import Answer, RequestHandler
    from fleet.provision.serve.tftp_packets import ReadRequest

Peer: TypeAlias = tuple[Any, ...]
"""A client's socket address, of IPv4 or IPv6."""

_log = logging.getLogger(__name__)

_MODES = ("octet", "netascii")
_NOT_FOUND = error(Code.NOT_FOUND, "File not found")
_ILLEGAL = error(Code.ILLEGAL, "Illegal operation")
_UNKNOWN = error(Code.UNKNOWN_TRANSFER, "Unknown transfer ID")


class TftpListener:
    """Answers requests to read. A client that asks twice while it is served is served once.

    At most `most` transfers go on at a time, a quarter of them for one address; who is one too
    many gets no answer, and asks again.
    """

    def __init__(
        self, handler: RequestHandler, *, host: str, port: int, paths: Paths, most: int
    ) -> None:
        self._handler = handler
        self._place = (host, port, socket.SOCK_DGRAM, "tftp_port")
        self._paths = paths
        self._places = Connections(most, max(most // 4, 1))
        self._url = ""
        self._transport: asyncio.DatagramTransport | None = None
        self._host = host
        self._tasks: dict[Peer, asyncio.Task[None]] = {}

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._url

    async def start(self) -> None:
        """Listen."""
        listening = bound(*self._place)
        self._url = url_of("tftp", listening)
        loop = asyncio.get_running_loop()
        made = await loop.create_datagram_endpoint(lambda: _Door(self._arrived), sock=listening)
        self._transport = made[0]

    async def stop(self) -> None:
        """End; transfers under way are cut off."""
        if self._transport is not None:
            self._transport.close()
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _arrived(self, packet: bytes, peer: Peer) -> None:
        """Take a packet that begins something, or ought to."""
        if self._transport is None or peer in self._tasks or opcode(packet) == Op.ERROR:
            return
        asked = parse_read(packet)
        if asked is None or asked.mode not in _MODES:
            self._transport.sendto(_ILLEGAL, peer)
        elif (place := self._places.admit(str(peer[0]))) is not None:
            serving = self._serve(asked, peer, place)
            task = asyncio.create_task(serving, name="A TFTP transfer")
            self._tasks[peer] = task
            place.end = task.cancel

            def over(_: object) -> None:
                place.leave()
                self._tasks.pop(peer, None)

            task.add_done_callback(over)
            task.add_done_callback(log_failure)

    async def _serve(self, asked: ReadRequest, peer: Peer, place: Connection) -> None:
        try:
            answer = await self._handler.handle(self._request(asked, peer))
        except FleetError as problem:
            _log.error("Files cannot be served over TFTP: %s", problem)
            return  # no answer: the client asks again
        if answer.content is None:
            if answer.fetch is not None:
                self._handler.record(answer.fetch)
            if self._transport is not None:
                self._transport.sendto(_NOT_FOUND, peer)
            return
        await self._give(asked, answer, answer.content, peer, place)

    def _request(self, asked: ReadRequest, peer: Peer) -> Request:
        file, with_secret = self._paths.file(asked.name.replace(b"%", b"%25"))
        return Request(
            file=file,
            address=client_address(peer[0], (), ()),
            with_secret=with_secret,
            protocol=TFTP,
        )

    async def _give(
        self, asked: ReadRequest, answer: Answer, content: Content, peer: Peer, place: Connection
    ) -> None:
        loop = asyncio.get_running_loop()
        body = as_netascii(content.body) if asked.mode == "netascii" else content.body
        transfer = Transfer(body, terms_of(asked.options, len(body)), loop.time())
        try:
            await _carry_out(transfer, self._host, peer, place)
        finally:
            if answer.fetch is not None:
                self._handler.record(_ended(answer.fetch, content, transfer))


def _ended(fetch: Fetch, content: Content, transfer: Transfer) -> Fetch:
    outcome = fetch.outcome if transfer.is_complete else FetchOutcome.CUT_OFF
    return replace(
        fetch,
        outcome=outcome,
        revision=content.revision,
        digest=content.digest,
        sent=transfer.arrived,
    )


async def _carry_out(transfer: Transfer, host: str, peer: Peer, place: Connection) -> None:
    """Send a file from a socket of its own, which is the transfer's identity."""
    loop = asyncio.get_running_loop()
    heard: asyncio.Queue[bytes] = asyncio.Queue(maxsize=16)
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Ear(peer, heard), local_addr=(host, 0)
    )
    try:
        transport.sendto(transfer.packet(), peer)
        while not transfer.is_over:
            if await _is_to_send(transfer, heard):
                transport.sendto(transfer.packet(), peer)
            place.is_busy = transfer.arrived > 0
    finally:
        transport.close()


async def _is_to_send(transfer: Transfer, heard: asyncio.Queue[bytes]) -> bool:
    """Wait for the client, or for its time to be over; tell whether it is to be sent something."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(transfer.due):
            return transfer.hear(await heard.get(), loop.time())
    return transfer.wait_is_over(loop.time())


class _Door(asyncio.DatagramProtocol):
    """Where requests come in."""

    def __init__(self, arrived: Any) -> None:
        self._arrived = arrived

    def datagram_received(self, data: bytes, addr: Peer) -> None:
        """Hand it on."""
        self._arrived(data, addr)


class _Ear(asyncio.DatagramProtocol):
    """Where one client's acknowledgements come in; others are told that they are wrong here."""

    def __init__(self, peer: Peer, heard: asyncio.Queue[bytes]) -> None:
        self._peer = peer
        self._heard = heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to answer strangers with."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Peer) -> None:
        """Take what the client sent; what does not fit into the queue is as good as lost."""
        if addr[:2] != self._peer[:2]:
            if opcode(data) != Op.ERROR:
                self._transport.sendto(_UNKNOWN, addr)
        elif not self._heard.full():
            self._heard.put_nowait(data)
