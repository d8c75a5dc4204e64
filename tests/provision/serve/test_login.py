"""Digest logins as real clients do them, and a changed password that locks nobody out."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest

from fleet.model import FetchOutcome
from tests.provision.serve.served import (
    AGENT,
    BODY,
    MAC,
    OWN,
    START,
    Clock,
    fill,
    phone,
    serving,
)

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.store import Store


@pytest.fixture
def filled(store: Store) -> Store:
    number = fill(store)
    store.fetch_logins.set(number, username="aastra", password="first", now=START)
    return store


async def get(service: object, password: str, clock: Clock | None = None) -> httpx.Response:
    async with phone(service) as client:  # type: ignore[arg-type]
        return await client.get(OWN, auth=httpx.DigestAuth("aastra", password))


async def test_a_phone_logs_in_and_its_challenge_is_not_written_down(
    filled: Store, tmp_path: Path
) -> None:
    async with serving(filled, tmp_path, login="digest") as service:
        answer = await get(service, "first")
        assert (answer.status_code, answer.content) == (200, BODY)
    (fetch,) = filled.fetches.load()
    assert fetch.outcome is FetchOutcome.SERVED
    login = filled.fetch_logins.load()[filled.phones.find(MAC)]
    assert login.used == START


async def test_several_files_by_one_challenge(filled: Store, tmp_path: Path) -> None:
    auth = httpx.DigestAuth("aastra", "first")
    async with serving(filled, tmp_path, login="digest") as service, phone(service) as client:
        answers = [await client.get(OWN, auth=auth) for _ in range(3)]
    assert [len(answer.history) for answer in answers] == [1, 0, 0]


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
async def test_curl_logs_in(filled: Store, tmp_path: Path) -> None:
    async with serving(filled, tmp_path, login="digest") as service:
        command = ["curl", "-s", "--digest", "-u", "aastra:first", "-A", AGENT]
        done = await asyncio.to_thread(
            subprocess.run, [*command, service.urls["http"] + OWN], capture_output=True, timeout=20
        )
    assert done.stdout == BODY


async def test_everybody_is_challenged_alike(filled: Store, tmp_path: Path) -> None:
    async with serving(filled, tmp_path, login="digest") as service:
        answers = [await get(service, "wrong")]
        for agent, file in (
            (AGENT, OWN),
            (AGENT.replace("00-01", "00-99"), "00085D000099.cfg"),
            (AGENT.replace("00-01", "00-02"), OWN),
        ):
            async with phone(service, agent=agent) as client:
                answers.append(await client.get(file))
        async with phone(service) as client:
            assert (await client.get("aastra.cfg")).status_code == 200
            assert (await client.get("none.cfg")).status_code == 404
    said = set()
    for answer in answers:
        challenge = answer.headers["www-authenticate"]
        nonce = challenge.split('nonce="')[1].split('"')[0]
        said.add((answer.status_code, answer.content, challenge.replace(nonce, "")))
    assert len(said) == 1
    assert next(iter(said))[0] == 401


async def test_a_challenge_that_nobody_answers_is_a_missing_login(
    filled: Store, tmp_path: Path
) -> None:
    async with serving(filled, tmp_path, login="digest") as service, phone(service) as client:
        assert (await client.get(OWN)).status_code == 401
    (fetch,) = filled.fetches.load()
    assert (fetch.outcome, fetch.phone_id) == (
        FetchOutcome.WRONG_LOGIN,
        filled.phones.find(MAC),
    )


async def test_a_changed_password_locks_nobody_out(filled: Store, tmp_path: Path) -> None:
    number = filled.phones.find(MAC)
    async with serving(filled, tmp_path, login="digest") as service:
        assert (await get(service, "first")).status_code == 200
        filled.fetch_logins.set(number, username="aastra", password="second", now=START)
        assert (await get(service, "first")).status_code == 200
        assert (await get(service, "second")).status_code == 200
        await service.flush()
        assert (await get(service, "first")).status_code == 401
        assert (await get(service, "second")).status_code == 200
    assert filled.fetch_logins.load()[number].previous == ""


async def test_a_phone_without_a_login_gets_nothing_where_one_is_demanded(
    filled: Store, tmp_path: Path
) -> None:
    filled.fetch_logins.remove(filled.phones.find(MAC))
    async with serving(filled, tmp_path, login="digest") as service:
        for password in ("first", "", "aastra"):
            assert (await get(service, password)).status_code == 401


async def test_what_was_sent_before_is_not_taken_again(filled: Store, tmp_path: Path) -> None:
    async with serving(filled, tmp_path, login="digest") as service, phone(service) as client:
        first = await client.get(OWN, auth=httpx.DigestAuth("aastra", "first"))
        again = {"Authorization": first.request.headers["authorization"]}
        replayed = await client.get(OWN, headers=again)
    assert (first.status_code, replayed.status_code) == (200, 401)
    assert "stale=true" in replayed.headers["www-authenticate"]
