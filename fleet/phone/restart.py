"""Restart a phone by its web UI: the last resort (facts/provisioning 2.4).

`resetOption=0` is a restart. 1 and 2 wipe the phone, which is which is not known, and nothing here
can send them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.errors import PhoneError
from fleet.phone.session import MOST_401S
from fleet.phone.trouble import clean

if TYPE_CHECKING:
    from fleet.phone.client import PhoneClient, Target

_LOOK = "/sysinfo.html"
_RESET = "/reset.html"
_RESTART = b"resetOption=0"


@dataclass(frozen=True, kw_only=True, slots=True)
class RestartOutcome:
    """How it ended. `detail` is one plain sentence, free of secrets."""

    accepted: bool
    detail: str


async def restart(client: PhoneClient, target: Target) -> RestartOutcome:
    """Look at a page first, or the phone answers 200 and does nothing; then ask for a restart.

    A login has to be given. Accepted means that the phone took it, not that it restarts.
    """
    if target.credentials is None:
        detail = f"{target.authority} has no web UI login here: give one in the inventory."
        return RestartOutcome(accepted=False, detail=detail)
    try:
        status = await _look(client, target)
        if status != 200:
            return _refused(target, status)
        head = await client.send(target, _request(target, "POST", _RESET, _RESTART))
    except PhoneError as error:
        return RestartOutcome(accepted=False, detail=error.detail)
    if head.status != 200:
        return _refused(target, head.status)
    detail = f"{target.authority} takes the restart by its web UI."
    return RestartOutcome(accepted=True, detail=detail)


async def _look(client: PhoneClient, target: Target) -> int:
    """The status of a page; a first 401 may be the phone's greeting (facts/web-ui 1.3)."""
    request = _request(target, "GET", _LOOK)
    status = (await client.send(target, request)).status
    for _ in range(MOST_401S - 1):
        if status != 401:
            break
        await asyncio.sleep(client.retry_pause)
        status = (await client.send(target, request)).status
    return status


def _request(target: Target, method: str, path: str, body: bytes = b"") -> bytes:
    form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    head = (
        f"{method} {path} HTTP/1.1\r\n"
        f"Host: {target.authority}\r\n"
        f"Authorization: {target.authorization}\r\n"
        f"{form if body else ''}"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


def _refused(target: Target, status: int) -> RestartOutcome:
    meant = "its web UI rejects our login" if status == 401 else "see its manual for that"
    detail = f"{target.authority} refuses the restart ({clean(f'{status}: {meant}')})."
    return RestartOutcome(accepted=False, detail=detail)
