"""`fleet serve` as a process of its own: start it, read its log, ask its web server, end it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.request import urlopen

from fleet.store import Store

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

WITHIN = 60  # seconds for what takes one or two
FLEET = (sys.executable, "-m", "fleet")


class Served:
    """A running `fleet serve`. What it logs is collected, so that it never waits for a reader."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port
        self._lines: list[str] = []
        self._read = 0
        self._reader = threading.Thread(target=self._collect)
        self._reader.start()

    def _collect(self) -> None:
        assert self.process.stderr is not None
        self._lines.extend(self.process.stderr)

    def wait_for_line(self, text: str) -> str:
        """Wait for a line with this text, after the one that was waited for before; return it."""
        found: list[str] = []

        def is_there() -> bool:
            has_ended = not self._reader.is_alive()
            for number in range(self._read, len(self._lines)):
                if text in self._lines[number]:
                    found.append(self._lines[number])
                    self._read = number + 1
                    return True
            assert not has_ended, "".join(self._lines)
            return False

        until(is_there, lambda: "".join(self._lines))
        return found[0]

    def stop(self, *signals: signal.Signals) -> tuple[int, str]:
        """Send signals; return its exit code and its log after the last line waited for."""
        for number in signals:
            self.process.send_signal(number)
        self.process.wait(timeout=WITHIN)
        self._reader.join(timeout=WITHIN)
        return self.process.returncode, "".join(self._lines[self._read :])

    def kill(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self._reader.join(timeout=WITHIN)

    def ask(self, path: str) -> bytes:
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=WITHIN) as answer:
            return bytes(answer.read())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def serving(
    folder: Path,
    *words: str,
    begins: str = "Watching",
    begin: Sequence[str] = FLEET,
    enter: Callable[[], None] | None = None,
    make: bool = True,
    **environ: str,
) -> Iterator[Served]:
    """Start a daemon and wait for its first line; it is killed if the test has not stopped it.

    `begin` are the words before `serve`; `enter` is called in the new process before they run.
    `make`: there may be no database yet.
    """
    if make:
        make_database(environ.get("FLEET_DATABASE_URL", url(folder)))
    port = free_port()
    given = {"FLEET_SERVER_PORT": str(port), "FLEET_WEB_UI_PASSWORD": "22222"} | environ
    with subprocess.Popen(
        [*begin, "serve", *words],
        cwd=folder,
        env=os.environ | given,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=enter,  # noqa: PLW1509  it makes system calls alone
    ) as process:
        served = Served(process, port)
        try:
            served.wait_for_line(begins)
            yield served
        finally:
            served.kill()


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'fleet.db'}"


def until(condition: Callable[[], bool], context: Callable[[], str] = str) -> None:
    """Wait for what another process brings about; `context` explains why it did not."""
    end = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < end, context()
        time.sleep(0.1)


def make_database(url: str) -> None:
    """Make the database, as fleet init does, unless it is there."""
    Store.open(url, keyring=None).close()


def run(folder: Path, *words: str, **environ: str) -> None:
    make_database(environ.get("FLEET_DATABASE_URL", url(folder)))
    subprocess.run(
        [*FLEET, *words],
        cwd=folder,
        env=os.environ | {"FLEET_WEB_UI_PASSWORD": "22222"} | environ,
        check=True,
        capture_output=True,
    )
