"""One poll of every simulated behaviour, over the wire, through the real client and reader."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from fleet.errors import NotAsked
from fleet.model import Credentials, Facts, Observation, Reach, Reason
from fleet.phone.http.client import PhoneClient
from fleet.phone.http.target import Target, Timeouts
from fleet.phone.pages import words_with
from fleet.simulator import PhoneSpec, SimulatedPhone, Simulator
from fleet.sweep import observe
from fleet.sweep.observe import Observer, Polled, Seen
from tests.phone.http.scripted import challenge, http, quick_client, served
from tests.phone.pages.hostile import HOSTILE, TABLE
from tests.simulator.cases import CASES
from tests.simulator.cases.devices import DEVICES

if TYPE_CHECKING:
    from collections.abc import Callable

# Short, for phones that hang; still many times what a phone on loopback needs.
TIMEOUTS = Timeouts(connect=1.0, read=1.0, total=3.0)
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


async def poll(phone: SimulatedPhone, seen: Seen | None = None) -> Polled:
    case = CASES[phone.spec.behaviour]
    credentials = Credentials(username=phone.spec.username, password=phone.spec.password)
    target = Target.parse(
        phone.host,
        credentials=credentials,
        scheme=case.scheme,
        legacy_tls=case.legacy_tls,
    )
    async with PhoneClient(timeouts=TIMEOUTS, retry_pause=0.01) as client:
        words = words_with(case.words)
        observer = Observer(client=client, words=words, clock=lambda: NOW)
        return await observer.observe(1, target, seen or Seen())


def told(observation: Observation) -> str:
    facts = observation.facts
    return f"{observation.reach} {observation.reason} {observation.detail} {facts}"


@pytest.mark.parametrize("name", list(CASES))
async def test_a_poll_comes_to_what_the_phone_is(name: str) -> None:
    async with Simulator([PhoneSpec(behaviour=name)], behaviours=CASES) as simulator:
        phone = simulator.phone(0)
        polled = await poll(phone)

        observation = polled.observation
        expected = CASES[name].expected(phone.spec)
        lines = observation.facts.lines if observation.facts else ()
        assert expected.accepts(observation.reach, observation.reason, lines), told(observation)
        if observation.facts:
            for word in ("mac", "model", "firmware"):
                wanted = getattr(expected, word)
                assert wanted in (None, getattr(observation.facts, word)), told(observation)


@pytest.mark.parametrize("name", list(CASES))
async def test_a_poll_keeps_to_what_a_sweep_promises(name: str) -> None:
    async with Simulator([PhoneSpec(behaviour=name)], behaviours=CASES) as simulator:
        phone = simulator.phone(0)
        await poll(phone)

        record, trap = phone.record, simulator.trap.record
        assert not record.forbidden_paths
        assert not record.forbidden_methods
        assert record.most_open <= 1
        assert record.challenges <= 2
        assert record.requests <= 6
        assert not trap.requests


@pytest.mark.parametrize("name", ["healthy", "clock_ticks"])
async def test_a_page_that_says_the_same_is_known_again(name: str) -> None:
    async with Simulator([PhoneSpec(behaviour=name)], behaviours=CASES) as simulator:
        first = await poll(simulator.phone(0))
        assert first.observation.reach is Reach.OK
        second = await poll(simulator.phone(0), seen_of(first))
        third = await poll(simulator.phone(0), seen_of(second))

        assert third.observation.facts is second.observation.facts
        assert third.page_key == second.page_key
        assert (second.evidence, third.evidence) == (None, None)


@pytest.mark.parametrize("name", list(DEVICES))
async def test_what_is_no_phone_gets_the_password_once(name: str) -> None:
    async with Simulator([PhoneSpec(behaviour=name)], behaviours=CASES) as simulator:
        phone = simulator.phone(0)
        await poll(phone)

        assert phone.record.requests == 1


async def test_a_page_that_forbids_after_a_refused_login_is_a_lock_out() -> None:
    """Case `locked-200`: the phone says with status 200 that access is forbidden."""
    body = b"<html><head><title>Forbidden</title></head><body>Access forbidden</body></html>"
    async with served([http(body)]) as server, quick_client() as client:
        observer = Observer(client=client, words=words_with({}), clock=lambda: NOW)
        first = await observer.observe(1, server.target(), Seen())
        after = await observer.observe(1, server.target(), Seen(refused_lately=True))

    assert [each.observation.reason for each in (first, after)] == [
        Reason.FORBIDDEN,
        Reason.LOCKED_OUT,
    ]
    assert len(server.asked) == 2


KNOWN = Facts(dialect="aastra_67xxi", lines=(), mac="00:08:5D:12:64:12", model="6753i")


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (
            http(b"<html><title>Printer</title>Ready</html>"),
            "another device may now use its address",
        ),
        (challenge("My Router").replace(b"Aragorn", b"httpd"), "another device may now use"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "another device may now use its address"),
        (challenge("Mitel 6930"), "reports that it is a 6930"),
    ],
)
async def test_another_device_at_a_phone_s_address_is_named(answer: bytes, named: str) -> None:
    async with served([answer]) as server, quick_client() as client:
        observer = Observer(client=client, words=words_with({}), clock=lambda: NOW)
        polled = await observer.observe(1, server.target(), Seen(page_key="x", facts=KNOWN))

    detail = polled.observation.detail
    assert named in detail
    assert "6753i 00:08:5D:12:64:12" in detail


@pytest.mark.parametrize("kind", ["spans_in_rows", "cells_in_a_row", "forms", "healthy"])
async def test_only_a_small_page_is_read_in_the_thread_of_the_loop(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that may take long is the page's own phone's time, and nobody else's."""
    threads: dict[str, set[int]] = {"read_page": set(), "redact": set()}

    def spy(name: str) -> Callable[..., object]:
        real = getattr(observe, name)

        def work(*args: object, **options: object) -> object:
            threads[name].add(threading.get_ident())
            return real(*args, **options)

        return work

    for name in threads:
        monkeypatch.setattr(observe, name, spy(name))
    body = TABLE.encode() if kind == "healthy" else HOSTILE[kind](300_000)
    async with served([http(body)]) as server, PhoneClient(timeouts=TIMEOUTS) as client:
        observer = Observer(client=client, words=words_with({}), clock=lambda: NOW)
        polled = await observer.observe(1, server.target(), Seen())

    in_loop = {threading.get_ident()}
    assert polled.evidence is not None
    for used in threads.values():
        assert used == in_loop if kind == "healthy" else used and used.isdisjoint(in_loop)


async def test_a_large_page_that_is_not_read_is_kept_in_part() -> None:
    body = TABLE.encode() + b"<p>" + b"x" * 900_000
    async with served([http(body)]) as server, PhoneClient(timeouts=TIMEOUTS) as client:
        observer = Observer(client=client, words=words_with({}), clock=lambda: NOW)
        polled = await observer.observe(1, server.target(), Seen())

    assert polled.observation.reason is Reason.TOO_LARGE
    assert polled.evidence is not None
    assert polled.evidence.body.startswith(TABLE.encode())
    assert len(polled.evidence.body) <= 500_000


def seen_of(polled: Polled) -> Seen:
    return Seen(page_key=polled.page_key, facts=polled.observation.facts)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
async def test_want_of_memory_is_not_recorded_for_a_phone(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def refuse(*_args: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", refuse)
    async with quick_client() as client:
        observer = Observer(client=client, words=words_with({}), clock=lambda: NOW)
        with pytest.raises(NotAsked, match="no memory left"):
            await observer.observe(1, Target.parse("127.0.0.1:9", credentials=None), Seen())


async def test_our_own_password_as_an_account_or_a_status_is_masked() -> None:
    row = "<tr><td>1</td><td>48151623@pbx.example:5060</td><td>Code 48151623</td><td>No</td></tr>"
    head = (
        "<tr><th>Line</th><th>SIP Account</th><th>Status</th><th>Backup Registrar Used?</th></tr>"
    )
    page = f"<html><h4>SIP Status</h4><table>{head}{row}</table></html>".encode()
    login = Credentials(username="admin", password="48151623")
    async with served([http(page)]) as server, quick_client() as client:
        observer = Observer(client=client, words=words_with({}), clock=lambda: NOW)
        polled = await observer.observe(1, server.target(credentials=login), Seen())

    assert polled.observation.reach is Reach.OK
    assert "48151623" not in repr(polled.observation)
    assert b"48151623" not in (polled.evidence.body if polled.evidence else b"48151623")
