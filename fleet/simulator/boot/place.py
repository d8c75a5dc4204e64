"""Where a phone that boots stands, and what it shares with the others there."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from fleet.simulator.boot.network import Network
    from fleet.simulator.clock import Clock


def _token() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """`address` is the phone's own. `turn` bounds how many phones fetch at the same moment.

    `token` makes random texts, never the same twice.
    """

    address: str
    network: Network
    clock: Clock
    turn: asyncio.Semaphore
    token: Callable[[], str] = _token
