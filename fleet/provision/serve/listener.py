"""What listens: each kind is started, says where, and is stopped."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Protocol

from fleet.errors import ServerError

if TYPE_CHECKING:
    from socket import SocketKind

# Of each connection, which inherits it: 20,000 phones at once may not have megabytes each, and what
# waits here is what is not known to have arrived.
_SEND_BUFFER = 128 * 1024


class Listener(Protocol):
    """Something that serves files from its start to its stop."""

    @property
    def url(self) -> str:
        """Where it listens, once it was started."""

    async def start(self) -> None:
        """Listen. Raises `ServerError` where that cannot be."""

    async def stop(self) -> None:
        """Let those who are being served finish, for a while, and end."""


def bound(host: str, port: int, kind: SocketKind, setting: str) -> socket.socket:
    """A socket on that address, of IPv4 or IPv6. Raises `ServerError` that names the setting."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=kind, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind)
        if kind is socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        try:
            made.bind(address)
        except OSError:
            made.close()
            raise
    except OSError as error:
        raise ServerError(
            f"[provisioning] {setting}: cannot listen on {host} port {port}: "
            f"{error.strerror or error}."
        ) from None
    made.settimeout(0)
    return made


def url_of(scheme: str, listening: socket.socket) -> str:
    """Where a socket listens, as a URL."""
    host, port, *_ = listening.getsockname()
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"
