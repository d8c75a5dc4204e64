"""The phone's side of SIP: asks registrars, and answers whoever asks the phone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from fleet.simulator.sip.wire import TcpStream, connect_tcp, open_udp

if TYPE_CHECKING:
    from fleet.simulator.sip.message import SipMessage
    from fleet.simulator.sip.wire import Address, UdpSocket, Way

Answer: TypeAlias = Callable[["SipMessage", str], "SipMessage | None"]
"""From a request and the address it came from to the answer; None: silence."""

_T1 = 0.5
_T2 = 4.0
_REMEMBERED = 32


class PhoneSip:
    """A phone's SIP, on one UDP port; TCP only towards registrars. `patience` is in seconds."""

    def __init__(self, *, answer: Answer, patience: float, token: Callable[[], str]) -> None:
        self._answer = answer
        self._patience = patience
        self._token = token
        self._waiting: dict[str, asyncio.Future[SipMessage]] = {}
        self._answered: dict[tuple[str, str], bytes] = {}
        self._streams: set[TcpStream] = set()
        self._udp: UdpSocket

    async def open(self, address: str, port: int) -> None:
        """Listen; OSError where the port is taken."""
        self._udp = await open_udp(self._hear, address, port)

    def close(self) -> None:
        """Listen no more."""
        self._udp.close()
        self.hang_up()

    def hang_up(self) -> None:
        """End the connections to registrars."""
        for stream in tuple(self._streams):
            stream.abort()

    @property
    def address(self) -> Address:
        """Where the phone is reached."""
        return self._udp.address

    async def ask(self, request: SipMessage, place: Address, *, tcp: bool) -> SipMessage | None:
        """The final answer to a request, to which a Via is added; None where nobody answers."""
        branch = f"z9hG4bK{self._token()}"
        future: asyncio.Future[SipMessage] = asyncio.get_running_loop().create_future()
        self._waiting[branch] = future
        try:
            async with asyncio.timeout(self._patience):
                way, (host, port) = await self._way(place, tcp=tcp)
                via = f"SIP/2.0/{way.transport} {host}:{port};branch={branch};rport"
                whole = replace(request, headers=(("Via", via), *request.headers))
                await _until_answered(future, way, whole.to_bytes())
                return future.result()
        except (OSError, TimeoutError):
            return None
        finally:
            del self._waiting[branch]

    async def _way(self, place: Address, *, tcp: bool) -> tuple[Way, Address]:
        """The way to a place, and our own end of it."""
        if not tcp:
            return self._udp.way(place), self.address
        open_now = (stream for stream in self._streams if not stream.closed)
        stream = next((one for one in open_now if one.way.address == place), None)
        if stream is None:
            source = self.address[0]
            stream = await connect_tcp(self._hear, self._streams, place, source=source)
        return stream.way, stream.local

    def _hear(self, message: SipMessage, way: Way) -> None:
        if message.status:
            waiting = self._waiting.get(message.branch)
            if waiting is not None and message.status >= 200 and not waiting.done():
                waiting.set_result(message)
            return
        said = self._answered.get(message.turn)  # sent again: nothing is done twice
        if said is None:
            answer = self._answer(message, way.address[0])
            if answer is None:
                return
            said = self._answered[message.turn] = answer.to_bytes()
            if len(self._answered) > _REMEMBERED:
                del self._answered[next(iter(self._answered))]
        way.send(said)


async def _until_answered(future: asyncio.Future[SipMessage], way: Way, data: bytes) -> None:
    """Send, and over UDP send again, more and more slowly (RFC 3261, 17.1.2.1)."""
    pause = _T1
    while not future.done():
        way.send(data)
        await asyncio.wait({future}, timeout=pause if way.transport == "UDP" else None)
        pause = min(2 * pause, _T2)
