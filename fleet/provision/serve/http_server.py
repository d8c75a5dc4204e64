"""uvicorn in a loop that is not its own: it takes no signals, and writes no log of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from typing import TYPE_CHECKING

import uvicorn

from fleet.provision.serve.http_protocol import FetchProtocol
from fleet.provision.serve.listener import bound, url_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from fleet.provision.serve.http_app import HttpApp

_BACKLOG = 2048  # a site's phones come back all at once after a power cut
_MOST_CONNECTIONS = 5000
_KEEP_ALIVE = 5
_TO_FINISH = 5


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs the loop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say when that is done."""
        await super().startup(sockets)
        self.ready.set()


class HttpListener:
    """Serves an application over HTTP; over TLS where it is given a context."""

    def __init__(
        self,
        app: HttpApp,
        *,
        host: str,
        port: int,
        setting: str,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """`setting` names the port's, for errors."""
        self._app = app
        self._place = (host, port, socket.SOCK_STREAM, setting)
        self._context = context
        self._url = ""
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._url

    async def start(self) -> None:
        """Listen."""
        listening = bound(*self._place)
        self._url = url_of("https" if self._context else "http", listening)
        self._server = _Server(self._config())
        self._task = asyncio.create_task(self._server.serve([listening]))
        await self._server.ready.wait()

    async def stop(self) -> None:
        """Finish what was begun, within seconds."""
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        await asyncio.wait([self._task], timeout=_TO_FINISH)
        for protocol in self._server.server_state.connections:
            protocol.transport.abort()  # whoever does not read would keep it open for ever
        await self._task

    def _config(self) -> uvicorn.Config:
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        context = self._context
        return uvicorn.Config(
            self._app,
            http=FetchProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=_BACKLOG,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=2 * _TO_FINISH,
            ssl_context_factory=(lambda _config, _default: context) if context else None,
        )
