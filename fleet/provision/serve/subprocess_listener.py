"""The listener for phones that speak TLS 1.0, in a process of its own.

Old TLS is old code: whatever breaks in it breaks there, where nothing else is.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import signal
from typing import TYPE_CHECKING, Any

from fleet.errors import FleetError, ServerError
from fleet.loop import log_failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from fleet.provision.serve.service import FileService

_log = logging.getLogger(__name__)

_STARTS_WITHIN = 60.0
_ENDS_WITHIN = 15.0
_PAUSE = 5.0  # seconds before a process that ended is restarted


class SubprocessListener:
    """Runs a service of one listener in a process, restarts it if it ends, and ends it."""

    def __init__(self, make: Callable[[], FileService]) -> None:
        """`make` is called in the process, and so must be what can be pickled."""
        self._make = make
        self.pause = _PAUSE
        self._url = ""
        self._process: BaseProcess | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._url

    @property
    def pid(self) -> int | None:
        """The process."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the process; raises `ServerError` with its reason if it cannot listen."""
        self._process = await self._begin()
        self._keeper = asyncio.create_task(self._keep(), name="The legacy https listener's keeper")
        self._keeper.add_done_callback(log_failure)

    async def stop(self) -> None:
        """End the process."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._process is not None:
            await _end(self._process)

    async def _begin(self) -> BaseProcess:
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=run, args=(self._make, theirs), daemon=True)
        with ours:
            with theirs:
                await asyncio.to_thread(process.start)
            started = await asyncio.to_thread(_start_message, ours)
        if isinstance(started, str):
            self._url = started
            return process
        await _end(process)
        raise ServerError(started[0] if started else "The legacy https listener did not start.")

    async def _keep(self) -> None:
        while self._process is not None:
            await _ended(self._process)
            _log.error("The legacy https listener stopped; restarting it.")
            await asyncio.sleep(self.pause)
            try:
                self._process = await self._begin()
            except (FleetError, OSError) as error:
                _log.error("The legacy https listener cannot start: %s", error)


async def _ended(process: BaseProcess) -> None:
    """Wait until a process is over."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(process.sentinel, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(process.sentinel)
    process.join()


async def _end(process: BaseProcess) -> None:
    process.terminate()
    try:
        async with asyncio.timeout(_ENDS_WITHIN):
            await _ended(process)
    except TimeoutError:
        process.kill()
        await _ended(process)


def _start_message(ours: Connection) -> Any:
    """Return a process's message about its start: a URL, a reason in a list, or an empty list."""
    try:
        return ours.recv() if ours.poll(_STARTS_WITHIN) else []
    except EOFError:
        return []


def run(make: Callable[[], FileService], answer: Connection) -> None:
    """Serve in this process, until it is told to end or its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends us in time
    asyncio.run(_serve(make, answer))


async def _serve(make: Callable[[], FileService], answer: Connection) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    if parent := multiprocessing.parent_process():
        loop.add_reader(parent.sentinel, stopped.set)
    try:
        async with make() as service:
            answer.send(next(iter(service.urls.values())))
            await stopped.wait()
    except FleetError as error:
        answer.send([str(error)])
