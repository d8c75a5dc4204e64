"""The one door for uvicorn: serves an application in the running event loop."""

from __future__ import annotations

import logging
import socket
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from fleet.errors import ServerError
from fleet.web.protocol import Limited

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from starlette.types import ASGIApp

_BACKLOG = 512
_STOP_WITHIN = 2  # seconds for answers under way


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where to listen. `proxies` are believed what their X-Forwarded-For says."""

    host: str
    port: int
    proxies: Sequence[str] = ()
    certificate: Path | None = None
    certificate_key: Path | None = None


def listen(place: Place) -> socket.socket:
    """Take the address, so that a start that fails fails early. Raises `ServerError`."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        taken = socket.create_server((place.host, place.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ServerError(
            f"fleet cannot listen on {place.host} port {place.port}: {error.strerror or error}; "
            "set [server] host and port."
        ) from None
    # What it accepts inherits this; an answer in two pieces would else wait for the client's ACK.
    taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return taken


class Server(uvicorn.Server):
    """Serves until `should_exit` is set. Leaves the process's signals to whoever runs the loop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals."""
        yield


def server(app: ASGIApp, place: Place, protocol: type[Limited] = Limited) -> Server:
    """Make a server. Raises `ServerError` for a certificate that cannot be used."""
    # What clients do wrong is counted, not logged: else they could fill the log.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(place.proxies),
        forwarded_allow_ips=list(place.proxies),
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_STOP_WITHIN,
        ssl_certfile=place.certificate,
        ssl_keyfile=place.certificate_key,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise ServerError(
            f"The certificate {place.certificate} or its key cannot be used: {error}; "
            "set [server] certificate and certificate_key."
        ) from None
    return Server(config)
