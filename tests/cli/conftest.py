"""The command line as a user calls it, and simulated phones beside it."""

from __future__ import annotations

import asyncio
import io
import shutil
import socket
import sys
import threading
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

from fleet.cli import main
from fleet.simulator import PhoneSpec, Simulator, inventory_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


class Fleet(Protocol):
    def __call__(self, *words: str) -> Ran: ...


@pytest.fixture
def free_port() -> int:
    """A port of the loopback where nobody listens, for UDP nor for TCP."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
    ):
        stream.bind(("127.0.0.1", 0))
        port: int = stream.getsockname()[1]
        datagram.bind(("127.0.0.1", port))
    return port


@pytest.fixture
def fleet(
    tmp_path: Path,
    sqlite_template: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Fleet:
    """Call `fleet` with words, in a folder with an empty database and no settings."""
    shutil.copy(sqlite_template, tmp_path / "fleet.db")
    monkeypatch.chdir(tmp_path)
    for name in ("FLEET_CONFIG", "FLEET_DATABASE_URL", "FLEET_SECRETS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FLEET_POLL_READ_TIMEOUT", "2")

    def run(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["fleet", *words])
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfdbinary.readouterr()
        code = ended.value.code
        return Ran(
            code=code if isinstance(code, int) else 0,
            out=out.decode("utf-8", "replace"),
            err=err.decode(),
        )

    return run


@dataclass(frozen=True, kw_only=True)
class Phones:
    """Simulated phones that answer while the test runs, and their inventory as CSV text."""

    simulator: Simulator
    loop: asyncio.AbstractEventLoop

    def csv(self, *, with_lines: bool = False) -> str:
        text = io.StringIO()
        inventory_csv(self.simulator.phones, text, with_lines=with_lines)
        return text.getvalue()

    def set(self, index: int, **changes: object) -> None:
        done: Future[None] = Future()

        def change() -> None:
            self.simulator.set(index, **changes)
            done.set_result(None)

        self.loop.call_soon_threadsafe(change)
        done.result(5)


@contextmanager
def answering(specs: list[PhoneSpec]) -> Iterator[Phones]:
    ready: Future[Phones] = Future()

    async def serve() -> None:
        try:
            async with Simulator(specs) as simulator:
                ready.set_result(Phones(simulator=simulator, loop=asyncio.get_running_loop()))
                await simulator.stopped.wait()
        except BaseException as error:
            if not ready.done():
                ready.set_exception(error)
            raise

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    phones = ready.result(10)
    try:
        yield phones
    finally:
        phones.loop.call_soon_threadsafe(phones.simulator.stopped.set)
        thread.join()


@pytest.fixture
def simulated() -> Iterator[Callable[[list[PhoneSpec]], Phones]]:
    """Start simulated phones; they end with the test."""

    with ExitStack() as stack:
        yield lambda specs: stack.enter_context(answering(specs))
