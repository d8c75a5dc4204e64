"""The HTTP server: uvicorn in the running event loop, with limits for clients that mean no good.

uvicorn waits for ever for a request, takes any size and any number of connections, and asyncio
gives a TLS handshake a minute, unseen. So connections are accepted here, counted for each address
before the handshake, and have a time for each thing they do.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fleet.loop import log_failure

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence


_BACKLOG = 2048  # a site's phones come back all at once after a power cut
_ACCEPTED_AT_ONCE = 100
_PAUSE = 1.0  # seconds without accepting when there are no descriptors left
_KEEP_ALIVE = 5
_IPV6_HOST_BITS = 64  # who has one address of such a network has all of them
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestLimits:
    """What a client may take for one request: seconds and bytes.

    `request` is the time for the TLS handshake, and from the connection, or from a request's first
    byte, to its end. `stall` is the time in which a client must read what waits for it, about
    48 kB; a long answer has no limit here as long as the client reads. `size` is that of a whole
    request.
    """

    request: float = 5.0
    stall: float = 30.0
    size: int = 8 * 1024


class Connections:
    """The connections of one or several listeners, counted by address.

    When all places are taken, the address with most connections makes room for one with fewer: it
    loses the one that has been waiting longest for a request. Addresses that `is_exempt` knows,
    such as reverse proxies, are bounded by the total alone.
    """

    def __init__(
        self, most: int, most_of_one: int, is_exempt: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._most, self._most_of_one, self._is_exempt = most, most_of_one, is_exempt
        self._by_source: defaultdict[str, OrderedDict[Connection, None]] = defaultdict(OrderedDict)
        self._count = 0

    def admit(self, address: str) -> Connection | None:
        """Return a place for a connection from an address; None if it may have none."""
        exempt = self._is_exempt(address)
        source = source_of(address)
        taken = len(self._by_source[source]) if source in self._by_source else 0
        if taken >= self._most_of_one and not exempt:
            return None
        if self._count >= self._most and not self._make_room(taken):
            return None
        made = Connection(self, "" if exempt else source)
        self._by_source[made.source][made] = None
        self._count += 1
        return made

    def _make_room(self, taken: int) -> bool:
        """End a connection of the address that has most, if that is more than `taken`."""
        biggest = max(
            (source for source in self._by_source if source),
            key=lambda source: len(self._by_source[source]),
            default="",
        )
        if not biggest or len(self._by_source[biggest]) <= max(taken, 1):
            return False
        some = self._by_source[biggest]
        victim = next((each for each in some if not each.is_busy), next(iter(some)))
        victim.leave()
        victim.end()
        return True

    def _remove(self, connection: Connection) -> None:
        some = self._by_source.get(connection.source)
        if some is not None and connection in some:
            del some[connection]
            self._count -= 1
            if not some:
                del self._by_source[connection.source]


class Connection:
    """A place among the connections. `end` ends what has it; `is_busy` while it is answered."""

    __slots__ = ("_all", "end", "is_busy", "source")

    def __init__(self, connections: Connections, source: str) -> None:
        self._all = connections
        self.source = source
        self.is_busy = False
        self.end: Callable[[], object] = lambda: None

    def leave(self) -> None:
        """Give the place back; more than once does no harm."""
        self._all._remove(self)  # noqa: SLF001  two classes of one subject


@lru_cache(maxsize=4096)
def source_of(address: str) -> str:
    """Return what an address counts as: of IPv6 its network of 64 bits, of IPv4 itself."""
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(parsed) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS))


class HttpProtocol(HttpToolsProtocol):
    """One connection of one client, with its place among the connections and its limits."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: Any,
        place: Connection,
        limits: RequestLimits,
    ) -> None:
        super().__init__(config, server_state, app_state={})
        self._place = place
        self._limits = limits
        self._received = 0
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, with a time by which the first request has to be there."""
        super().connection_made(transport)
        self._place.end = transport.abort
        self._end_within(self._limits.request)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._place.leave()
        self._end_within(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, up to the largest request there is."""
        if not self._received:  # the first bytes of another request
            self._end_within(self._limits.request)
        self._received += len(data)
        if self._received > self._limits.size:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
            return
        super().data_received(data)

    def on_message_complete(self) -> None:
        """The request is whole: the application takes the time that it needs."""
        self._place.is_busy = True
        self._end_within(None)
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client reads more slowly than the application writes."""
        self._end_within(self._limits.stall)
        super().pause_writing()

    def resume_writing(self) -> None:
        """The client has read most of what waited."""
        self._end_within(None)
        super().resume_writing()

    def on_response_complete(self) -> None:
        """The next request has its own time and size; the rest of this answer must be read."""
        self._place.is_busy = False
        waiting = self.transport.get_write_buffer_size()
        self._end_within(self._limits.stall if waiting else None)
        self._received = 0
        super().on_response_complete()

    def _end_within(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


class HttpServer(uvicorn.Server):
    """Serves an ASGI application until `should_exit` is set; takes no signals.

    `proxies` are believed what their X-Forwarded-For says of the client.
    """

    def __init__(
        self,
        app: Any,
        connections: Connections,
        limits: RequestLimits,
        *,
        context: ssl.SSLContext | None = None,
        protocol: type[HttpProtocol] = HttpProtocol,
        proxies: Sequence[str] = (),
        stops_within: int = 2,
    ) -> None:
        # What clients do wrong is counted, not logged: else they could fill the log.
        logging.getLogger("uvicorn").setLevel(logging.ERROR)
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        super().__init__(
            uvicorn.Config(
                app,
                ws="none",
                lifespan="off",
                loop="none",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=list(proxies),
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=stops_within,
            )
        )
        self._connections, self._limits = connections, limits
        self._context, self._protocol = context, protocol
        self._handshakes: set[asyncio.Task[None]] = set()
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections on sockets that are bound."""
        loop = asyncio.get_running_loop()
        self.servers = []
        for listening in sockets or ():
            listening.listen(_BACKLOG)
            listening.settimeout(0)
            loop.add_reader(listening, self._accept, listening)
        self.started = True
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, and let answers under way finish for a while."""
        loop = asyncio.get_running_loop()
        for listening in sockets or ():
            loop.remove_reader(listening)
        for task in self._handshakes:
            task.cancel()
        await super().shutdown(sockets)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                client, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                self._rest(listening)
                return
            place = self._connections.admit(address[0])
            if place is None:
                client.close()
                continue
            client.settimeout(0)
            # asyncio does so only where the socket names its protocol; else a second small answer
            # on one connection waits 40 ms for the client's delayed acknowledgement.
            with contextlib.suppress(OSError):  # of a client that is gone already
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connecting = self._connect(client, place)
            task = asyncio.get_running_loop().create_task(connecting, name="A TLS handshake")
            place.end = task.cancel
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)
            task.add_done_callback(log_failure)

    def _rest(self, listening: socket.socket) -> None:
        """Leave callers waiting until there may be descriptors again."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)

        def again() -> None:
            if not self.should_exit:
                loop.add_reader(listening, self._accept, listening)

        loop.call_later(_PAUSE, again)

    async def _connect(self, client: socket.socket, place: Connection) -> None:
        """Shake hands where there is TLS, within the time for a request, and begin."""
        within = self._limits.request if self._context else None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._protocol(self.config, self.server_state, place, self._limits),
                client,
                ssl=self._context,
                ssl_handshake_timeout=within,
                ssl_shutdown_timeout=within,
            )
        except OSError:  # of TLS too: whoever cannot shake hands is gone
            place.leave()
            client.close()
        except BaseException:
            place.leave()
            client.close()
            raise
