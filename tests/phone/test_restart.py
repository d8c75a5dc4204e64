from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet.phone.http.target import Target
from fleet.phone.restart import RestartOutcome, restart
from tests.phone.http.scripted import LOGIN, Script, Server, challenge, http, quick_client, served

if TYPE_CHECKING:
    from fleet.model import Credentials

SAID = challenge()


async def restarted(
    *scripts: Script, login: Credentials | None = LOGIN
) -> tuple[RestartOutcome, Server]:
    async with served(*scripts) as server, quick_client() as client:
        return await restart(client, server.target(credentials=login)), server


async def test_a_page_is_looked_at_first_and_then_only_a_restart_is_asked_for() -> None:
    outcome, server = await restarted([http()], [http()])
    assert outcome.accepted
    look, ask = server.asked
    assert look.startswith(b"GET /sysinfo.html HTTP/1.1\r\n")
    assert ask.startswith(b"POST /reset.html HTTP/1.1\r\n")
    assert b"\r\nContent-Length: 13\r\n" in ask


async def test_the_form_says_restart_and_nothing_else() -> None:
    said = b""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal said
        said = await reader.readuntil(b"\r\n\r\n")
        if said.startswith(b"POST"):
            said += await reader.readexactly(13)
        writer.write(http(b""))
        writer.close()
        await writer.wait_closed()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener, quick_client() as client:
        target = Target.parse(f"127.0.0.1:{port}", credentials=LOGIN)
        assert (await restart(client, target)).accepted
    assert said.endswith(b"\r\n\r\nresetOption=0")


async def test_a_greeting_is_asked_again_and_a_refusal_ends_it() -> None:
    outcome, server = await restarted(*[[SAID]] * 9)
    assert not outcome.accepted
    assert outcome.detail.endswith("refuses the restart (401: its web UI rejects our login).")
    assert all(request.startswith(b"GET ") for request in server.asked)


async def test_without_a_login_nobody_is_asked() -> None:
    outcome, server = await restarted(login=None)
    assert (outcome.accepted, server.asked) == (False, [])
