"""A registrar's UDP socket and TCP listener, on one port."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet.simulator.sip.wire import TcpStream, open_udp

if TYPE_CHECKING:
    from fleet.simulator.sip.wire import Address, Hear, UdpSocket

_TRIES = 50  # a port that is free for UDP may be somebody's for TCP


class Sockets:
    """Both, until `close`."""

    def __init__(self, udp: UdpSocket, tcp: asyncio.Server, streams: set[TcpStream]) -> None:
        self._udp = udp
        self._tcp = tcp
        self._streams = streams
        self.address: Address = udp.address

    def drop_connections(self) -> None:
        """End every TCP connection; new ones are taken."""
        for stream in tuple(self._streams):
            stream.abort()

    def close(self) -> None:
        """Let go of the port."""
        self._udp.close()
        self._tcp.close()
        self.drop_connections()


async def open_both(hear: Hear, address: str, port: int) -> Sockets:
    """Listen by UDP and TCP; OSError where the port, or with 0 every port tried, is taken."""
    for _ in range(_TRIES):
        try:
            return await _open(hear, address, port)
        except OSError as error:
            if port:
                raise
            failure = error
    raise failure


async def _open(hear: Hear, address: str, port: int) -> Sockets:
    streams: set[TcpStream] = set()
    udp = await open_udp(hear, address, port)
    loop = asyncio.get_running_loop()
    try:
        tcp = await loop.create_server(lambda: TcpStream(hear, streams), *udp.address)
    except OSError:
        udp.close()
        raise
    return Sockets(udp, tcp, streams)
