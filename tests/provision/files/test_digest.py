"""HTTP Digest: the examples of the RFCs, and every way in which a login is not good."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.provision.files.decide import LoginState
from fleet.provision.files.digest import (
    REALM,
    Credentials,
    Login,
    Passwords,
    challenge,
    log_in,
    parse_authorization,
    respond,
)
from fleet.provision.files.nonces import Nonces, Use

NOW = 1_800_000_000.0
TARGET = "/00085D126411.cfg"
PASSWORDS = Passwords(username="aastra", now="new one", before="old one")


def nonces(**options: Any) -> Nonces:
    return Nonces(bytes(32), **options)


def header(nonce: str, *, password: str = "new one", **fields: str) -> str:
    said = {
        "username": "aastra",
        "realm": REALM,
        "nonce": nonce,
        "uri": TARGET,
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "abc",
    } | fields
    said = {name: value for name, value in said.items() if value}
    credentials = Credentials(**{"username": "", "nonce": "", "uri": "", **said})
    response = respond(credentials, method="GET", username=credentials.username, password=password)
    quoted = ", ".join(f'{name}="{value}"' for name, value in said.items())
    return f'Digest {quoted}, response="{response}"'


def login(text: str, issued: Nonces, *, now: float = NOW, **more: Any) -> Login:
    asked: dict[str, Any] = {"method": "GET", "target": TARGET, "now": now} | more
    return log_in(text, PASSWORDS, issued, **asked)


def test_the_example_of_rfc_7616() -> None:
    text = (
        'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", '
        'algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
        'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, '
        'response="8ca523f5e9506fed4657c9700eebdbec", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    credentials = parse_authorization(text)
    assert credentials is not None
    answer = respond(credentials, method="GET", username="Mufasa", password="Circle of Life")
    assert answer == credentials.response


def test_the_example_of_rfc_2617_and_the_form_without_qop() -> None:
    text = (
        'Digest username="Mufasa", realm="testrealm@host.com", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth, '
        'nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1"'
    )
    credentials = parse_authorization(text)
    assert credentials is not None
    secret = {"username": "Mufasa", "password": "Circle Of Life"}
    assert respond(credentials, method="GET", **secret) == credentials.response
    old = parse_authorization(text.replace("qop=auth, nc=00000001, cnonce=", "x="))
    assert old is not None
    assert respond(old, method="GET", **secret) == "670fd8c2df070c60b045671b8b24ff02"


def test_a_challenge_offers_md5_and_qop() -> None:
    assert challenge("n") == f'Digest realm="{REALM}", nonce="n", algorithm=MD5, qop="auth"'
    assert challenge("n", stale=True).endswith(", stale=true")


def test_the_newest_password_and_the_one_before_are_good() -> None:
    issued = nonces()
    assert login(header(issued.issue(NOW)), issued) == Login(state=LoginState.GOOD, is_newest=True)
    old = header(issued.issue(NOW), password="old one")
    assert login(old, issued) == Login(state=LoginState.GOOD)
    renamed = header(issued.issue(NOW), password="old one", username="before")
    assert login(renamed, issued).state is LoginState.GOOD


def test_no_login_is_missing() -> None:
    assert login("", nonces()).state is LoginState.MISSING


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "guess"},
        {"password": ""},
        {"username": "other"},
        {"realm": "other"},
        {"uri": "/other.cfg"},
        {"algorithm": "SHA-256"},
        {"algorithm": "MD5-sess"},
        {"qop": "auth-int"},
        {"nc": "x"},
    ],
)
def test_what_is_wrong_is_wrong(changes: dict[str, str]) -> None:
    issued = nonces()
    assert login(header(issued.issue(NOW), **changes), issued).state is LoginState.WRONG


@pytest.mark.parametrize(
    ("username", "state"),
    [("admin", LoginState.GOOD), ("aaa", LoginState.WRONG), ("zzz", LoginState.WRONG)],
)
def test_the_factory_login_is_good_under_its_own_name_alone(
    username: str, state: LoginState
) -> None:
    passwords = replace(PASSWORDS, factory=("admin", "22222"))
    issued = nonces()
    nonce = issued.issue(NOW)
    right = header(nonce, username="admin", password="22222")
    text = right.replace('username="admin"', f'username="{username}"')
    done = log_in(text, passwords, issued, method="GET", target=TARGET, now=NOW)
    assert done == Login(state=state)


def test_an_empty_password_of_before_opens_nothing() -> None:
    issued = nonces()
    text = header(issued.issue(NOW), password="")
    only_new = Passwords(username="aastra", now="new one")
    done = log_in(text, only_new, issued, method="GET", target=TARGET, now=NOW)
    assert done.state is LoginState.WRONG


def test_another_method_is_wrong() -> None:
    issued = nonces()
    assert login(header(issued.issue(NOW)), issued, method="HEAD").state is LoginState.WRONG


def test_a_uri_without_the_query_is_taken() -> None:
    issued = nonces()
    done = login(header(issued.issue(NOW)), issued, target=f"{TARGET}?x=1")
    assert done.state is LoginState.GOOD


def test_a_count_is_good_once_and_may_overtake() -> None:
    issued = nonces()
    nonce = issued.issue(NOW)
    states = [
        login(header(nonce, nc=f"{count:08x}"), issued).state for count in (1, 3, 2, 2, 3, 200, 100)
    ]
    good, stale = LoginState.GOOD, LoginState.STALE
    assert states == [good, good, good, stale, stale, good, stale]


def test_without_a_count_a_nonce_is_good_once() -> None:
    issued = nonces()
    text = header(issued.issue(NOW), qop="", nc="", cnonce="")
    assert [login(text, issued).state for _ in range(2)] == [LoginState.GOOD, LoginState.STALE]


def test_a_nonce_is_over_after_a_while_and_one_of_others_at_once() -> None:
    issued = nonces(lifetime=300)
    text = header(issued.issue(NOW))
    assert login(text, issued, now=NOW + 300).state is LoginState.STALE
    assert login(text, issued, now=NOW - 1).state is LoginState.STALE
    assert login(text, Nonces(b"x" * 32)).state is LoginState.STALE
    assert login(header("nonsense"), issued).state is LoginState.STALE
    assert login(text, issued).state is LoginState.GOOD


def test_what_was_forgotten_is_over() -> None:
    issued = nonces(most=2)
    several = [issued.issue(NOW + number) for number in range(4)]
    assert all(issued.use(nonce, 1, NOW + 4) is Use.FRESH for nonce in several)
    assert issued.use(several[0], 1, NOW + 4) is Use.OVER
    assert issued.use(several[1], 2, NOW + 4) is Use.OVER
    assert issued.use(several[3], 2, NOW + 4) is Use.FRESH


@pytest.mark.parametrize("text", ["Basic YWFzdHJhOmFhc3RyYQ==", "Bearer x", "Digest", "digest  "])
def test_other_schemes_are_wrong(text: str) -> None:
    assert login(text, nonces()).state is LoginState.WRONG


@given(st.text(max_size=300))
def test_no_header_makes_it_raise(text: str) -> None:
    assert login(f"Digest {text}", nonces()).state is not LoginState.GOOD
    assert login(text, nonces()).state is not LoginState.GOOD


@given(st.text(max_size=60))
def test_no_nonce_of_others_is_fresh(nonce: str) -> None:
    assert nonces().use(nonce, 1, NOW) is Use.OVER


@given(st.lists(st.integers(1, 90), max_size=60))
def test_no_count_is_ever_good_twice(counts: list[int]) -> None:
    issued = nonces()
    nonce = issued.issue(NOW)
    good = [count for count in counts if issued.use(nonce, count, NOW) is Use.FRESH]
    assert len(good) == len(set(good))
