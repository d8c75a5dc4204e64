"""The daemon as a whole: sweeps, pushes, health; a stop at any moment."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import socket
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from fleet.audit import Findings, encode
from fleet.clock import now
from fleet.daemon import Daemon, Services
from fleet.errors import ServerError, SettingsError
from fleet.model import IntendedAccount, Phone, Reach, Registration
from fleet.simulator import LineSpec, PhoneSpec
from fleet.store import EventKind
from fleet.systemd import Notifier
from tests.cli.conftest import answering
from tests.daemon.running import AGENT, MAC, add, free_port, opened, opens_at_once, running, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

    from fleet.app import App

LINE = LineSpec(number=1, user="1001", registrar="pbx.example")
PHONE = Phone(
    host="127.0.0.1:9",
    mac=MAC,
    site="here",
    accounts=(IntendedAccount(line=1, user="1001", registrar="pbx.example"),),
)


def polls_of(app: App) -> list[Reach | None]:
    return [status.reach for status in app.store.observations.statuses()]


def last_poll(app: App) -> datetime | None:
    [status] = app.store.observations.statuses()
    return status.observed_at


async def test_a_planned_sweep_runs_at_the_start(database_url: str) -> None:
    spec = PhoneSpec(mac=MAC, site="here", lines=(LINE,))
    with answering([spec]) as phones, closing(opened(database_url, interval=3)) as app:
        add(app, Phone(host=phones.simulator.hosts[0], site="here"))
        async with running(app) as daemon:
            await until(lambda: polls_of(app) == [Reach.OK])
            answer = await daemon.ask("/healthz")
        sweep = app.store.sweeps.load()[0]
        assert sweep.planned_for is not None
        assert sweep.trigger == "schedule"
    assert answer.startswith("HTTP/1.1 200")


async def test_a_push_opens_an_incident_at_once_and_has_the_phone_polled(
    database_url: str,
) -> None:
    told = asyncio.Event()

    with closing(opened(database_url)) as app:
        add(app, PHONE)

        async def alert() -> None:
            if await asyncio.to_thread(app.store.alerts.unhandled_notices):
                told.set()

        async with running(app, step=opens_at_once, alert=alert) as daemon:
            before = now()
            await daemon.ask("/push/registration?s=REFUSED&c=401&u=1001&ip=127.0.0.1")
            async with asyncio.timeout(30):
                await told.wait()
            await until(lambda: (last_poll(app) or before) > before)
        [incident] = app.store.findings.incidents()
        assert (incident.rule, incident.line, incident.code) == ("line-failed", 1, 401)
        assert not incident.confirmed
        [event] = [e for e in app.store.events.load() if e.kind is EventKind.LINE_PUSHED]
        assert event.text == "The phone reports about 1001: refused 401."


@asynccontextmanager
async def webhook() -> AsyncIterator[tuple[str, asyncio.Queue[str]]]:
    """A receiver of alerts: its Apprise URL, and what it was told."""
    told: asyncio.Queue[str] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.splitlines()
            if line.lower().startswith(b"content-length:")
        )
        told.put_nowait((await reader.readexactly(length)).decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1")
    async with server:
        yield f"json://127.0.0.1:{server.sockets[0].getsockname()[1]}", told


async def test_a_refused_line_that_is_pushed_is_told_within_seconds(database_url: str) -> None:
    refused = replace(LINE, registration=Registration.FAILED, code=401)
    spec = PhoneSpec(mac=MAC, site="here", lines=(refused,))
    async with webhook() as (url, told):
        with answering([spec]) as phones, closing(opened(database_url, told=[url])) as app:
            add(app, replace(PHONE, host=phones.simulator.hosts[0]))
            async with running(app, Services.of(app)) as daemon:
                await daemon.ask("/p/r?s=REFUSED&c=401&u=1001&ip=127.0.0.1")
                async with asyncio.timeout(60):
                    alert = await told.get()
                await until(
                    lambda: [each.confirmed for each in app.store.findings.incidents()] == [True]
                )
    assert "401" in alert
    assert "1001" in alert


async def test_a_push_from_elsewhere_writes_nothing(database_url: str) -> None:
    with closing(opened(database_url)) as app:
        add(app, PHONE, networks=["10.0.0.0/8"])
        async with running(app, step=opens_at_once) as daemon:
            await daemon.ask("/push/registration?s=REFUSED&c=401&u=1001")
            await daemon.ask(
                "/push/registration?s=REFUSED&c=401&u=1001", agent=AGENT.replace("00-01", "00-02")
            )
            document = json.loads((await daemon.ask("/healthz")).split("\r\n\r\n")[1])
        assert document["pushes"] == {"foreign": 1, "unknown-phone": 1}
        assert app.store.findings.incidents() == []
        assert [e for e in app.store.events.load() if e.kind is EventKind.LINE_PUSHED] == []


async def test_health_tells_of_a_job_that_fails(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    failed = asyncio.Event()

    async def broken() -> None:
        failed.set()
        raise ZeroDivisionError

    with closing(opened(sqlite_url)) as app, caplog.at_level(logging.INFO):
        async with running(app, deliver=broken) as daemon:
            await failed.wait()
            answer = await daemon.ask("/healthz")
            metrics = await daemon.ask("/metrics")
    assert answer.startswith("HTTP/1.1 503")
    assert json.loads(answer.split("\r\n\r\n")[1])["problems"] == [
        "Delivery fails: ZeroDivisionError"
    ]
    assert "\nfleet_up 0.0\n" in metrics
    assert caplog.text.count("Traceback") == 1


async def test_health_warns_of_a_watchdog_that_takes_no_ping(sqlite_url: str) -> None:
    watchdog = {"ping_url": f"http://127.0.0.1:{free_port()}/secret"}
    with closing(opened(sqlite_url, watchdog=watchdog)) as app:
        add(app)
        async with running(app) as daemon, asyncio.timeout(60):
            warnings: list[str] = []
            while not warnings:
                await asyncio.sleep(0.2)
                answer = await daemon.ask("/healthz")
                warnings = json.loads(answer.split("\r\n\r\n")[1])["warnings"]
            metrics = await daemon.ask("/metrics")
    assert warnings == ["Cannot ping the watchdog at 127.0.0.1: ConnectError."]
    assert "\nfleet_rollout_stopped 0.0\n" in metrics


async def test_a_missed_sweep_is_a_fact_in_the_database(database_url: str) -> None:
    with closing(opened(database_url, interval=300)) as app:
        past = now() - timedelta(hours=2)
        slot = past.replace(minute=0, second=0, microsecond=0)
        ttl = timedelta(seconds=30)
        sweep = app.store.sweeps.begin(
            trigger="schedule",
            selection="planned",
            planned=0,
            now=past,
            ttl=ttl,
            schedule="sweep",
            planned_for=slot,
        )
        app.store.sweeps.finish(sweep.id, sweep.counts, past)
        async with running(app):
            await until(lambda: bool(app.store.sweeps.missed(slot)))
        [missed] = app.store.sweeps.missed(slot)
        assert missed.first == slot + timedelta(minutes=5)
        assert missed.reason == "fleet was not running"


async def test_a_missed_audit_runs_once_after_the_restart(
    database_url: str, tmp_path: Path
) -> None:
    wanted = {"at": "02:30", "timezone": "Europe/Berlin", "output": str(tmp_path / "audits")}
    with closing(opened(database_url, audit=wanted)) as app:
        add(app, PHONE)
        past = now() - timedelta(days=3)
        before = app.store.audits.begin(
            trigger="schedule", selection="all", planned_for=past, now=past
        )
        assert before is not None
        nothing = encode(Findings(selection="all", at=past))
        app.store.audits.finish(before, sweep_id=None, findings=nothing, now=past)
        for _ in range(2):
            async with running(app, Services.of(app)):
                await until(lambda: app.store.audits.last_planned() != past)
        last = app.store.audits.last_planned()
        assert last is not None
        assert now() - last < timedelta(days=1, hours=2)
        assert last.astimezone(ZoneInfo("Europe/Berlin")).strftime("%H:%M") == "02:30"
        assert [sweep.trigger for sweep in app.store.sweeps.load()].count("audit") == 1
    assert {file.suffix for file in (tmp_path / "audits").rglob("*.*")} == {".html", ".xlsx"}


async def test_health_warns_of_an_audit_that_reached_nobody(
    sqlite_url: str, tmp_path: Path
) -> None:
    wanted: dict[str, Any] = {
        "at": "02:30",
        "output": str(tmp_path / "audits"),
        "recipients": [f"mailto://127.0.0.1:{free_port()}?from=a@example.com&to=b@example.com"],
    }
    with closing(opened(sqlite_url, audit=wanted)) as app:
        past = now() - timedelta(days=3)
        before = app.store.audits.begin(
            trigger="schedule", selection="all", planned_for=past, now=past
        )
        assert before is not None
        nothing = encode(Findings(selection="all", at=past))
        app.store.audits.finish(before, sweep_id=None, findings=nothing, now=past)
        async with running(app, Services.of(app)) as daemon, asyncio.timeout(60):
            health: dict[str, Any] = {"warnings": []}
            while not health["warnings"]:
                await asyncio.sleep(0.2)
                answer = await daemon.ask("/healthz")
                health = json.loads(answer.split("\r\n\r\n")[1])
    [warning] = health["warnings"]
    assert warning.startswith("The audit could not be sent to the recipients: receiver 1: ")
    assert "example.com" not in warning
    assert health["problems"] == []


def test_a_wrong_time_of_the_audit_is_told_at_the_start(sqlite_url: str) -> None:
    said = r"\[audit\] at: 0 0 \* \* 9-8 is not a time"
    app = opened(sqlite_url, audit={"at": "0 0 * * 9-8"})
    with closing(app), pytest.raises(SettingsError, match=said):
        Services.of(app)


async def test_a_stop_leaves_the_sweep_to_be_carried_on_with(database_url: str) -> None:
    with closing(opened(database_url)) as app:
        add(app, *(Phone(host=f"127.0.0.{n}:9", site="here") for n in range(1, 40)))
        async with running(app):
            await until(lambda: bool(app.store.sweeps.load()))
        [sweep] = app.store.sweeps.load()
        assert sweep.interrupted or sweep.finished
        assert app.store.sweeps.interrupted("planned", since=now() - timedelta(hours=1), now=now())
        async with running(app):
            await until(lambda: not app.store.sweeps.load()[0].interrupted)
        assert len(app.store.sweeps.load()) == 1


async def refusal(app: App) -> str:
    """What is said of a daemon that cannot start."""
    with pytest.raises(ServerError) as raised:
        await Daemon(app, Services(), Notifier()).run(asyncio.Event())
    return str(raised.value)


async def test_systemd_hears_that_it_is_ready_alive_and_stopping(sqlite_url: str) -> None:
    heard = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        name = f"fleet-test-{uuid4()}"
        systemd.bind(f"\0{name}")
        systemd.setblocking(False)
        with closing(opened(sqlite_url)) as app:
            stopping, loop = asyncio.Event(), asyncio.get_running_loop()
            daemon = Daemon(app, Services(), Notifier(address=f"@{name}", watchdog=0.1))
            task = asyncio.create_task(daemon.run(stopping))
            while heard.count(b"WATCHDOG=1") < 3:
                heard.append(await loop.sock_recv(systemd, 100))
            stopping.set()
            while b"STOPPING=1" not in heard:
                heard.append(await loop.sock_recv(systemd, 100))
            await task
    assert heard[0] == b"READY=1"


async def test_an_address_that_is_taken_is_said_in_one_sentence(sqlite_url: str) -> None:
    port = free_port()
    with closing(opened(sqlite_url, port=port)) as app:
        async with running(app) as daemon:
            await daemon.ask("/healthz")
            with closing(opened(sqlite_url, port=port)) as other:
                said = await refusal(other)
    assert said.startswith(f"fleet cannot listen on 127.0.0.1 port {port}: ")
    assert said.endswith("; set [server] host and port.")


async def test_a_certificate_that_is_not_there_is_said_in_one_sentence(
    sqlite_url: str, tmp_path: Path
) -> None:
    with closing(opened(sqlite_url, certificate=f"{tmp_path}/cert.pem")) as app:
        said = await refusal(app)
    assert said.startswith(f"The certificate {tmp_path}/cert.pem or its key cannot be used: ")


async def test_the_dashboard_is_for_this_machine_or_behind_the_settings_password(
    sqlite_url: str,
) -> None:
    with closing(opened(sqlite_url)) as app:
        async with running(app), httpx.AsyncClient() as client:
            home = f"http://localhost:{app.settings.server.port}/"
            assert (await client.get(home)).status_code == 200
            foreign = await client.get(home, headers={"Host": "evil.example"})
            assert foreign.status_code == 403
    login = {"username": "noc", "password": "correct horse"}
    with closing(opened(sqlite_url, **login)) as app:
        async with running(app), httpx.AsyncClient() as client:
            home = f"http://127.0.0.1:{app.settings.server.port}/"
            assert (await client.get(home)).status_code == 401
            assert (await client.get(home, auth=("noc", "correct horse"))).status_code == 200


async def test_phones_that_this_machine_cannot_ask_are_one_alert_about_the_daemon(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    connect, is_short = loop.create_connection, True

    async def create_connection(*args: Any, **named: Any) -> Any:
        if is_short and args[2] == 9:
            raise OSError(errno.ENOBUFS, "no buffers")
        return await connect(*args, **named)

    monkeypatch.setattr(loop, "create_connection", create_connection)
    reports: list[tuple[str, str, str]] = []

    async def report(key: str, subject: str, text: str) -> None:
        reports.append((key, subject, text))

    with closing(opened(database_url, interval=5)) as app:
        add(app, PHONE)
        async with running(app, report=report) as daemon:
            await until(lambda: bool(reports))
            answer = await daemon.ask("/healthz")
            assert answer.startswith("HTTP/1.1 503")
            assert "no network buffers" in answer
            assert polls_of(app) == [None]
            assert app.store.findings.incidents(pending=True) == []
            is_short = False
            await until(lambda: polls_of(app) == [Reach.UNREACHABLE])
        assert {key for key, _, _ in reports} == {reports[0][0]}
        assert reports[0][2].startswith("1 of 1 phones could not be asked")
