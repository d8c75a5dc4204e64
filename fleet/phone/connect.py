"""A TCP connection to a phone, with what the network says against it made plain."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING, Any, TypeAlias

from fleet.model import Reason
from fleet.phone.trouble import trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.errors import PhoneError

_Place: TypeAlias = tuple[socket.AddressFamily, Any]

_REASONS = {
    errno.ECONNREFUSED: Reason.CONNECTION_REFUSED,
    errno.ETIMEDOUT: Reason.NO_ANSWER,
    errno.EHOSTDOWN: Reason.NO_ANSWER,
    errno.ECONNRESET: Reason.NO_REPLY,
    errno.ECONNABORTED: Reason.NO_REPLY,
    errno.EMFILE: Reason.INTERNAL_ERROR,
    errno.ENFILE: Reason.INTERNAL_ERROR,
    errno.ENOBUFS: Reason.INTERNAL_ERROR,
    errno.ENOMEM: Reason.INTERNAL_ERROR,
}


async def open_socket(
    address: str, port: int, *, wait: float, deadline: float, where: str
) -> socket.socket:
    """A connected, non-blocking socket.

    `wait` seconds at most for each address of the name, none past `deadline` (loop time).
    Raises PhoneError.
    """
    trouble_seen = trouble(Reason.NAME_NOT_FOUND, where)
    for place in await _places(address, port, wait=wait, deadline=deadline, where=where):
        try:
            return await _connected(place, wait=wait, deadline=deadline)
        except TimeoutError:
            trouble_seen = trouble(Reason.NO_ANSWER, where)
        except OSError as error:
            trouble_seen = _trouble_of(error, where)
    raise trouble_seen


async def _places(
    address: str, port: int, *, wait: float, deadline: float, where: str
) -> Sequence[_Place]:
    if _is_ipv4(address):
        return [(socket.AF_INET, (address, port))]
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout_at(min(loop.time() + wait, deadline)):
            found = await loop.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    except (TimeoutError, OSError, UnicodeError):
        raise trouble(Reason.NAME_NOT_FOUND, where) from None
    return [(family, place) for family, _, _, _, place in found]


def _is_ipv4(address: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET, address)
    except OSError:
        return False
    return True


async def _connected(place: _Place, *, wait: float, deadline: float) -> socket.socket:
    loop = asyncio.get_running_loop()
    family, address = place
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(0)
        async with asyncio.timeout_at(min(loop.time() + wait, deadline)):
            await loop.sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


def _trouble_of(error: OSError, where: str) -> PhoneError:
    return trouble(_REASONS.get(error.errno or 0, Reason.NO_ROUTE), where)
