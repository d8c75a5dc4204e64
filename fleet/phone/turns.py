"""Hands finished answers on a few at a time, so that requests do not leave in bursts.

Hundreds of answers that come at the same moment would all be worked on before the next requests
leave; these would leave at the same moment too, and so would their answers come, with nothing to
do in between. A few to each round of the event loop keeps the phones busy while we are.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

AT_A_TIME = 8


class Turns(Generic[T]):
    """Sets futures' results in the order they come, `AT_A_TIME` to a round of the loop."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[asyncio.Future[T], T]] = deque()

    def settle(self, future: asyncio.Future[T], result: T) -> None:
        """Give a future its result when its turn comes; one that is cancelled by then is let be."""
        self._waiting.append((future, result))
        if len(self._waiting) == 1:
            future.get_loop().call_soon(self._next)

    def _next(self) -> None:
        for _ in range(min(AT_A_TIME, len(self._waiting))):
            future, result = self._waiting.popleft()
            if not future.done():
                future.set_result(result)
        if self._waiting:
            self._waiting[0][0].get_loop().call_soon(self._next)
