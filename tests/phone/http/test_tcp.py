from __future__ import annotations

import asyncio
import errno
import socket

import pytest

from fleet.errors import NotAsked, PhoneError
from fleet.model import Credentials, Reason
from fleet.phone.http.target import Target
from tests.phone.http.scripted import LOGIN, PAGE, http, quick_client, served


async def reason(host: str) -> Reason:
    target = Target.parse(host, credentials=Credentials(username="a", password="b"))
    async with quick_client() as client:
        with pytest.raises(PhoneError) as caught:
            await client.session(target).status_page()
    return caught.value.reason


async def test_a_closed_port_is_a_refused_connection() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{sock.getsockname()[1]}"
        assert await reason(host) is Reason.CONNECTION_REFUSED


async def test_a_full_queue_is_no_answer() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        place = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            assert filler.connect_ex(place) in (0, errno.EINPROGRESS)
        await asyncio.sleep(0.05)
        try:
            assert await reason(f"127.0.0.1:{place[1]}") in {Reason.NO_ANSWER, Reason.SILENT}
        finally:
            for filler in fillers:
                filler.close()


async def test_a_name_is_resolved() -> None:
    async with served([http()]) as server, quick_client() as client:
        target = Target.parse(f"localhost:{server.port}", credentials=LOGIN)
        assert (await client.session(target).status_page()).body == PAGE
    assert f"Host: localhost:{server.port}".encode() in server.asked[0]


async def test_a_name_that_does_not_exist_is_named_so() -> None:
    assert await reason("no-such-phone.invalid") is Reason.NAME_NOT_FOUND


async def test_ipv6_works_where_the_system_has_it() -> None:
    try:
        async with served([http()], address="::1") as server, quick_client() as client:
            target = Target.parse(f"[::1]:{server.port}", credentials=LOGIN)
            assert (await client.session(target).status_page()).body == PAGE
    except OSError:
        pytest.skip("this system has no IPv6 loopback")


@pytest.mark.parametrize(
    ("code", "lack"),
    [
        (errno.EMFILE, "no file descriptors"),
        (errno.ENFILE, "no file descriptors"),
        (errno.ENOMEM, "no memory"),
        (errno.ENOBUFS, "no network buffers"),
        (errno.EADDRNOTAVAIL, "no network buffers or ports"),
        (errno.ENETDOWN, "no network"),
    ],
)
async def test_what_this_machine_lacks_is_no_fault_of_the_phone(
    monkeypatch: pytest.MonkeyPatch, code: int, lack: str
) -> None:
    async def refuse(*_args: object, **_named: object) -> None:
        raise OSError(code, "")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", refuse)
    async with quick_client() as client:
        with pytest.raises(NotAsked, match=lack):
            await client.session(Target.parse("127.0.0.1:9", credentials=LOGIN)).status_page()
