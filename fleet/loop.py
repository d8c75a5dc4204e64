"""The quickest event loop there is, and how a command runs in it."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import signal
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from fleet.descriptors import raise_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from datetime import datetime

T = TypeVar("T")

log = logging.getLogger(__name__)

# A sweep makes few cycles and many objects: collecting less often saves a sixth of its time.
_GC = (50_000, 20, 100)
_M_ARENA_MAX = -8  # of glibc's malloc.h


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine with the quickest event loop there is. SIGTERM cancels it, as Ctrl-C does."""
    raise_limit()
    gc.freeze()
    gc.set_threshold(*_GC)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        try:
            return runner.run(_stoppable(main))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


def steady(clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return a clock that starts at `clock()` and counts the time that really passes.

    Whoever sets the machine's clock does not move it. Needs a running event loop, whose time it is.
    """
    loop, start = asyncio.get_running_loop(), clock()
    begun = loop.time()
    return lambda: start + timedelta(seconds=loop.time() - begun)


async def _stoppable(main: Coroutine[Any, Any, T]) -> T:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task and threading.current_thread() is threading.main_thread():
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
    return await main


def log_failure(task: asyncio.Task[Any]) -> None:
    """Log the error that ended a task which nobody awaits: a callback for `add_done_callback`."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s ended with an error.", task.get_name(), exc_info=error)


def use_few_arenas() -> None:
    """Have the C library share its memory between threads: for what runs for months (glibc).

    Left alone, each thread that reads the database keeps an arena with its own peak.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def give_back_memory() -> None:
    """Collect garbage, and return what is free to the system (glibc)."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Give uvloop's, where it is installed; None stands for asyncio's own."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
