"""An event loop whose clock jumps to the next timer, and a wall clock that goes with it."""

from __future__ import annotations

import asyncio
import selectors
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import time_machine

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

T = TypeVar("T")


class _Skipping(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    """Does not wait: where nothing is ready, the time passes at once."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout:
            self.loop.skip(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs what is to happen one after the other, without waiting in between."""

    def __init__(self, travel: time_machine.Coordinates) -> None:
        selector = _Skipping()
        super().__init__(selector)
        selector.loop = self
        self._travel = travel
        self._passed = 0.0

    def time(self) -> float:
        return self._passed

    def skip(self, seconds: float) -> None:
        self._passed += seconds
        self._travel.shift(seconds)


def clock() -> datetime:
    return datetime.now(UTC)


@contextmanager
def virtual(start: datetime) -> Iterator[asyncio.Runner]:
    """Give a runner in which it is `start`."""
    with (
        time_machine.travel(start, tick=False) as travel,
        asyncio.Runner(loop_factory=lambda: VirtualLoop(travel)) as runner,
    ):
        yield runner


def run_at(start: datetime, main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine as if it were `start`."""
    with virtual(start) as runner:
        return runner.run(main)
