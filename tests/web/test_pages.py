"""What is served, over real sockets by the real server."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from fleet.push import Push, PushEvent, PushState
from fleet.web import Figures, Health, JobHealth, PushResult
from fleet.web.pages import NOTHING_TO_DO
from tests.web.serving import AGENT, MAC, START, caller, serving

REFUSED = "/push/registration?s=REFUSED&c=401&u=1001&ip=10.1.0.7"
SAID = Push(
    at=START,
    mac=MAC,
    event=PushEvent.REGISTRATION,
    state=PushState.REFUSED,
    code=401,
    user="1001",
)


async def test_a_push_is_answered_with_nothing_to_do_and_queued() -> None:
    async with serving() as served:
        answer = await served.ask(REFUSED)
    head, body = answer.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"content-type: text/xml" in head
    assert body == NOTHING_TO_DO
    assert served.push_queue.take(10) == [(1, SAID)]
    assert served.told == [PushResult.TAKEN]


@pytest.mark.parametrize(
    ("path", "event"),
    [
        ("/p/r", PushEvent.REGISTRATION),
        ("/p/ok", PushEvent.REGISTERED),
        ("/push/registered", PushEvent.REGISTERED),
        ("/p/s", PushEvent.STARTUP),
        ("/push/startup", PushEvent.STARTUP),
        ("/p/p", PushEvent.POLL),
        ("/push/poll", PushEvent.POLL),
    ],
)
async def test_each_action_uri_has_a_long_and_a_short_address(path: str, event: PushEvent) -> None:
    async with serving() as served:
        await served.ask(path)
    [(_, push)] = served.push_queue.take(10)
    assert push.event is event


async def test_everybody_gets_the_same_answer() -> None:
    async with serving({MAC: caller(1, "10.0.0.0/8")}) as served:
        answers = {
            await served.ask(REFUSED),
            await served.ask(REFUSED, agent="curl/8"),
            await served.ask(REFUSED, agent=AGENT.replace("12-64-11", "12-64-12")),
            await served.ask(REFUSED + "x" * 600),
            await served.ask("/push/poll?%%%&=&s"),
        }
    assert len({answer.split(b"\r\n\r\n")[1] for answer in answers}) == 1
    assert {answer[:15] for answer in answers} == {b"HTTP/1.1 200 OK"}
    assert served.told == [
        PushResult.FOREIGN,
        PushResult.NOT_A_PHONE,
        PushResult.UNKNOWN_PHONE,
        PushResult.NOT_A_PHONE,
        PushResult.FOREIGN,
    ]


async def test_nobody_is_believed_who_he_forwards_for_but_a_trusted_proxy() -> None:
    inside = {MAC: caller(1, "10.0.0.0/8")}
    async with serving(inside) as served:
        await served.ask(REFUSED, X_Forwarded_For="10.1.0.7")
        assert served.told == [PushResult.FOREIGN]
    async with serving(inside, proxies=["127.0.0.0/8"]) as served:
        await served.ask(REFUSED, X_Forwarded_For="10.1.0.7")
        await served.ask("/p/s", X_Forwarded_For="10.1.0.7, 192.0.2.1")
        await served.ask("/p/p", X_Forwarded_For="nonsense")
        assert served.told == [PushResult.TAKEN, PushResult.FOREIGN, PushResult.FOREIGN]


async def test_health_says_how_everything_fares() -> None:
    async with serving() as served:
        assert (await served.ask("/healthz")).startswith(b"HTTP/1.1 200 OK")
        job = JobHealth(
            name="Delivery",
            worked=START,
            running_since=None,
            failures=3,
            error="The mail server refuses us.",
        )
        served.health = Health(
            started=START,
            problems=("No sweep has ended for 20 minutes.",),
            last_sweep=START - timedelta(minutes=20),
            jobs=(job,),
            pushes={"taken": 4},
            waiting={"pushes": 1},
        )
        answer = await served.ask("/healthz")
    assert answer.startswith(b"HTTP/1.1 503")
    document = json.loads(answer.split(b"\r\n\r\n")[1])
    assert document["status"] == "failing"
    assert document["problems"] == ["No sweep has ended for 20 minutes."]
    assert document["last_sweep_finished"] == "2026-03-02T06:40:00+00:00"
    assert document["jobs"]["Delivery"]["failures_in_a_row"] == 3
    assert document["pushes"] == {"taken": 4}


async def test_metrics_are_in_the_form_of_prometheus() -> None:
    async with serving() as served:
        served.figures = Figures(
            up=True,
            sweeps={"finished": 2},
            polls={"ok": 20, "refused": 1},
            lines={"registered": 40},
            last_sweep=START.timestamp(),
        )
        answer = (await served.ask("/metrics")).decode()
    assert "content-type: text/plain; version=0.0.4" in answer
    assert "\nfleet_up 1.0\n" in answer
    assert '\nfleet_polls_total{reach="refused"} 1.0\n' in answer
    assert '\nfleet_lines{state="registered"} 40.0\n' in answer
    assert "\nfleet_last_sweep_finished_timestamp_seconds 1.7724348e+09\n" in answer


@pytest.mark.parametrize("path", ["/", "/push", "/push/other", "/healthz/x", "//", "/%00"])
async def test_there_is_nothing_else(path: str) -> None:
    async with serving() as served:
        assert (await served.ask(path)).startswith((b"HTTP/1.1 404", b"HTTP/1.1 307"))
        posted = b"POST /push/poll HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        assert (await served.say(posted)).startswith(b"HTTP/1.1 405")
    assert served.told == []
