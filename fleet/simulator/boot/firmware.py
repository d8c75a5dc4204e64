"""Whether the firmware on the server is another than the running one (facts/provisioning 1.1)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from fleet.simulator.boot.spec import FirmwareCheck
from fleet.simulator.digest import md5

if TYPE_CHECKING:
    from fleet.simulator.boot.flash import Flash
    from fleet.simulator.boot.http import Response

Ask: TypeAlias = Callable[[str, str], Awaitable["Response"]]
"""Ask for a file by its name and an HTTP method."""

_VERSION = re.compile(rb"(?<![\d.])\d{1,2}\.\d{1,2}\.\d{1,2}\.\d{1,5}(?![\d.])")
_LOOK_WITHIN = 64 * 1024
_TELLING = ("content-length", "last-modified", "etag")


def version_in(firmware: bytes) -> str:
    """The first text like `3.3.1.4365` in a firmware file; empty where there is none.

    How real files say their version is not known; the simulator's do it so.
    """
    match = _VERSION.search(firmware[:_LOOK_WITHIN])
    return match[0].decode() if match else ""


async def new_firmware(ask: Ask, name: str, flash: Flash, how: FirmwareCheck) -> bytes | None:
    """The firmware where it differs from the one that runs, by its MD5 and its version."""
    if not name or how is FirmwareCheck.NONE:
        return None
    if how is FirmwareCheck.HEAD:
        head = await ask(name, "HEAD")
        told = tuple(head.headers.get(field, "") for field in _TELLING)
        if not head.ok or told == flash.headed:
            return None
        flash.headed = told
    answer = await ask(name, "GET")
    if not answer.ok or not answer.body or md5(answer.body) == flash.digests.get(name):
        return None
    if version_in(answer.body) == flash.firmware:
        flash.digests[name] = md5(answer.body)
        return None
    return answer.body


def install(firmware: bytes, name: str, flash: Flash) -> None:
    """Have the phone run it; the version stays where the file tells none."""
    flash.digests[name] = md5(firmware)
    flash.firmware = version_in(firmware) or flash.firmware
