"""A TCP connection to a phone, with what the network says against it made plain."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING

from fleet.model import Reason
from fleet.phone.fair_timeout import FairTimeout
from fleet.phone.trouble import trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.errors import PhoneError

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


async def connect(
    protocol: asyncio.Protocol,
    address: str,
    port: int,
    *,
    wait: float,
    deadline: float,
    where: str,
) -> asyncio.Transport:
    """Connect `protocol` over TCP.

    `wait` seconds at most for each address of the name, none past `deadline` (loop time).
    Raises PhoneError.
    """
    loop = asyncio.get_running_loop()
    trouble_seen: PhoneError | None = None
    for place in await _places(address, port, wait=wait, deadline=deadline, where=where):
        try:
            async with FairTimeout(min(loop.time() + wait, deadline)):
                transport, _ = await loop.create_connection(lambda: protocol, place, port)
        except TimeoutError:
            trouble_seen = trouble(Reason.NO_ANSWER, where)
        except OSError as error:
            trouble_seen = _trouble_of(error, where)
        else:
            return transport
    raise trouble_seen or trouble(Reason.NAME_NOT_FOUND, where)


async def _places(
    address: str, port: int, *, wait: float, deadline: float, where: str
) -> Sequence[str]:
    if _is_ipv4(address):
        return [address]
    loop = asyncio.get_running_loop()
    try:
        async with FairTimeout(min(loop.time() + wait, deadline)):
            found = await loop.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    except (TimeoutError, OSError, UnicodeError):
        raise trouble(Reason.NAME_NOT_FOUND, where) from None
    return [str(place[0]) for _, _, _, _, place in found]


def _is_ipv4(address: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET, address)
    except OSError:
        return False
    return True


def _trouble_of(error: OSError, where: str) -> PhoneError:
    return trouble(_REASONS.get(error.errno or 0, Reason.NO_ROUTE), where)
