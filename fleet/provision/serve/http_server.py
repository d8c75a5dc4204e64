"""What listens for HTTP, with TLS or without."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from fleet.http_server import HttpServer, RequestLimits
from fleet.loop import log_failure
from fleet.provision.serve.http_protocol import FetchProtocol
from fleet.provision.serve.listener import bound, url_of

if TYPE_CHECKING:
    import ssl

    from fleet.http_server import Connections
    from fleet.provision.serve.http_app import HttpApp

LIMITS = RequestLimits(request=20.0, stall=60.0, size=32 * 1024)
_TO_FINISH = 5


class HttpListener:
    """Serves an application over HTTP; over TLS where it is given a context."""

    def __init__(
        self,
        app: HttpApp,
        connections: Connections,
        *,
        host: str,
        port: int,
        setting: str,
        context: ssl.SSLContext | None = None,
        limits: RequestLimits = LIMITS,
    ) -> None:
        """`setting` names the port's, for errors."""
        self._server = HttpServer(
            app,
            connections,
            limits,
            context=context,
            protocol=FetchProtocol,
            stops_within=2 * _TO_FINISH,
        )
        self._place = (host, port, socket.SOCK_STREAM, setting)
        self._scheme = "https" if context else "http"
        self._url = ""
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._url

    async def start(self) -> None:
        """Listen."""
        listening = bound(*self._place)
        self._url = url_of(self._scheme, listening)
        self._task = asyncio.create_task(self._server.serve([listening]))
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait([ready, self._task], return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            ready.cancel()
            await self._task
        self._task.add_done_callback(log_failure)

    async def stop(self) -> None:
        """Finish what was begun, within seconds."""
        if self._task is None:
            return
        self._server.should_exit = True
        await asyncio.wait([self._task], timeout=_TO_FINISH)
        for protocol in self._server.server_state.connections:
            protocol.transport.abort()  # whoever does not read would keep it open for ever
        await self._task
