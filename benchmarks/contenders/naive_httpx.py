"""What one would first write: `naive_httpx.py HOSTS CONCURRENCY USER PASSWORD` reads the lines."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx
from bs4 import BeautifulSoup


def lines_of(page: str) -> list[list[str]]:
    """The rows of the SIP table: line, account, status, backup."""
    soup = BeautifulSoup(page, "html.parser")
    for table in soup.find_all("table"):
        rows = [
            [cell.get_text(strip=True) for cell in row.find_all(["td", "th"], recursive=False)]
            for row in table.find_all("tr", recursive=False)
        ]
        if rows and rows[0][:2] == ["Line", "SIP Account"]:
            return rows[1:]
    return []


async def poll(client: httpx.AsyncClient, host: str, limit: asyncio.Semaphore) -> bool:
    """Whether the phone's lines could be read."""
    async with limit:
        answer = await client.get(f"http://{host}/sysinfo.html")
    return answer.status_code == 200 and len(lines_of(answer.text)) == 3


async def main(path: str, concurrency: str, username: str, password: str) -> None:
    """Poll every host of a file; print how many could be read."""
    hosts = Path(path).read_text(encoding="ascii").split()  # noqa: ASYNC240  before the loop has work
    limit = asyncio.Semaphore(int(concurrency))
    async with httpx.AsyncClient(auth=(username, password), timeout=60) as client:
        print(sum(await asyncio.gather(*(poll(client, host, limit) for host in hosts))))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
