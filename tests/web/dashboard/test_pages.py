"""What the dashboard shows, and to whom."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from starlette.routing import Route

from fleet.model import IntendedAccount, Phone, Registration
from fleet.store import Store
from fleet.web.middleware import SECURITY_HEADERS
from tests.web.dashboard.fleet import LOGIN, add, line, mark_of, polled, rows, served, words

FAILED, OK = Registration.FAILED, Registration.REGISTERED
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def fill(store: Store) -> list[int]:
    """One that is refused, one in order, one that is off, one that nobody asked yet."""
    ids = add(
        store,
        Phone(host="10.0.0.1", name="lobby", site="berlin", mac="00:08:5D:00:00:01"),
        Phone(host="10.0.0.2", name="office", site="berlin"),
        Phone(host="10.0.0.3", name="cellar", site="bonn"),
        Phone(host="10.0.0.4", name="attic", site="bonn"),
    )
    polled(store, {ids[0]: [line(1, FAILED, code=401), line(2)], ids[1]: [line(1)], ids[2]: None})
    return ids


async def test_the_first_page_counts_the_fleet_and_names_what_is_flagged(store: Store) -> None:
    fill(store)
    async with served(store) as board:
        page = await board.page("/")
    tiles = [words(tile) for tile in page.xpath("//div[@class='tile']")]
    assert tiles == [
        "4phones",
        "1phone not polled",
        "1phone unreachable",
        "1line failed",
        "2lines registered",
    ]
    found = [row[:5] + row[6:] for row in rows(page, "Flagged lines")]
    assert found == [
        [
            "berlin",
            "lobby",
            "1",
            "1001@pbx.example",
            "failed 401",
            "401 Unauthorized: wrong SIP password or auth name (line-failed)",
        ],
        [
            "bonn",
            "cellar",
            "",
            "",
            "unreachable: no_answer",
            found[1][-1],
        ],
    ]
    assert found[1][-1].endswith("(phone-unreachable)")


class CountingExecutor(ThreadPoolExecutor):
    submitted = 0

    def submit(self, *args: Any, **fields: Any) -> Any:
        self.submitted += 1
        return super().submit(*args, **fields)


async def test_readers_take_two_threads_and_leave_the_rest_to_the_sweep(store: Store) -> None:
    executor = CountingExecutor()
    asyncio.get_running_loop().set_default_executor(executor)
    may_end = threading.Event()
    async with served(store) as board:
        reads = [asyncio.create_task(board.queries.read(may_end.wait)) for _ in range(5)]
        try:
            for _ in range(5):
                await asyncio.sleep(0)
            at_first = executor.submitted
        finally:
            may_end.set()
        await asyncio.gather(*reads)
    assert (at_first, executor.submitted) == (2, 5)


async def test_problems_of_the_daemon_are_shown(store: Store) -> None:
    async with served(store) as board:
        board.problems.append("sweep fails: the disk is full")
        text = words(await board.page("/"))
    assert "sweep fails: the disk is full" in text
    assert "There are no phones yet" in text


@pytest.mark.parametrize(
    ("query", "phones"),
    [
        ("site=bonn", ["cellar"]),
        ("rule=line-failed", ["lobby"]),
        ("q=LOBBY", ["lobby"]),
        ("q=1001@", ["lobby"]),
        ("q=00085d", ["lobby"]),
        ("q=10.0.0.", ["lobby", "cellar"]),
        ("site=bonn&rule=line-failed", []),
        ("site=nowhere", []),
        ("page=99", ["lobby", "cellar"]),
        ("page=-1", ["lobby", "cellar"]),
        ("page=%D9%A3x", ["lobby", "cellar"]),
    ],
)
async def test_flagged_lines_are_chosen(store: Store, query: str, phones: list[str]) -> None:
    fill(store)
    async with served(store) as board:
        page = await board.page(f"/?{query}")
    assert [row[1] for row in rows(page, "Flagged lines")] == phones


async def test_long_lists_have_pages_that_keep_the_choice(store: Store) -> None:
    ids = add(store, *(Phone(host=f"10.0.1.{n}", site="a&b") for n in range(1, 131)))
    polled(store, {number: [line(1, FAILED, code=401)] for number in ids})
    async with served(store) as board:
        first = await board.page("/?site=a%26b&rule=line-failed")
        [onward] = first.xpath("//a[@rel='next']/@href")
        second = await board.page(onward)
        all_of_them = await board.page("/phones?page=2")
    assert [len(rows(page, "Flagged lines")) for page in (first, second)] == [100, 30]
    assert "Page 2 of 2" in words(second)
    assert len(rows(all_of_them, "Phones")) == 30


@pytest.mark.parametrize(
    ("query", "phones"),
    [
        ("", ["lobby", "office", "attic", "cellar"]),
        ("site=bonn", ["attic", "cellar"]),
        ("q=off", ["office"]),
        ("q=00-08-5d-00", ["lobby"]),
        ("q=1002@pbx", ["lobby"]),
        ("q=%25", []),
        ("q=_", []),
        ("page=7", ["lobby", "office", "attic", "cellar"]),
        ("page=999999999", ["lobby", "office", "attic", "cellar"]),
    ],
)
async def test_every_phone_can_be_found(store: Store, query: str, phones: list[str]) -> None:
    fill(store)
    async with served(store) as board:
        page = await board.page(f"/phones?{query}")
    assert [row[1] for row in rows(page, "Phones")] == phones


async def test_a_phone_has_a_page(store: Store) -> None:
    ids = fill(store)
    async with served(store) as board:
        page = await board.page(f"/phones/{ids[0]}")
        off = words(await board.page(f"/phones/{ids[2]}"))
        new = words(await board.page(f"/phones/{ids[3]}"))
    assert [row[:3] for row in rows(page, "Lines")] == [
        ["1", "1001@pbx.example", "failed 401"],
        ["2", "1002@pbx.example", "registered"],
    ]
    text = words(page)
    assert "Check" in text or "Compare" in text
    assert [row[3] for row in rows(page, "History")] == ["registered", "failed 401", "ok"]
    assert "no_answer" in off
    assert "the phone has not been polled yet" in new


@pytest.mark.parametrize("path", ["/phones/4711", "/phones/99999999999999999999", "/phones/0"])
async def test_a_wrong_number_has_one_answer(store: Store, path: str) -> None:
    async with served(store) as board:
        answer = await board.get(path)
    assert answer.status_code == 404
    assert "There is no such phone." in answer.text


async def test_what_phones_say_is_never_taken_for_markup(store: Store) -> None:
    [number] = add(
        store,
        Phone(
            host="10.0.0.1",
            name=HOSTILE,
            site=HOSTILE,
            accounts=(IntendedAccount(line=1, user=HOSTILE, registrar="pbx.example"),),
        ),
    )
    shown = line(1, Registration.UNKNOWN, status_text=HOSTILE)
    assert shown.account
    polled(store, {number: [replace(shown, account=replace(shown.account, raw=HOSTILE))]})
    async with served(store) as board:
        for path in ("/", "/phones", f"/phones/{number}", "/?q=%22%3E%3Cscript%3E&site=%3Cb%3E"):
            page = await board.page(path)
            assert not page.xpath("//script | //img | //b[not(ancestor::*)] | //@onerror")
            assert HOSTILE not in (await board.get(path)).text
        [row] = rows(await board.page("/"), "Flagged lines")
        assert row[0] == row[1] == row[3] == HOSTILE


async def test_pages_run_nothing_and_fetch_nothing_from_elsewhere(store: Store) -> None:
    ids = fill(store)
    async with served(store) as board:
        for path in ("/", "/phones", f"/phones/{ids[0]}"):
            page = await board.page(path)
            assert not page.xpath("//script | //iframe | //object | //@style | //style")
            links = page.xpath("//@href | //@src | //@action")
            assert all(link.startswith("/") or link == "data:," for link in links)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/phones",
        "/phones/1",
        "/phones/4711",
        "/dashboard.css",
        "/api/lines",
        "/healthz",
        "/metrics",
        "/p/s",
        "/phones/1/",
        "/nowhere",
        "/phones/1/diagnose",
        "/phones/" + "9" * 5000,
    ],
)
async def test_every_answer_forbids_what_pages_need_not(store: Store, path: str) -> None:
    fill(store)
    async with served(store) as board:
        answer = await board.get(path)
    assert all(answer.headers[name] == value for name, value in SECURITY_HEADERS.items())
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


PATHS = ["/", "/phones", "/phones/1", "/dashboard.css", "/api/lines", "/api/phones"]


@pytest.mark.parametrize("path", PATHS)
async def test_without_a_password_only_this_machine_sees_it(store: Store, path: str) -> None:
    fill(store)
    async with served(store, address="10.0.0.9") as board:
        assert (await board.get(path)).status_code == 403
    async with served(store, host="evil.example") as board:
        assert (await board.get(path)).status_code == 403
    async with served(store) as board:
        assert (await board.get(path, **{"X-Forwarded-For": "127.0.0.1"})).status_code == 403
        assert (await board.get(path)).status_code in (200, 404)


@pytest.mark.parametrize("path", PATHS)
async def test_with_a_password_nobody_sees_it_without(store: Store, path: str) -> None:
    fill(store)
    async with served(store, login=LOGIN, address="10.0.0.9", host="fleet.example") as board:
        refused = await board.get(path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic ")
        assert LOGIN.password not in refused.text
        wrong = await board.client.get(path, auth=("fleet", "wrong"))
        assert wrong.status_code == 401
        right = await board.client.get(path, auth=(LOGIN.username, LOGIN.password))
        assert right.status_code in (200, 404)


async def test_wrong_passwords_from_an_address_do_not_lock_out_the_right_one(store: Store) -> None:
    async with served(store, login=LOGIN) as board:
        for _ in range(12):
            wrong = await board.client.get("/", auth=("fleet", "wrong"))
            assert wrong.status_code == 401
        right = await board.client.get("/", auth=(LOGIN.username, LOGIN.password))
    assert right.status_code == 200


NO_ROUTE = ["/nowhere", "/phones/1/", "/phones/1/diagnose", "/api", "/push", "/%00"]


@pytest.mark.parametrize("path", NO_ROUTE)
async def test_answers_of_the_router_itself_need_the_login_too(store: Store, path: str) -> None:
    fill(store)
    async with served(store, login=LOGIN) as board:
        refused = await board.get(path)
        assert refused.status_code == 401
        right = await board.client.get(path, auth=(LOGIN.username, LOGIN.password))
        assert right.status_code in (404, 405)
        assert "location" not in right.headers


@pytest.mark.parametrize("path", [*PATHS, *NO_ROUTE, "/healthz", "/metrics", "/p/r"])
@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "", "[::1].evil"],
)
async def test_a_foreign_host_is_refused_everywhere(store: Store, path: str, host: str) -> None:
    async with served(store, login=LOGIN) as board:
        auth = (LOGIN.username, LOGIN.password)
        answer = await board.client.get(path, headers={"Host": host}, auth=auth)
    assert answer.status_code == 403
    assert "[server] hosts" in answer.text
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.5:8080", "[2001:db8::1]:8080", "LOCALHOST:80", "Fleet.example."]
)
async def test_this_server_answers_to_its_addresses_and_names(store: Store, host: str) -> None:
    async with served(store, login=LOGIN) as board:
        auth = (LOGIN.username, LOGIN.password)
        answer = await board.client.get("/phones", headers={"Host": host}, auth=auth)
    assert answer.status_code == 200


async def test_only_https_is_remembered_by_browsers(store: Store) -> None:
    async with served(store) as board:
        assert "strict-transport-security" not in (await board.get("/")).headers
        answer = await board.client.get("https://127.0.0.1/")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_a_bug_is_answered_like_everything_else(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("secret detail")

    async with served(store, more=[Route("/api/bug", lambda _: fail())]) as board:
        answer = await board.get("/api/bug")
    assert answer.status_code == 500
    assert answer.json() == {"error": "fleet failed to answer; see its log."}
    assert answer.headers["x-frame-options"] == "DENY"


async def test_health_metrics_and_pushes_need_no_password(store: Store) -> None:
    async with served(store, login=LOGIN, address="10.0.0.9") as board:
        for path in ("/healthz", "/metrics", "/p/r?s=REFUSED"):
            assert (await board.get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/", "/phones", "/phones/1", "/api/lines"])
async def test_a_database_that_fails_is_told_in_a_sentence(sqlite_url: str, path: str) -> None:
    with closing(Store.open(sqlite_url, keyring=None)) as store:
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as other:
            other.execute("ALTER TABLE phones RENAME TO gone")
        async with served(store) as board:
            answer = await board.get(path)
    assert answer.status_code == 503
    assert "The database cannot be used; see the log." in answer.text


async def test_a_button_is_pressed_on_our_own_page_alone(store: Store) -> None:
    number, other, *_ = fill(store)
    async with served(store) as board:
        mark = mark_of(await board.page(f"/phones/{number}"), 1)
        path, fields = f"/phones/{number}/diagnose", {"line": "1", "mark": mark}
        foreign = {"Sec-Fetch-Site": "cross-site"}
        evil = {"Origin": "http://evil.example"}
        for answer in (
            await board.client.post(path, data=fields, headers=foreign),
            await board.client.post(path, data=fields, headers=evil),
            await board.client.post(path, data=fields, headers={"Origin": "null"}),
            await board.client.post(path, data={"line": "1"}),
            await board.client.post(path, data={**fields, "line": "2"}),
            await board.client.post(path, data={**fields, "line": "1; DROP"}),
            await board.client.post(path, content=b"\xff&&&=%"),
            await board.client.post(f"/phones/{other}/diagnose", data=fields),
        ):
            assert answer.status_code == 403
            assert "load the phone's page again" in answer.text.replace("&#39;", "'")
        assert (await board.get(path)).status_code == 405
    assert store.journal.load() == []


async def test_what_cannot_be_diagnosed_says_why(store: Store) -> None:
    number, *_ = fill(store)
    async with served(store) as board:
        mark = mark_of(await board.page(f"/phones/{number}"), 1)
        fields = {"line": "1", "mark": mark}
        answer = await board.client.post(f"/phones/{number}/diagnose", data=fields)
    assert answer.status_code == 200
    assert "The inventory has no line 1 for lobby." in answer.text
