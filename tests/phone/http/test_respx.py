"""What a poll makes of answers that respx scripts: which requests follow, and how it ends."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import httpx
import pytest
import respx

from fleet.errors import PhoneError
from fleet.model import Credentials, Reason
from fleet.phone.http.client import PhoneClient
from fleet.phone.http.target import Target, Timeouts

if TYPE_CHECKING:
    from fleet.phone.http.session import Answer

HOST = "http://192.0.2.1"
PAGE = b"<html><td>SIP Account Status</td></html>"
ASKS_LOGIN = {"WWW-Authenticate": 'Basic realm="Aastra 6753i"'}
OK = httpx.Response(200, content=PAGE, headers={"Content-Type": "text/html; charset=UTF-8"})


async def poll(
    router: respx.Router, *, host: str = HOST, password: str | None = "geheim-4711"
) -> Answer:
    """Poll once; what is not scripted is an error of the test."""
    login = None if password is None else Credentials(username="admin", password=password)
    async with PhoneClient(
        timeouts=Timeouts(connect=5, read=5, total=20),
        retry_pause=0,
        transport=httpx.MockTransport(router.async_handler),
    ) as client:
        return await client.session(Target.parse(host, credentials=login)).status_page()


async def failure(router: respx.Router, **how: str | None) -> PhoneError:
    with pytest.raises(PhoneError) as raised:
        await poll(router, **how)  # type: ignore[arg-type]
    return raised.value


async def test_one_request_with_the_login_and_nothing_else() -> None:
    router = respx.Router()
    page = router.get(f"{HOST}/sysinfo.html").mock(return_value=OK)
    answer = await poll(router)
    assert (answer.body, answer.charset, answer.status) == (PAGE, "utf-8", 200)
    [call] = page.calls
    sent = {name.lower(): value for name, value in call.request.headers.items()}
    assert sent == {
        "host": "192.0.2.1",
        "user-agent": "fleet",
        "accept": "text/html, */*",
        "accept-encoding": "identity",
        "connection": "close",
        "authorization": "Basic " + base64.b64encode(b"admin:geheim-4711").decode(),
    }


async def test_a_401_that_opens_a_session_is_asked_again_once() -> None:
    router = respx.Router()
    page = router.get(f"{HOST}/sysinfo.html").mock(
        side_effect=[httpx.Response(401, headers=ASKS_LOGIN), OK]
    )
    assert (await poll(router)).body == PAGE
    assert page.call_count == 2


async def test_a_second_401_is_a_wrong_password_and_the_last_request() -> None:
    router = respx.Router()
    page = router.get(f"{HOST}/sysinfo.html").mock(
        return_value=httpx.Response(401, headers=ASKS_LOGIN)
    )
    assert (await failure(router)).reason is Reason.WRONG_PASSWORD
    assert page.call_count == 2


async def test_without_a_password_a_phone_that_wants_one_is_asked_once() -> None:
    router = respx.Router()
    page = router.get(f"{HOST}/sysinfo.html").mock(
        return_value=httpx.Response(401, headers=ASKS_LOGIN)
    )
    assert (await failure(router, password=None)).reason is Reason.NO_PASSWORD
    [call] = page.calls
    assert "authorization" not in call.request.headers


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ('Basic realm="FRITZ!Box"', Reason.NOT_AASTRA),
        ('Digest realm="Aastra 6753i", nonce="x"', Reason.AUTH_UNSUPPORTED),
    ],
)
async def test_another_device_gets_the_password_once(header: str, reason: Reason) -> None:
    router = respx.Router()
    page = router.get(f"{HOST}/sysinfo.html").mock(
        return_value=httpx.Response(401, headers={"WWW-Authenticate": header})
    )
    assert (await failure(router)).reason is reason
    assert page.call_count == 1


async def test_a_redirect_to_the_front_page_is_followed_with_the_login() -> None:
    router = respx.Router()
    router.get(f"{HOST}/sysinfo.html").mock(
        return_value=httpx.Response(302, headers={"Location": "/", "Server": "Aragorn"})
    )
    front = router.get(f"{HOST}/").mock(return_value=OK)
    assert (await poll(router)).path == "/"
    assert "authorization" in front.calls.last.request.headers


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://198.51.100.7/sysinfo.html", Reason.REDIRECTED),
        ("//198.51.100.7/", Reason.REDIRECTED),
        ("https://192.0.2.1/sysinfo.html", Reason.HTTPS_REQUIRED),
        ("/login.html?next=/sysinfo.html", Reason.REDIRECTED),
    ],
)
async def test_a_redirect_elsewhere_ends_the_poll(location: str, reason: Reason) -> None:
    router = respx.Router()
    page = router.get(f"{HOST}/sysinfo.html").mock(
        return_value=httpx.Response(302, headers={"Location": location})
    )
    error = await failure(router)
    assert error.reason is reason
    assert "geheim-4711" not in str(error)
    assert page.call_count == len(router.calls) == 1


async def test_redirects_in_a_circle_end() -> None:
    router = respx.Router()
    router.get(f"{HOST}/sysinfo.html").mock(
        return_value=httpx.Response(302, headers={"Location": "/"})
    )
    router.get(f"{HOST}/").mock(
        return_value=httpx.Response(302, headers={"Location": "/sysinfo.html"})
    )
    assert (await failure(router)).reason is Reason.REDIRECTED
    assert len(router.calls) == 4


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ConnectTimeout("x"), Reason.NO_ANSWER),
        (httpx.ReadTimeout("x"), Reason.SILENT),
        (httpx.ConnectError("x"), Reason.NO_ANSWER),
        (httpx.ReadError("x"), Reason.NO_REPLY),
        (httpx.RemoteProtocolError("x"), Reason.NOT_HTTP),
    ],
)
async def test_an_error_of_the_network_is_a_reason(error: Exception, reason: Reason) -> None:
    router = respx.Router()
    router.get(f"{HOST}/sysinfo.html").mock(side_effect=error)
    assert (await failure(router)).reason is reason


@pytest.mark.parametrize(
    ("status", "reason"),
    [(403, Reason.FORBIDDEN), (404, Reason.NOT_FOUND), (500, Reason.SERVER_ERROR)],
)
async def test_a_status_is_a_reason(status: int, reason: Reason) -> None:
    router = respx.Router()
    page = router.get(f"{HOST}/sysinfo.html").mock(return_value=httpx.Response(status))
    error = await failure(router)
    assert (error.reason, str(status) in error.detail) == (reason, True)
    assert page.call_count == 1


async def test_a_busy_phone_is_asked_once_more() -> None:
    router = respx.Router()
    page = router.get(f"{HOST}/sysinfo.html").mock(side_effect=[httpx.Response(503), OK])
    assert (await poll(router)).body == PAGE
    assert page.call_count == 2


async def test_a_cookie_of_one_phone_goes_to_no_other() -> None:
    router = respx.Router()
    router.get(f"{HOST}/sysinfo.html").mock(
        side_effect=[
            httpx.Response(401, headers={**ASKS_LOGIN, "Set-Cookie": "session=1"}),
            OK,
        ]
    )
    await poll(router)
    assert all("cookie" not in call.request.headers for call in router.calls)
