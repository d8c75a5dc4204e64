"""Files over HTTP: a real server, a real database, a client that is a phone."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from configparser import ConfigParser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from fleet.model import FetchOutcome, NewFile, Site
from tests.provision.serve.served import (
    AGENT,
    BODY,
    FIRMWARE,
    MAC,
    OTHER_MAC,
    OWN,
    START,
    Clock,
    fill,
    firmware,
    phone,
    serving,
)

if TYPE_CHECKING:
    import httpx

    from fleet.model import Fetch
    from fleet.store import Store

SECRET = "0123456789abcdef"


@pytest.fixture
def filled(store: Store) -> Store:
    fill(store)
    return store


def outcomes(store: Store) -> list[FetchOutcome]:
    """What was recorded, the oldest first."""
    return [fetch.outcome for fetch in store.fetches.load()][::-1]


def only(store: Store) -> Fetch:
    (fetch,) = store.fetches.load()
    return replace(fetch, id=None)


async def raw(url: str, request: bytes) -> bytes:
    """Send bytes as they are, and read until the server closes."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_phone_gets_its_file_and_it_is_written_down(filled: Store, tmp_path: Path) -> None:
    number = filled.phones.find(MAC)
    async with serving(filled, tmp_path) as service, phone(service) as client:
        answer = await client.get(OWN)
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["content-length"] == str(len(BODY))
    assert "transfer-encoding" not in answer.headers
    assert "server" not in answer.headers
    applied = filled.revisions.file(OWN)
    assert applied is not None
    fetch = only(filled)
    assert (fetch.at, fetch.file, fetch.address, fetch.phone_id) == (
        START, OWN, "127.0.0.1", number,
    )  # fmt: skip
    assert (fetch.outcome, fetch.sent) == (FetchOutcome.SERVED, len(BODY))
    assert (fetch.mac, fetch.model, fetch.firmware) == (MAC, "6753i", "3.3.1.4365")
    assert (fetch.revision, fetch.digest, fetch.protocol) == (1, applied.digest, "http")
    assert fetch.agent == AGENT


async def test_a_phone_with_minet_firmware_is_known_by_its_mac_and_served(
    filled: Store, tmp_path: Path
) -> None:
    agent = "MitelMINET_6930 MAC:00-08-5D-00-00-01 V:1.5.0.78"
    async with serving(filled, tmp_path) as service, phone(service, agent=agent) as client:
        names = ("startup.cfg", OWN)
        assert [(await client.get(name)).status_code for name in names] == [200, 200]
    assert [(fetch.model, fetch.firmware, fetch.mac) for fetch in filled.fetches.load()] == [
        ("6930", "1.5.0.78", MAC)
    ] * 2


async def test_every_spelling_of_a_name_is_the_same_file(filled: Store, tmp_path: Path) -> None:
    async with serving(filled, tmp_path) as service, phone(service) as client:
        for name in ("AASTRA.CFG", "aastra%2ecfg", "startup.cfg", "/aastra.cfg?a=b"):
            assert (await client.get(name)).content == b"contact rcs: 0\n"
        assert (await client.get("00085d000001.CFG")).content == BODY
        assert (await client.get("6753I.cfg")).content == b"# model\n"
    assert {fetch.file for fetch in filled.fetches.load()} == {"aastra.cfg", OWN, "6753i.cfg"}


async def test_the_same_file_again_is_not_sent_again(filled: Store, tmp_path: Path) -> None:
    async with serving(filled, tmp_path) as service, phone(service) as client:
        first = await client.get(OWN)
        tag = {"If-None-Match": first.headers["etag"]}
        date = {"If-Modified-Since": first.headers["last-modified"]}
        for headers in (tag, date):
            assert (await client.get(OWN, headers=headers)).status_code == 304
    served, *same = filled.fetches.load()[::-1]
    for fetch in same:
        assert (fetch.outcome, fetch.sent) == (FetchOutcome.NOT_MODIFIED, 0)
        assert (fetch.revision, fetch.digest) == (served.revision, served.digest)


async def test_what_is_applied_is_served_at_once(filled: Store, tmp_path: Path) -> None:
    async with serving(filled, tmp_path) as service, phone(service) as client:
        before = await client.get(OWN)
        new = [NewFile(name=OWN, body=b"new: 1\n", phone_id=filled.phones.find(MAC))]
        filled.revisions.apply(new, by="test", comment="", now=START, expected=1)
        after = await client.get(
            OWN, headers={"If-Modified-Since": before.headers["last-modified"]}
        )
        assert (after.status_code, after.content) == (200, b"new: 1\n")
        gone = [NewFile(name=OWN, body=None)]
        filled.revisions.apply(gone, by="test", comment="", now=START, expected=2)
        assert (await client.get(OWN)).status_code == 404
    assert [fetch.revision for fetch in filled.fetches.load()] == [None, 2, 1]
    assert outcomes(filled)[-1] is FetchOutcome.NOT_FOUND


async def test_head_and_a_part_are_no_proof_of_the_whole(filled: Store, tmp_path: Path) -> None:
    async with serving(filled, tmp_path) as service, phone(service) as client:
        head = await client.head(OWN)
        part = await client.get(OWN, headers={"Range": "bytes=4-7"})
        whole = await client.get(OWN, headers={"Range": "bytes=0-"})
        none = await client.get(OWN, headers={"Range": "bytes=9999-"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(BODY))
    assert (part.status_code, part.content) == (206, BODY[4:8])
    assert (whole.status_code, whole.content) == (206, BODY)
    assert none.status_code == 416
    digests = [
        (fetch.outcome.value, fetch.sent, bool(fetch.digest)) for fetch in filled.fetches.load()
    ]
    assert digests[::-1] == [
        ("served", 0, False),
        ("served", 4, False),
        ("served", len(BODY), True),
        ("not-found", 0, False),
    ]


async def test_strangers_are_refused_alike_and_told_apart_in_the_records(
    filled: Store, tmp_path: Path
) -> None:
    clock = Clock()
    async with serving(filled, tmp_path, clock) as service:
        answers = []
        for agent, address, file in (
            (AGENT.replace("00-01", "00-99"), "127.0.0.1", "00085D000099.cfg"),
            (AGENT.replace("00-01", "00-02"), "127.0.0.1", OWN),
            ("", "127.0.0.1", OWN),
            ("Mozilla/5.0", "127.0.0.1", OWN),
            (AGENT, "127.0.0.1", "nothing.txt"),
            (AGENT.replace("00-01", "00-02"), "127.0.0.1", "00085D000002.cfg"),
        ):
            async with phone(service, agent=agent, address=address) as client:
                answers.append(await client.get(file))
        async with phone(service) as client:
            assert (await client.get(OWN)).status_code == 200
        async with phone(service, address="127.0.0.9") as client:
            answers.append(await client.get(OWN))
    seen = {(a.status_code, a.content, _without_date(a)) for a in answers}
    assert len(seen) == 1
    assert answers[0].status_code == 404
    assert [outcome.value for outcome in outcomes(filled)] == [
        "unknown-mac",
        "wrong-agent",
        "wrong-agent",
        "wrong-agent",
        "not-found",
        "not-found",
        "served",
        "second-address",
    ]


def _without_date(answer: httpx.Response) -> str:
    return repr([pair for pair in answer.headers.multi_items() if pair[0] != "date"])


async def test_another_network_gets_nothing_at_all(filled: Store, tmp_path: Path) -> None:
    stored = list(filled.phones.load())
    assert stored
    filled.inventory.apply([Site(name="here", networks=("10.0.0.0/8",))], [])
    async with serving(filled, tmp_path) as service, phone(service) as client:
        firmware(tmp_path)
        for name in (OWN, "aastra.cfg", "53i.st", "x"):
            assert (await client.get(name)).status_code == 404
    assert set(outcomes(filled)) == {FetchOutcome.WRONG_NETWORK}


async def test_an_address_that_was_quiet_may_be_another(filled: Store, tmp_path: Path) -> None:
    clock = Clock()
    async with serving(filled, tmp_path, clock) as service:
        async with phone(service) as client:
            assert (await client.get(OWN)).status_code == 200
        async with phone(service, address="127.0.0.9") as moved:
            clock.pass_by(seconds=599)
            assert (await moved.get(OWN)).status_code == 404
            clock.pass_by(seconds=1)
            assert (await moved.get(OWN)).status_code == 200


async def test_where_a_file_went_last_is_known_after_a_restart(
    filled: Store, tmp_path: Path
) -> None:
    clock = Clock()
    async with serving(filled, tmp_path, clock) as service, phone(service) as client:
        assert (await client.get(OWN)).status_code == 200
    clock.pass_by(seconds=60)
    async with (
        serving(filled, tmp_path, clock) as service,
        phone(service, address="127.0.0.9") as client,
    ):
        assert (await client.get(OWN)).status_code == 404
    assert outcomes(filled)[-1] is FetchOutcome.SECOND_ADDRESS


async def test_the_secret_path_is_demanded_of_a_phones_own_file_alone(
    filled: Store, tmp_path: Path
) -> None:
    async with serving(filled, tmp_path, path_secret=SECRET) as service, phone(service) as client:
        assert (await client.get(OWN)).status_code == 404
        assert (await client.get(f"p/{SECRET[:-1]}x/{OWN}")).status_code == 404
        assert (await client.get(f"p/{SECRET}/{OWN}")).content == BODY
        for path in ("aastra.cfg", f"p/{SECRET}/aastra.cfg"):
            assert (await client.get(path)).status_code == 200
    assert [outcome.value for outcome in outcomes(filled)] == [
        "wrong-login", "wrong-login", "served", "served", "served",
    ]  # fmt: skip
    assert SECRET not in repr(filled.fetches.load())


@pytest.mark.parametrize(
    ("path", "agent"),
    [
        (f"wrong/{SECRET}/x.cfg", AGENT),
        (f"{'a' * 190}{SECRET}", AGENT),
        ("x.cfg", f"curl http://pbx/p/{SECRET}/x.cfg"),
        ("x.cfg", f"curl {b64encode(f'a:{SECRET}'.encode()).decode()}"),
        ("x.cfg", f"{'a' * 290}{SECRET}"),
        (f"http://admin:{SECRET}@pbx/", AGENT),
    ],
)
async def test_a_refused_request_is_recorded_without_the_secret(
    filled: Store, tmp_path: Path, path: str, agent: str
) -> None:
    async with (
        serving(filled, tmp_path, path_secret=SECRET) as service,
        phone(service, agent=agent) as client,
    ):
        assert (await client.get(f"/{path}")).status_code == 404
    (fetch,) = filled.fetches.load()
    for text in (fetch.file, fetch.agent):
        assert SECRET[:10] not in text
        assert "MDEyMzQ1Njc4" not in text  # Base64 of its middle


async def test_limits_hold_for_an_address_and_a_phone(filled: Store, tmp_path: Path) -> None:
    clock = Clock()
    limits = {"address_limit": 5, "phone_limit": 2}
    async with serving(filled, tmp_path, clock, **limits) as service, phone(service) as client:
        codes = [(await client.get(OWN)).status_code for _ in range(3)]
        codes += [(await client.get("aastra.cfg")).status_code for _ in range(3)]
        clock.pass_by(minutes=1)
        codes.append((await client.get(OWN)).status_code)
    assert codes == [200, 200, 404, 200, 200, 404, 200]
    assert outcomes(filled).count(FetchOutcome.RATE_LIMITED) == 2


async def test_not_every_refusal_of_who_never_stops_is_written_down(
    filled: Store, tmp_path: Path
) -> None:
    async with serving(filled, tmp_path) as service, phone(service, agent="x") as client:
        for _ in range(120):
            assert (await client.get(OWN)).status_code == 404
    assert len(filled.fetches.load()) == 100


@pytest.mark.parametrize(
    ("headers", "modules"),
    [
        ({"X-Aastra-ExpMod1": "560M", "X-Aastra-ExpMod2": "536M"}, ("560M", "536M")),
        ({"X-Aastra-ExpMod2": "536M"}, ()),
        (
            {"X-Aastra-ExpMod1": "M680i", "X-Aastra-ExpMod2": "a b", "X-Aastra-ExpMod3": "c"},
            ("M680i",),
        ),
        ({}, ()),
    ],
)
async def test_the_modules_that_a_phone_names_are_written_down(
    filled: Store, tmp_path: Path, headers: dict[str, str], modules: tuple[str, ...]
) -> None:
    async with serving(filled, tmp_path) as service, phone(service) as client:
        await client.get(OWN, headers=headers)
    fetched = only(filled)
    assert (fetched.outcome, fetched.modules) == (FetchOutcome.SERVED, modules)
    assert filled.fetches.fitted_modules() == ({fetched.phone_id: modules} if modules else {})


async def test_a_trusted_proxy_tells_the_address_and_others_do_not(
    filled: Store, tmp_path: Path
) -> None:
    headers = {"X-Forwarded-For": "10.9.9.9, 127.0.0.77"}
    for trusted, address in ((["127.0.0.1"], "127.0.0.77"), ([], "127.0.0.1")):
        async with (
            serving(filled, tmp_path, trusted_proxies=trusted) as service,
            phone(service) as client,
        ):
            await client.get("aastra.cfg", headers=headers)
        assert filled.fetches.load()[0].address == address


async def test_firmware_and_languages_come_from_the_folder_and_nothing_else_does(
    filled: Store, tmp_path: Path
) -> None:
    firmware(tmp_path)
    firmware(tmp_path, "lang_de.txt", b"Hallo\n")
    firmware(tmp_path, "notes.txt", b"private\n")
    (tmp_path / "fleet.key").write_text("key")
    async with serving(filled, tmp_path) as service, phone(service) as client:
        assert (await client.get("53I.ST")).content == FIRMWARE
        assert (await client.get("lang_DE.txt")).content == b"Hallo\n"
        for path in ("notes.txt", "firmware/53i.st", "firmware/", "", "..%2ffleet.key"):
            assert (await client.get(path)).status_code == 404
    given = [fetch for fetch in filled.fetches.load() if fetch.outcome is FetchOutcome.SERVED]
    assert [(fetch.file, fetch.revision, len(fetch.digest)) for fetch in given] == [
        ("lang_de.txt", None, 64),
        ("53i.st", None, 64),
    ]


NAMED = """
directory 1: Corporate.csv
sips trusted certificates: ca.pem
custom ringtone 1: "chime one.wav"
language 1: i18n\\lang_fr.txt
background image: http://10.0.0.1:8090/pictures/logo.png
"""


@pytest.mark.parametrize(
    ("asked", "file"),
    [
        ("Corporate.csv", "Corporate.csv"),
        ("corporate.CSV", "Corporate.csv"),
        ("ca.pem", "ca.pem"),
        ("chime%20one.wav", "chime one.wav"),
        ("i18n/lang_fr.txt", "i18n/lang_fr.txt"),
        ("Old/i18n/lang_fr.txt", "i18n/lang_fr.txt"),
        ("pictures/logo.png", "pictures/logo.png"),
        ("own.csv", "own.csv"),
    ],
)
async def test_what_a_configuration_names_is_served_from_the_folder(
    filled: Store, tmp_path: Path, asked: str, file: str
) -> None:
    shared = NewFile(name="aastra.cfg", body=NAMED.encode())
    own = NewFile(name=OWN, body=b"directory 2: OWN.csv\n", phone_id=filled.phones.find(MAC))
    filled.revisions.apply([shared, own], by="test", comment="", now=START, expected=1)
    firmware(tmp_path, file, b"what it holds")
    async with serving(filled, tmp_path, path_prefixes=["old"]) as service:
        async with phone(service) as client:
            assert (await client.get(asked)).content == b"what it holds"
        async with phone(service, agent="") as client:
            assert (await client.get(asked)).content == b"what it holds"
    assert {(fetch.outcome.value, fetch.revision) for fetch in filled.fetches.load()} == {
        ("served", None)
    }


@pytest.mark.parametrize("name", ["out.csv", "out/secret.csv", ".hidden.csv", "a.cfg", "../up.csv"])
async def test_a_name_in_a_configuration_opens_nothing_but_the_folder(
    filled: Store, tmp_path: Path, name: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret.csv").write_text("secret")
    (tmp_path / "up.csv").write_text("secret")
    firmware(tmp_path, ".hidden.csv", b"secret")
    firmware(tmp_path, "a.cfg", b"secret")
    (tmp_path / "firmware" / "out.csv").symlink_to(elsewhere / "secret.csv")
    (tmp_path / "firmware" / "out").symlink_to(elsewhere)
    body = f"directory 1: {name}\n".encode()
    shared = NewFile(name="aastra.cfg", body=body)
    filled.revisions.apply([shared], by="test", comment="", now=START, expected=1)
    request = f"GET /{name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    async with serving(filled, tmp_path) as service:
        answer = await raw(service.urls["http"], request)
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"secret" not in answer


@pytest.mark.parametrize(
    "target",
    [
        b"/../../fleet.key",
        b"/..%2f..%2ffleet.key",
        b"/%2e%2e/fleet.key",
        b"/firmware/../fleet.key",
        b"/\\..\\fleet.key",
        b"//etc/passwd",
        b"/fleet.db",
        b"/aastra.cfg/",
        b"/aastra.cfg/../53i.st",
        b"/aastra.cfg%00",
        b"/aastra.cfg\xc3\xa4",
        b"/%zz",
        b"*",
        b"/" + b"a" * 30_000,
    ],
)
async def test_no_path_leads_out_of_what_is_served(
    filled: Store, tmp_path: Path, target: bytes
) -> None:
    firmware(tmp_path)
    (tmp_path / "fleet.key").write_text("key")
    async with serving(filled, tmp_path) as service:
        request = b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = await raw(service.urls["http"], request)
    # An aastra.cfg with an empty rest behind it is aastra.cfg: there is nothing to hide in it.
    expected = (b"HTTP/1.1 200", b"") if target == b"/aastra.cfg/" else (b"HTTP/1.1 40",)
    assert answer.startswith(expected)
    assert b"key" not in answer
    assert b"private" not in answer.replace(b"cache-control: private", b"")


async def test_an_old_client_is_answered_and_its_connection_closed(
    filled: Store, tmp_path: Path
) -> None:
    async with serving(filled, tmp_path) as service:
        url = service.urls["http"]
        old = await raw(url, f"GET /{OWN} HTTP/1.0\r\nUser-Agent: {AGENT}\r\n\r\n".encode())
        close = await raw(url, b"GET /aastra.cfg HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    for answer, body in ((old, BODY), (close, b"contact rcs: 0\n")):
        head, _, sent = answer.partition(b"\r\n\r\n")
        assert sent == body
        assert b"content-length: %d" % len(body) in head
        assert b"connection: close" in head
        assert b"transfer-encoding" not in head
    assert outcomes(filled) == [FetchOutcome.SERVED] * 2


async def test_requests_one_after_the_other_share_a_connection(
    filled: Store, tmp_path: Path
) -> None:
    two = b"GET /aastra.cfg HTTP/1.1\r\nHost: x\r\n\r\n" * 2
    last = b"GET /aastra.cfg HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with serving(filled, tmp_path) as service:
        answer = await raw(service.urls["http"], two + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b"contact rcs: 0\n") == 3


async def test_what_is_no_get_is_refused_and_what_is_no_http_is_dropped(
    filled: Store, tmp_path: Path
) -> None:
    async with serving(filled, tmp_path) as service, phone(service) as client:
        refused = await client.post(OWN, content=b"x" * 100)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
        assert b"400" in await raw(service.urls["http"], b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
    assert filled.fetches.load() == []


async def test_a_head_without_end_is_cut_off(filled: Store, tmp_path: Path) -> None:
    async with serving(filled, tmp_path) as service:
        place = urlsplit(service.urls["http"])
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(b"GET /aastra.cfg HTTP/1.1\r\n" + b"X-Long: " + b"y" * 200_000)
        try:
            answer = await reader.read()
        except ConnectionError:  # it did not even take all of the head
            answer = b""
        assert answer[:12] in (b"HTTP/1.1 431", b"")
        writer.close()


async def test_a_client_that_only_reads_on_gets_all_of_it(filled: Store, tmp_path: Path) -> None:
    firmware(tmp_path)
    async with serving(filled, tmp_path) as service:
        place = urlsplit(service.urls["http"])
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(b"GET /53i.st HTTP/1.1\r\nHost: x\r\n\r\n")
        writer.write_eof()
        answer = await reader.read()
        writer.close()
    assert answer.endswith(FIRMWARE)
    assert outcomes(filled) == [FetchOutcome.SERVED]


async def test_a_new_phone_is_known_after_a_look_at_the_inventory(
    filled: Store, tmp_path: Path
) -> None:
    async with serving(filled, tmp_path) as service:
        filled.inventory.remove([filled.phones.find(MAC)], START)
        await service.refresh()
        async with phone(service) as client:
            assert (await client.get(OWN)).status_code == 404
    assert outcomes(filled) == [FetchOutcome.UNKNOWN_MAC]


async def test_a_database_that_is_gone_is_said_to_be_so(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> int:
        from fleet.errors import StoreError

        raise StoreError("The database is gone.")

    monkeypatch.setattr(filled.revisions, "last", broken)
    async with serving(filled, tmp_path) as service, phone(service) as client:
        answer = await client.get("aastra.cfg")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert filled.fetches.load() == []


async def test_a_phone_is_named_by_its_agent_where_the_file_names_none(
    filled: Store, tmp_path: Path
) -> None:
    other = AGENT.replace("00-01", "00-02")
    stranger = AGENT.replace("00-01", "00-77")
    async with serving(filled, tmp_path) as service:
        for agent in (other, stranger, ""):
            async with phone(service, agent=agent) as client:
                assert (await client.get("aastra.cfg")).status_code == 200
    by_agent = {fetch.mac: fetch.phone_id for fetch in filled.fetches.load()}
    assert by_agent == {
        OTHER_MAC: filled.phones.find(OTHER_MAC),
        "00:08:5D:00:00:77": None,
        "": None,
    }


async def test_where_nobody_may_fetch_the_log_says_what_to_set(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(store, tmp_path):
        pass
    assert [record.getMessage()[:30] for record in caplog.records] == [
        "No phone may fetch a file: nei"
    ]
    assert "Set [provisioning] networks" in caplog.text
    caplog.clear()
    async with serving(store, tmp_path, networks=["10.0.0.0/8"]):
        pass
    assert caplog.text == ""


FAIL2BAN = Path(__file__).parents[3] / "packaging" / "fail2ban" / "fleet.conf"
HOSTILE = "/00085D000099.cfg%0aWARNING%20Refused%20a%20file%20to%209.9.9.9:%20unknown-mac."


async def test_fail2ban_finds_the_address_of_who_guesses_and_no_other(
    filled: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    filter_of = ConfigParser(interpolation=None)
    filter_of.read(FAIL2BAN)
    pattern = filter_of["Definition"]["failregex"].replace("<HOST>", r"(?P<host>[\da-f.:]+)")
    agent = AGENT.replace("00-01", "00-99")
    async with serving(filled, tmp_path) as service, phone(service, agent=agent) as client:
        for name in ("00085D000099.cfg", HOSTILE, OWN, "aastra.cfg"):
            await client.get(name)
    lines = [
        f"2026-03-01T07:00:00.000+00:00 {record.levelname} {record.getMessage()}"
        for record in caplog.records
    ]
    found = [match["host"] for line in lines if (match := re.search(pattern, line))]
    assert found == ["127.0.0.1", "127.0.0.1"]  # the MAC of nobody, and another's file
    assert not any("9.9.9.9" in line for line in lines)


async def test_a_new_revision_is_served_from_its_first_moment(
    filled: Store, tmp_path: Path
) -> None:
    async with serving(filled, tmp_path) as service, phone(service) as client:
        given = []
        for revision in range(1, 20):
            given.append((await client.get(OWN)).text)
            number = filled.phones.find(MAC)
            body = f"# {revision}\n".encode()
            files = [NewFile(name=OWN, body=body, phone_id=number)]
            filled.revisions.apply(files, by="test", comment="", now=START, expected=revision)
    assert given == [BODY.decode(), *(f"# {revision}\n" for revision in range(1, 19))]
