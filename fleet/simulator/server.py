"""The wire: a connection of a simulated phone, playing replies as bytes, pauses and ends."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias, cast

from fleet.simulator.visit import End, Pause, http

if TYPE_CHECKING:
    from fleet.simulator.phone import SimulatedPhone
    from fleet.simulator.visit import Reply, Step

# From the connection's local address to its phone; None drops the connection at once.
Find: TypeAlias = Callable[[str], "SimulatedPhone | None"]

_MOST_HEAD = 64 * 1024
_TLS_HELLO = 0x16  # the first byte of a TLS handshake record
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """One connection: reads request heads, asks the phone, plays its reply."""

    __slots__ = (
        "_buffer",
        "_find",
        "_loop",
        "_open",
        "_paused",
        "_phone",
        "_script",
        "_source",
        "_timer",
        "_transport",
    )

    def __init__(
        self, find: Find, everyone: set[Connection], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._find = find
        self._open = everyone
        self._loop = loop
        self._buffer = b""
        self._paused = False
        self._phone: SimulatedPhone | None = None
        self._script: Iterator[Step] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Find the phone by the address that was called."""
        self._transport = cast("asyncio.Transport", transport)
        phone = self._find(transport.get_extra_info("sockname")[0])
        if phone is None or not phone.present:
            self._transport.abort()
            return
        self._phone = phone
        self._source: str = transport.get_extra_info("peername")[0]
        self._open.add(self)
        phone.record.opened()
        if phone.behaviour.greet is not None:
            self._play(phone.behaviour.greet())

    def data_received(self, data: bytes) -> None:
        """Collect a request head; answer it when it is whole."""
        if self._buffer:
            data = self._buffer + data
        elif data[0] == _TLS_HELLO:
            self._refuse_tls()
            return
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            self._buffer = data
            if len(data) > _MOST_HEAD:
                self.abort()
            return
        phone = self._phone
        if phone is None or self._script is not None or self._timer is not None:
            self._buffer = rest
            return  # one request at a time; what comes in between is not answered
        length = phone.body_length(head)
        if len(rest) < length:
            self._await_body(phone, data)
            return
        body, self._buffer = rest[:length], rest[length:]
        if phone.spec.delay:
            self._timer = self._loop.call_later(phone.spec.delay, self._answer, phone, head, body)
        else:
            self._answer(phone, head, body)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side went, or we did."""
        del exc
        self._stop()
        if self._phone is not None:
            self._open.discard(self)
            self._phone.record.closed()
            self._phone = None

    def pause_writing(self) -> None:
        """The other side reads slower than we write."""
        self._paused = True

    def resume_writing(self) -> None:
        """It caught up."""
        self._paused = False
        if self._script is not None and self._timer is None:
            self._advance()

    def abort(self) -> None:
        """Close at once, whatever is still to be sent."""
        self._stop()
        self._transport.abort()

    def _refuse_tls(self) -> None:
        """Answer TLS on a plain port as web servers do; a phone that greets stays as it is."""
        if self._phone is not None and self._phone.behaviour.greet is None:
            self._write(http("400 Bad Request"))
            self._transport.close()

    def _await_body(self, phone: SimulatedPhone, data: bytes) -> None:
        """Keep what came; a phone that hangs over two pieces forgets it and says nothing."""
        self._buffer = b"" if phone.hangs_over_two_segments else data

    def _answer(self, phone: SimulatedPhone, head: bytes, body: bytes) -> None:
        self._timer = None
        reply = phone.answer(head, body, self._source)
        if type(reply) is bytes:
            self._write(reply)
            self._transport.close()
        else:
            self._play(reply)

    def _play(self, reply: Reply) -> None:
        self._script = iter((reply,)) if isinstance(reply, bytes) else iter(reply)
        self._advance()

    def _advance(self) -> None:
        self._timer = None
        while self._script is not None and not self._paused:
            if self._transport.is_closing():
                self._stop()
                return
            step = next(self._script, None)
            if step is None:
                self._stop()
                self._transport.close()
            elif isinstance(step, bytes):
                self._write(step)
            elif isinstance(step, Pause):
                self._timer = self._loop.call_later(step.seconds, self._advance)
                return
            else:
                self._end(step)

    def _end(self, end: End) -> None:
        self._script = None
        if end is End.RESET:
            sock: socket.socket = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self._phone is not None and data[9:12] == b"401" and data.startswith(b"HTTP/"):
            self._phone.record.challenges += 1
        self._transport.write(data)

    def _stop(self) -> None:
        self._script = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
