"""TCP connections to phones, and time-outs that do not blame a phone for our own being busy."""

from __future__ import annotations

import asyncio
import errno
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

from fleet.errors import NotAsked
from fleet.model import Reason
from fleet.phone.http.errors import poll_error
from fleet.resources import shortage, without_network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from fleet.errors import PhoneError

# A clock that is looked at this late (seconds) says that we were busy: what the phone sent in
# time may lie unread.
BUSY = 0.1

_REASONS = {
    errno.ECONNREFUSED: Reason.CONNECTION_REFUSED,
    errno.ETIMEDOUT: Reason.NO_ANSWER,
    errno.EHOSTDOWN: Reason.NO_ANSWER,
    errno.ECONNRESET: Reason.NO_REPLY,
    errno.ECONNABORTED: Reason.NO_REPLY,
}


class FairTimeout:
    """`asyncio.timeout_at` (loop time), with one more look where the loop itself came too late."""

    __slots__ = ("_limit", "_timer", "_when")

    def __init__(self, when: float) -> None:
        self._when = when
        self._limit = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._timer = asyncio.get_running_loop().call_at(self._when, self._due)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._limit.__aexit__(kind, error, trace)

    def _due(self) -> None:
        now = asyncio.get_running_loop().time()
        self._limit.reschedule(now + BUSY if now - self._when > BUSY else now)


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
    Raises PhoneError; NotAsked where this machine is the reason.
    """
    loop = asyncio.get_running_loop()
    trouble_seen: PhoneError | None = None
    for place in await _places(address, port, wait=wait, deadline=deadline, where=where):
        try:
            async with FairTimeout(min(loop.time() + wait, deadline)):
                transport, _ = await loop.create_connection(lambda: protocol, place, port)
        except TimeoutError:
            _check_network(place)
            trouble_seen = poll_error(Reason.NO_ANSWER, where)
        except OSError as error:
            trouble_seen = _trouble_of(error, place, where)
        else:
            return transport
    raise trouble_seen or poll_error(Reason.NAME_NOT_FOUND, where)


async def _places(
    address: str, port: int, *, wait: float, deadline: float, where: str
) -> Sequence[str]:
    if _is_ipv4(address):
        return [address]
    loop = asyncio.get_running_loop()
    try:
        async with FairTimeout(min(loop.time() + wait, deadline)):
            found = await loop.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    except (TimeoutError, OSError, UnicodeError) as error:
        if lack := shortage(error) or without_network():
            raise NotAsked(lack) from None
        raise poll_error(Reason.NAME_NOT_FOUND, where) from None
    return [str(place[0]) for _, _, _, _, place in found]


def _check_network(place: str) -> None:
    """Raise NotAsked if nothing but this machine itself can be reached from here."""
    if not ip_address(place.partition("%")[0]).is_loopback and (lack := without_network()):
        raise NotAsked(lack)


def _is_ipv4(address: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET, address)
    except OSError:
        return False
    return True


def _trouble_of(error: OSError, place: str, where: str) -> PhoneError:
    lack = shortage(error)
    # Without any IPv6 address of our own the system says EADDRNOTAVAIL too.
    if lack and not (error.errno == errno.EADDRNOTAVAIL and ":" in place):
        raise NotAsked(lack) from None
    if error.errno != errno.ECONNREFUSED:
        _check_network(place)
    return poll_error(_REASONS.get(error.errno or 0, Reason.NO_ROUTE), where)
