"""The use case of finding phones on a network: one request an address, without a login."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING, TypeVar

from fleet.descriptors import fitting
from fleet.errors import UsageError
from fleet.phone.probe import probe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from fleet.phone.http.target import Timeouts
    from fleet.phone.probe import Probe

T = TypeVar("T")

MOST_ADDRESSES = 2**16
AT_A_TIME = 128


def addresses(networks: Sequence[str]) -> list[str]:
    """Give the hosts' addresses of networks in CIDR notation, each once.

    Raises `UsageError` for what is no network, or for more than 65,536 addresses in all.
    """
    found: dict[str, None] = {}
    for text in networks:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise UsageError(
                f"{text} is not a network; write it like 10.1.0.0/24, or 10.1.0.7 for one address."
            ) from None
        if network.num_addresses + len(found) > MOST_ADDRESSES:
            raise UsageError(
                f"{text} makes it more than {MOST_ADDRESSES} addresses; ask for fewer."
            )
        found.update(dict.fromkeys(map(str, network.hosts())))
    return list(found)


async def discover(
    hosts: Sequence[str],
    *,
    ports: Sequence[tuple[str, int]],
    rate: float,
    timeouts: Timeouts,
    progress: Callable[[], None],
    secrets: Sequence[str] = (),
) -> list[Probe]:
    """Ask every host at the given (scheme, port)s, at most `rate` requests a second.

    Gives the phones among them, in the hosts' order. `progress` is called after each request.
    `secrets` are redacted in what they send.
    Raises `NotAsked` if this machine could not ask an address.
    """
    room = asyncio.Semaphore(fitting(AT_A_TIME))

    async def ask(host: str, scheme: str, port: int) -> Probe | None:
        try:
            return await probe(host, port, scheme=scheme, timeouts=timeouts, secrets=secrets)
        finally:
            room.release()
            progress()

    places = [(host, scheme, port) for host in hosts for scheme, port in ports]
    asking = []
    try:
        async with asyncio.TaskGroup() as group:
            async for place in _paced(places, rate):
                await room.acquire()
                asking.append(group.create_task(ask(*place)))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [phone for task in asking if (phone := task.result())]


async def _paced(places: Iterable[T], rate: float) -> AsyncIterator[T]:
    """Let through at most `rate` a second, however long what is done with them takes."""
    clock = asyncio.get_running_loop().time
    due = clock()
    for place in places:
        await asyncio.sleep(max(0, due - clock()))
        yield place
        due = max(due + 1 / rate, clock())
