from __future__ import annotations

from fleet.model import Credentials
from fleet.phone.restart import RestartOutcome, restart
from tests.phone.scripted import LOGIN, Script, Server, challenge, http, quick_client, served

SAID = challenge()


async def restarted(
    *scripts: Script, login: Credentials | None = LOGIN
) -> tuple[RestartOutcome, Server]:
    async with served(*scripts) as server, quick_client() as client:
        return await restart(client, server.target(credentials=login)), server


async def test_a_page_is_looked_at_first_and_then_only_a_restart_is_asked_for() -> None:
    outcome, server = await restarted([http()], [http()])
    assert outcome.accepted
    look, ask = server.requests
    assert look.startswith(b"GET /sysinfo.html HTTP/1.1\r\n")
    assert ask.startswith(b"POST /reset.html HTTP/1.1\r\n")
    assert ask.endswith(b"\r\n\r\nresetOption=0")


async def test_a_greeting_is_asked_again_and_a_refusal_ends_it() -> None:
    outcome, server = await restarted(*[[SAID]] * 9)
    assert not outcome.accepted
    assert outcome.detail.endswith("refuses the restart (401: its web UI rejects our login).")
    assert all(request.startswith(b"GET ") for request in server.requests)


async def test_without_a_login_nobody_is_asked() -> None:
    outcome, server = await restarted(login=None)
    assert (outcome.accepted, server.requests) == (False, [])
