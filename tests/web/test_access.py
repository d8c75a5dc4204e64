"""Who may see the dashboard."""

from __future__ import annotations

import asyncio
import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import Credentials
from fleet.web.access import (
    FREE_TRIES,
    Admission,
    Authenticator,
    CsrfToken,
    Visitor,
    is_own_page,
)

LOGIN = Credentials(username="fleet", password="correct horse")


def visitor(**fields: object) -> Visitor:
    return Visitor(**{"address": "127.0.0.1", "hosts": ("127.0.0.1:8080",), **fields})  # type: ignore[arg-type]


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "127.0.0.1", "localhost", "LOCALHOST:8080", "[::1]:8080", "[::1]"]
)
async def test_without_a_login_this_machine_may_come_in(address: str, host: str) -> None:
    assert (
        await Authenticator(None).admit(visitor(address=address, hosts=(host,)))
        is Admission.ADMITTED
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"address": "10.0.0.1"},
        {"address": "2001:db8::1"},
        {"address": "::ffff:10.0.0.1"},
        {"address": ""},
        {"address": "localhost"},
        {"hosts": ("evil.example:8080",)},
        {"hosts": ("127.0.0.1.evil.example",)},
        {"hosts": ("localhost.evil.example",)},
        {"hosts": ("10.0.0.5:8080",)},
        {"hosts": ()},
        {"hosts": ("127.0.0.1", "evil.example")},
        {"hosts": ("",)},
        {"is_forwarded": True},
    ],
)
async def test_without_a_login_nobody_else_may(fields: dict[str, object]) -> None:
    assert await Authenticator(None).admit(visitor(**fields)) is Admission.LOCAL_ONLY


async def test_with_a_login_whoever_has_it_may_from_anywhere() -> None:
    given_ = visitor(address="10.0.0.1", authorization=basic("fleet:correct horse"))
    assert await Authenticator(LOGIN).admit(given_) is Admission.ADMITTED


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        basic("fleet:wrong"),
        basic("fleet:correct horse "),
        basic("other:correct horse"),
        basic("fleet:"),
        basic(""),
        "Basic",
        "Basic !!!",
        "Bearer " + basic("fleet:correct horse").partition(" ")[2],
        "Basic é",
    ],
)
async def test_with_a_login_nobody_may_without_it_not_even_from_here(authorization: str) -> None:
    assert (
        await Authenticator(LOGIN).admit(visitor(authorization=authorization))
        is Admission.LOGIN_REQUIRED
    )


@given(st.text())
async def test_no_authorization_lets_in_or_fails(text: str) -> None:
    assert await Authenticator(LOGIN).admit(visitor(authorization=text)) is Admission.LOGIN_REQUIRED


@given(st.text(), st.text())
async def test_no_host_and_address_fails(address: str, host: str) -> None:
    found = await Authenticator(None).admit(visitor(address=address, hosts=(host,)))
    assert found in (Admission.ADMITTED, Admission.LOCAL_ONLY)


class Sleeps:
    """Records who waits instead of waiting; `longest_queue` is how many waited at a time."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.sleeping = self.longest_queue = 0

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.sleeping += 1
        self.longest_queue = max(self.longest_queue, self.sleeping)
        await asyncio.sleep(0)
        self.sleeping -= 1


async def test_after_ten_wrong_passwords_tries_wait_one_after_the_other() -> None:
    sleeps, clock = Sleeps(), [0.0]
    authenticator = Authenticator(LOGIN, clock=lambda: clock[0], sleep=sleeps)
    wrong, right = basic("fleet:wrong"), basic("fleet:correct horse")
    for _ in range(10):
        found = await authenticator.admit(visitor(authorization=wrong))
        assert found is Admission.LOGIN_REQUIRED
    assert sleeps.seconds == []
    tries = [authenticator.admit(visitor(authorization=each)) for each in [wrong] * 5 + [right]]
    assert (await asyncio.gather(*tries))[-1] is Admission.ADMITTED
    assert sleeps.seconds == [0.25] * 6
    assert sleeps.longest_queue == 1
    await authenticator.admit(visitor(address="10.0.0.1", authorization=right))
    clock[0] = 100.0
    await authenticator.admit(visitor(authorization=right))
    assert len(sleeps.seconds) == 6


async def test_an_ipv6_network_is_one_address() -> None:
    sleeps = Sleeps()
    authenticator = Authenticator(LOGIN, clock=lambda: 0.0, sleep=sleeps)
    for number in range(FREE_TRIES + 1):
        await authenticator.admit(
            visitor(address=f"2001:db8::{number}", authorization=basic("a:b"))
        )
    assert len(sleeps.seconds) == 1


async def test_right_logins_and_none_are_no_tries() -> None:
    sleeps = Sleeps()
    authenticator = Authenticator(LOGIN, clock=lambda: 0.0, sleep=sleeps)
    for _ in range(FREE_TRIES * 3):
        await authenticator.admit(visitor(authorization=basic("fleet:correct horse")))
        await authenticator.admit(visitor())
    assert sleeps.seconds == []


def test_a_mark_is_that_of_one_button() -> None:
    token = CsrfToken(b"key")
    mark = token.make(1, 2)
    assert token.is_valid(mark, "1", "2")
    assert not any(
        token.is_valid(each, *of)
        for each, of in [(mark, (1, 3)), (mark, (12, "")), ("", (1, 2)), ("é", (1, 2))]
    )
    assert not CsrfToken(b"another").is_valid(mark, 1, 2)


@pytest.mark.parametrize(
    ("fetch_site", "origin", "is_ours"),
    [
        ("same-origin", "", True),
        ("same-origin", "http://fleet.example", True),
        ("same-site", "", False),
        ("cross-site", "", False),
        ("none", "", False),
        ("", "http://10.0.0.5:8080", True),
        ("", "http://evil.example", False),
        ("", "null", False),
        ("", "", True),
    ],
)
def test_a_page_from_elsewhere_shows(fetch_site: str, origin: str, *, is_ours: bool) -> None:
    assert is_own_page(fetch_site, origin, "10.0.0.5:8080") is is_ours
