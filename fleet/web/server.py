"""Where the dashboard, the API and the push endpoint listen, and with which limits."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.descriptors import share
from fleet.errors import ServerError
from fleet.http_server import Connections, HttpServer, RequestLimits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from starlette.types import ASGIApp

_MOST, _OF_DESCRIPTORS = 512, 0.125
_MOST_OF_ONE = 64  # connections of one address; a reverse proxy needs no more


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
        taken = socket.create_server((place.host, place.port), family=family)
    except OSError as error:
        raise ServerError(
            f"fleet cannot listen on {place.host} port {place.port}: {error.strerror or error}; "
            "set [server] host and port."
        ) from None
    # What it accepts inherits this; an answer in two pieces would else wait for the client's ACK.
    taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return taken


def server(app: ASGIApp, place: Place, limits: RequestLimits | None = None) -> HttpServer:
    """Make a server. Raises `ServerError` for a certificate that cannot be used."""
    most = share(_OF_DESCRIPTORS, _MOST)
    return HttpServer(
        app,
        Connections(most, min(most, _MOST_OF_ONE)),
        limits or RequestLimits(),
        context=_context(place),
        proxies=place.proxies,
    )


def _context(place: Place) -> ssl.SSLContext | None:
    if place.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(place.certificate, place.certificate_key)
    except OSError as error:
        raise ServerError(
            f"The certificate {place.certificate} or its key cannot be used: {error}; "
            "set [server] certificate and certificate_key."
        ) from None
    return context
