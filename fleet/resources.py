"""What this machine may run out of: descriptors, memory, threads, network."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from fleet.descriptors import are_few_left

_DESCRIPTORS = (
    "This machine has no file descriptors left: raise the limit (ulimit -n, LimitNOFILE) or lower "
    "[poll] concurrency."
)
_MEMORY = "This machine has no memory left: give fleet more, or lower [poll] concurrency."
_BUFFERS = "This machine has no network buffers or ports left: lower [poll] concurrency."
_NETWORK = "This machine has no network: check its interfaces and routes."

_OF_ERRNO = {
    errno.EMFILE: _DESCRIPTORS,
    errno.ENFILE: _DESCRIPTORS,
    errno.ENOMEM: _MEMORY,
    errno.ENOBUFS: _BUFFERS,
    errno.EADDRNOTAVAIL: _BUFFERS,
    errno.ENETDOWN: _NETWORK,
}
_INTERFACES = Path("/sys/class/net")
_ROUTES = Path("/proc/net/route"), Path("/proc/net/ipv6_route")
_UP = ("up", "unknown", "dormant")  # tunnels do not know


def shortage(error: BaseException) -> str:
    """What this machine lacked if that is the reason for an error, else an empty text."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(shortage, error.exceptions)), "")
    if isinstance(error, MemoryError):
        return _MEMORY
    if isinstance(error, socket.gaierror):
        # The resolver does not say which of its files or sockets it could not open.
        return _MEMORY if error.errno == socket.EAI_MEMORY else _without_socket()
    if isinstance(error, OSError):
        return _OF_ERRNO.get(error.errno or 0, "")
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return _MEMORY
    return ""


def without_descriptors() -> str:
    """What to say if this process has no file descriptors left, or hardly any, else an empty text.

    For what does not tell why it could not open a file (SQLite).
    """
    return _without_socket() or (_DESCRIPTORS if are_few_left() else "")


def without_network() -> str:
    """What to say if no interface but loopback is up with a route, else an empty text.

    Empty as well where the system does not tell.
    """
    try:
        names = {path.name for path in _INTERFACES.iterdir()} - {"lo"}
        up = {name for name in names if _state(name) in _UP}
        routes = " ".join(path.read_text() for path in _ROUTES if path.exists()).split()
    except OSError:
        return ""
    return "" if up.intersection(routes) else _NETWORK


def _state(interface: str) -> str:
    return (_INTERFACES / interface / "operstate").read_text().strip()


def _without_socket() -> str:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except OSError as error:
        return shortage(error)
    return ""
