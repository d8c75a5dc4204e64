"""Whether a phone's web UI takes a login: one look at a page, nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.errors import PhoneError
from fleet.phone.http.session import MOST_401S

if TYPE_CHECKING:
    from fleet.phone.http.client import PhoneClient
    from fleet.phone.http.target import Target

_LOOK = "/sysinfo.html"


async def takes_login(client: PhoneClient, target: Target) -> bool:
    """Whether the phone lets in who has this login, and nobody without one.

    False as well where it does not answer: nothing is proven then.
    """
    try:
        if await look(client, replace(target, credentials=None), tries=1) != 401:
            return False
        return await look(client, target) == 200
    except PhoneError:
        return False


async def look(client: PhoneClient, target: Target, *, tries: int = MOST_401S) -> int:
    """The status of a page; a first 401 may be the phone's greeting (facts/web-ui 1.3).

    Raises PhoneError.
    """
    asked = request(target, "GET", _LOOK)
    status = (await client.send(target, asked)).status
    for _ in range(tries - 1):
        if status != 401:
            break
        await asyncio.sleep(client.retry_pause)
        status = (await client.send(target, asked)).status
    return status


def request(target: Target, method: str, path: str, body: bytes = b"") -> bytes:
    """A whole request to a web UI, with the target's login if there is one."""
    login = f"Authorization: {target.authorization}\r\n" if target.credentials else ""
    form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    head = (
        f"{method} {path} HTTP/1.1\r\n"
        f"Host: {target.authority}\r\n"
        f"{login}"
        f"{form if body else ''}"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
