"""What a phone does at a time: once, every so often, or when its auto-resync is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fleet.simulator.boot.resync import Resync
    from fleet.simulator.clock import Clock


async def once(seconds: float, *, clock: Clock, act: Callable[[], None]) -> None:
    """Act after so many seconds."""
    await clock.sleep(seconds)
    act()


async def every(seconds: float, *, clock: Clock, act: Callable[[], None]) -> None:
    """Act again and again, first after one interval (facts/web-ui 4.1)."""
    while True:
        await clock.sleep(seconds)
        act()


async def resync(
    plan: Resync,
    *,
    clock: Clock,
    share: Callable[[], float],
    look: Callable[[], Awaitable[None]],
) -> None:
    """Look for new files whenever the plan says; `share` puts each look off by its own part."""
    while True:
        now = clock.now()
        await clock.sleep((plan.next_after(now, share()) - now).total_seconds())
        await look()
