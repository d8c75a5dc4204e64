"""A dead man's switch: tells a service that sweeps take place, so that silence raises the alarm.

The service is asked in the form of healthchecks and its like: the address with `/start` at a
sweep's start, alone at its end, with `/fail` when it failed. The address is a secret.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_AGAIN_AFTER = 2.0  # seconds
_WAITING = 8  # pings that may wait for a slow service; older ones say nothing new


class Ping(StrEnum):
    """What to tell; the value is what follows the address."""

    START = "/start"
    END = ""
    FAIL = "/fail"


@dataclass(kw_only=True)
class Pinger:
    """Sends pings in their order, in the background.

    A failure is logged once, and `problem` says it until a ping is taken again.
    """

    url: str = field(repr=False)
    send: Callable[[str], Awaitable[None]]
    _waiting: asyncio.Queue[Ping] = field(default_factory=lambda: asyncio.Queue(_WAITING))
    problem: str = ""

    def tell(self, ping: Ping) -> None:
        """Have something told; never waits."""
        if self._waiting.full():
            self._waiting.get_nowait()
        self._waiting.put_nowait(ping)

    async def run(self) -> None:
        """Send what is to be told until cancelled."""
        while True:
            await self._tell(await self._waiting.get())

    async def _tell(self, ping: Ping) -> None:
        host = "[watchdog] ping_url"
        for tries_left in (1, 0):
            try:
                address = httpx.URL(self.url)
                host = address.host
                await self.send(str(address.copy_with(path=address.path.rstrip("/") + ping)))
            except Exception as error:  # noqa: BLE001  no failed ping may end the later ones
                if tries_left:
                    await asyncio.sleep(_AGAIN_AFTER)
                else:
                    self._note_failure(host, error)
            else:
                self._note_success(host)
                return

    def _note_failure(self, host: str, error: Exception) -> None:
        problem = f"Cannot ping the watchdog at {host}: {_why(error)}."
        if not self.problem:
            log.warning("%s", problem)
        self.problem = problem

    def _note_success(self, host: str) -> None:
        if self.problem:
            log.info("The watchdog at %s accepts pings again.", host)
        self.problem = ""


def _why(error: Exception) -> str:
    """Say it without the address, which is in many of httpx's own texts."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answered {error.response.status_code}"
    return type(error).__name__


async def get(url: str) -> None:
    """Ask an address. Raises `httpx.HTTPError`, also for an answer that is not a success."""
    async with httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False) as client:
        (await client.get(url)).raise_for_status()
