from __future__ import annotations

import pytest
import trustme

from fleet.phone.probe import Probe, probe
from tests.phone.http.scripted import QUICK, End, Server, challenge, http, served
from tests.phone.http.test_tls import server_context


async def probed(server: Server, scheme: str = "http") -> Probe | None:
    return await probe(server.address, server.port, scheme=scheme, timeouts=QUICK)


async def test_a_phone_is_known_by_its_realm() -> None:
    async with served([challenge("Aastra 6757i")]) as server:
        found = await probed(server)
    assert found == Probe(
        address="127.0.0.1",
        port=server.port,
        scheme="http",
        model="6757i",
        realm="Aastra 6757i",
        server="Aragorn",
    )


@pytest.mark.parametrize(
    "answer",
    [
        challenge("Mitel 6920"),
        challenge("Mitel 6920").replace(b"Aragorn", b"unknown"),
        challenge("Please enter User name and password"),
        http(),
        http(b"", "Location: https://127.0.0.1/", status="302 Found"),
        http(b"", status="404 Not Found"),
    ],
)
async def test_a_phone_is_known_by_its_realm_or_its_server(answer: bytes) -> None:
    async with served([answer]) as server:
        assert await probed(server) is not None


@pytest.mark.parametrize(
    "script",
    [
        [challenge("Router").replace(b"Aragorn", b"httpd")],
        [http().replace(b"Aragorn", b"nginx")],
        [b"SSH-2.0-x\r\n"],
        [End.HANG],
        [End.RESET],
        [],
    ],
)
async def test_anything_else_is_no_phone(script: list[bytes | str]) -> None:
    async with served(script) as server:
        assert await probed(server) is None


async def test_a_probe_is_one_request_without_a_login() -> None:
    async with served([challenge()]) as server:
        await probed(server)
    assert server.paths == ["/"]
    assert b"uthorization" not in server.asked[0]


async def test_nothing_listens_and_nothing_is_found() -> None:
    async with served([]) as server:
        pass
    assert await probed(server) is None


async def test_a_phone_is_found_over_https() -> None:
    certificate = trustme.CA().issue_cert("127.0.0.1")
    async with served([challenge()], tls=server_context(certificate)) as server:
        found = await probed(server, "https")
    assert found is not None
    assert found.scheme == "https"
