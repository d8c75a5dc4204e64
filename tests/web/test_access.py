"""Who may see the dashboard."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import Credentials
from fleet.web.access import TRIES, Admission, Guard, Seal, Visitor, is_own_page

LOGIN = Credentials(username="fleet", password="correct horse")


def visitor(**fields: object) -> Visitor:
    return Visitor(**{"address": "127.0.0.1", "hosts": ("127.0.0.1:8080",), **fields})  # type: ignore[arg-type]


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "127.0.0.1", "localhost", "LOCALHOST:8080", "[::1]:8080", "[::1]"]
)
def test_without_a_login_this_machine_may_come_in(address: str, host: str) -> None:
    assert Guard(None).admit(visitor(address=address, hosts=(host,)), 0) is Admission.WELCOME


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
def test_without_a_login_nobody_else_may(fields: dict[str, object]) -> None:
    assert Guard(None).admit(visitor(**fields), 0) is Admission.NOT_FROM_HERE


def test_with_a_login_whoever_has_it_may_from_anywhere() -> None:
    given_ = visitor(address="10.0.0.1", authorization=basic("fleet:correct horse"))
    assert Guard(LOGIN).admit(given_, 0) is Admission.WELCOME


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
def test_with_a_login_nobody_may_without_it_not_even_from_here(authorization: str) -> None:
    assert Guard(LOGIN).admit(visitor(authorization=authorization), 0) is Admission.LOGIN_WANTED


@given(st.text())
def test_no_authorization_lets_in_or_fails(text: str) -> None:
    assert Guard(LOGIN).admit(visitor(authorization=text), 0) is Admission.LOGIN_WANTED


@given(st.text(), st.text())
def test_no_host_and_address_fails(address: str, host: str) -> None:
    found = Guard(None).admit(visitor(address=address, hosts=(host,)), 0)
    assert found in (Admission.WELCOME, Admission.NOT_FROM_HERE)


def test_after_ten_wrong_passwords_none_is_looked_at_for_a_while() -> None:
    guard = Guard(LOGIN)
    wrong, right = basic("fleet:wrong"), basic("fleet:correct horse")
    for _ in range(TRIES):
        assert guard.admit(visitor(authorization=wrong), 0) is Admission.LOGIN_WANTED
    assert guard.admit(visitor(authorization=right), 0) is Admission.TOO_OFTEN
    other = visitor(address="10.0.0.1", authorization=right)
    assert guard.admit(other, 0) is Admission.WELCOME
    assert guard.admit(visitor(authorization=right), 11) is Admission.WELCOME


def test_an_ipv6_network_is_one_place() -> None:
    guard = Guard(LOGIN)
    for number in range(TRIES):
        guard.admit(visitor(address=f"2001:db8::{number}", authorization=basic("a:b")), 0)
    one_more = visitor(address="2001:db8::ffff", authorization=basic("fleet:correct horse"))
    assert guard.admit(one_more, 0) is Admission.TOO_OFTEN


def test_right_logins_and_none_are_no_tries() -> None:
    guard = Guard(LOGIN)
    for _ in range(TRIES * 3):
        guard.admit(visitor(authorization=basic("fleet:correct horse")), 0)
        guard.admit(visitor(), 0)
    found = guard.admit(visitor(authorization=basic("fleet:correct horse")), 0)
    assert found is Admission.WELCOME


def test_a_mark_is_that_of_one_button() -> None:
    seal = Seal(b"key")
    mark = seal.mark(1, 2)
    assert seal.is_right(mark, "1", "2")
    assert not any(
        seal.is_right(each, *of)
        for each, of in [(mark, (1, 3)), (mark, (12, "")), ("", (1, 2)), ("é", (1, 2))]
    )
    assert not Seal(b"another").is_right(mark, 1, 2)


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
