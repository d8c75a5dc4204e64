"""The two contenders written in Python: the floor, and what one would first write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contenders.contender import Pass
from benchmarks.measure import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.sample import Load

_HERE = Path(__file__).resolve().parent


def bare_streams(load: Load) -> Iterator[Pass]:
    """Fetch with asyncio streams, and do nothing with the pages."""
    yield _script("bare_streams.py", load)


def naive_httpx(load: Load) -> Iterator[Pass]:
    """Fetch with one httpx client, and read with BeautifulSoup's html.parser."""
    yield _script("naive_httpx.py", load)


def _script(name: str, load: Load) -> Pass:
    hosts = load.folder / "targets.txt"
    hosts.write_text("\n".join(load.hosts), encoding="ascii")
    login = load.username, load.password
    argv = [sys.executable, str(_HERE / name), str(hosts), str(load.concurrency), *login]
    cost, out = run(argv, folder=load.folder)
    return Pass(good=int(out), cost=cost)
