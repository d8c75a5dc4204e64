"""The floor: `bare_streams.py HOSTS CONCURRENCY USER PASSWORD` fetches and counts pages."""

from __future__ import annotations

import asyncio
import base64
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


async def fetch(host: str, login: str) -> bytes:
    """The whole answer, head and body."""
    address, _, port = host.partition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    try:
        writer.write(
            f"GET /sysinfo.html HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: Basic {login}\r\nConnection: close\r\n\r\n".encode()
        )
        return await reader.read(-1)
    finally:
        writer.close()


async def work(hosts: Iterator[str], login: str) -> int:
    """Fetch hosts until there are none left; how many answered 200."""
    good = 0
    for host in hosts:
        good += (await fetch(host, login)).startswith(b"HTTP/1.1 200")
    return good


async def main(path: str, concurrency: str, username: str, password: str) -> None:
    """Fetch every host of a file; print how many answered 200."""
    hosts = iter(Path(path).read_text(encoding="ascii").split())  # noqa: ASYNC240  before the loop has work
    login = base64.b64encode(f"{username}:{password}".encode()).decode()
    print(sum(await asyncio.gather(*(work(hosts, login) for _ in range(int(concurrency))))))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
