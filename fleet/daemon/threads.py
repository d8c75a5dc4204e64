"""Work in threads: what waits for the database, and what nobody has to wait for at the end."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")
P = ParamSpec("P")


def off_loop(work: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """Make something that waits for the database one that the event loop can wait for."""

    async def called(*args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(work, *args, **kwargs)

    return called


async def in_thread(work: Callable[[], T]) -> T:
    """Do something that may take minutes.

    The process may end while it goes on, as if it were killed: right for what is done in small
    transactions. `asyncio.to_thread` would hold the process's end up.
    """
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001  it is raised again by whoever waits
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(done)
