"""Has a program of the administrator's give a registrar a password: by its standard input alone.

Neither its arguments nor its environment hold one, for anybody on the machine can read those.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet.phone.http.errors import clean
from fleet.phone.redact import redact_text

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.model import RotatedAccount, SipServer

log = logging.getLogger(__name__)

_MOST_OUTPUT = 64 * 1024
_OURS = "FLEET_"  # variables that may hold the key or a password


@dataclass(frozen=True, kw_only=True)
class RegistrarCommand:
    """The program: `command` with its arguments, run in `folder`, for `timeout` seconds at most."""

    command: tuple[str, ...]
    folder: Path
    timeout: float

    async def tell(self, account: RotatedAccount, password: str) -> str:
        """Have the registrar take a password; empty where it says so, else why not."""
        try:
            async with asyncio.timeout(self.timeout):
                code, output = await self._run(document(account, password))
        except TimeoutError:
            return f"the registrar command took longer than {self.timeout:g} seconds"
        except OSError as error:
            return f"the registrar command cannot be run: {error.strerror}"
        said = redact_text(output, (account.old, account.new))
        for line in said.splitlines():
            log.info("registrar command (%s): %s", account.name, clean(line, 300))
        if code == 0:
            return ""
        last = clean(next(reversed(said.split("\n")), ""), 200)
        return f"the registrar command failed with exit code {code}" + (f": {last}" if last else "")

    async def _run(self, document: bytes) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
            start_new_session=True,
        )
        try:
            output = await _converse(process, document)
            return await process.wait(), output.decode(errors="replace").strip()
        finally:
            await _end(process)


def document(account: RotatedAccount, password: str) -> bytes:
    """What the program reads: one JSON object on a line."""
    said = {
        "user": account.user,
        "auth_name": account.auth_name,
        "registrar": _server(account.registrar),
        "backup_registrar": _server(account.backup) if account.backup else None,
        "password": password,
    }
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


def _server(server: SipServer) -> dict[str, Any]:
    return {"host": server.host, "port": server.port}


async def _converse(process: asyncio.subprocess.Process, document: bytes) -> bytes:
    """Write the document and read what is said; of a flood only the beginning is kept."""
    if process.stdin is None or process.stdout is None:
        raise OSError("no pipe")
    process.stdin.write(document)
    with contextlib.suppress(ConnectionError):  # it need not read it
        await process.stdin.drain()
    process.stdin.close()
    output = b""
    while chunk := await process.stdout.read(4096):
        output += chunk[: _MOST_OUTPUT - len(output)]
    return output


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave nothing of it running that might write later."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
