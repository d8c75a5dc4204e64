"""Where simulated phones live: a loopback address each, or a port each on 127.0.0.1."""

from __future__ import annotations

import ipaddress
import socket
import sys

_FIRST = int(ipaddress.IPv4Address("127.16.0.1"))
_MOST = int(ipaddress.IPv4Address("127.250.255.254")) - _FIRST


def whole_loopback() -> bool:
    """Whether all of 127.0.0.0/8 is this machine (Linux), not 127.0.0.1 alone (macOS)."""
    with socket.socket() as sock:
        try:
            sock.bind(("127.0.0.2", 0))
        except OSError:
            return False
    return True


def address_of(index: int) -> str:
    """The loopback address of a phone, from 127.16.0.1 on; ValueError beyond 15 million."""
    if index > _MOST:
        message = f"there are no loopback addresses for more than {_MOST + 1} phones"
        raise ValueError(message)
    return str(ipaddress.IPv4Address(_FIRST + index))


def listening_socket(address: str, port: int) -> socket.socket:
    """A bound socket, ready to listen; OSError if the port is taken."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    sock.settimeout(0)  # never blocks
    return sock


def closed_port(address: str) -> socket.socket:
    """A port that is kept from others but that nothing listens on: connections are refused."""
    return listening_socket(address, 0)


def black_hole(address: str) -> list[socket.socket]:
    """A port whose queue is full and never emptied; the first socket holds it.

    Linux drops connection requests to it, as for a phone that is off. Elsewhere they may be
    refused or hang otherwise, so there a closed port has to do.
    """
    hole = closed_port(address)
    if not sys.platform.startswith("linux"):
        return [hole]
    hole.listen(0)
    port = hole.getsockname()[1]
    sockets = [hole]
    for _ in range(2):
        filler = socket.socket()
        filler.settimeout(0)
        filler.connect_ex(("127.0.0.1", port))
        sockets.append(filler)
    return sockets
