"""Reading the configuration files in a phone's order (facts/provisioning 1.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from fleet.phone.config_file import GLOBAL_FILE, ConfigFile, mac_file, read
from fleet.simulator.digest import md5

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.simulator.boot.http import Response

Get: TypeAlias = Callable[[str], Awaitable["Response"]]
"""Fetch a file of the server's folder by its name, or by a URL."""

_NOT_THERE = (404, 410)
_ENCRYPTED = ("security.tuz", "aastra.tuz")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What reading the files came to. `stopped` says why it ended before the phone's own file."""

    files: Mapping[str, bytes | None] = field(repr=False)
    stopped: str = ""

    @property
    def digests(self) -> dict[str, str]:
        """The MD5s by name, of the files that are there."""
        return {name: md5(body) for name, body in self.files.items() if body is not None}

    def parsed(self) -> tuple[ConfigFile, ...]:
        """The files in the phone's order."""
        return tuple(read(body, name=name) for name, body in self.files.items() if body is not None)


async def read_files(
    get: Get,
    *,
    mac: str,
    model_file: str,
    known: Mapping[str, bytes | None],
    encrypted: bool = False,
) -> Reading:
    """Read aastra.cfg, the model's and the phone's own file; `known` are those of the last time.

    An empty or missing aastra.cfg stops it. A file that is not there is none; where the server
    does not answer, or does not let the phone in, the file of the last time stays (assumed).
    """
    if encrypted:
        for name in _ENCRYPTED:
            await get(name)
    first = await get(GLOBAL_FILE)
    if not first.ok or not first.body.strip():
        why = first.trouble or (f"{first.status}" if not first.ok else "it is empty")
        return Reading(files=known, stopped=f"{GLOBAL_FILE}: {why}")
    files: dict[str, bytes | None] = {GLOBAL_FILE: first.body}
    for name in (model_file, mac_file(mac)):
        answer = await get(name)
        if answer.ok:
            files[name] = answer.body
        else:
            files[name] = None if answer.status in _NOT_THERE else known.get(name)
    return Reading(files=files)
