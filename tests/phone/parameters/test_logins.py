"""Secrets inside values: shown without, and noticed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.parameters import has_hidden_login, holds_login, without_login


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ftp://me:hunter2@192.0.2.1/fw", "ftp://\u2026@192.0.2.1/fw"),
        ("http://me:hun@ter2@pbx.example.com", "http://\u2026@pbx.example.com"),
        ("ftp://me:hun/ter2@pbx.example.com/a", "ftp://\u2026@pbx.example.com/a"),
        ("https://:hunter2@[2001:db8::1]:8443/x", "https://\u2026@[2001:db8::1]:8443/x"),
        ("me:hunter2@10.0.0.5", "\u2026:\u2026@10.0.0.5"),
        ("http://a/x.php?user=1&password=hunter2&y=1", "http://a/x.php?user=1&password=\u2026&y=1"),
        ("http://a/x?pin=hunter2#top", "http://a/x?pin=\u2026#top"),
        ("http://a/x?api_key=hunter2", "http://a/x?api_key=\u2026"),
        ("http://a/x?access_token=hunter2", "http://a/x?access_token=\u2026"),
        ("one ftp://a:hunter2@b two ftp://c:hunter2@d", "one ftp://\u2026@b two ftp://\u2026@d"),
    ],
)
def test_a_login_or_a_token_is_left_out(value: str, shown: str) -> None:
    assert without_login(value) == shown
    assert holds_login(value)
    assert not holds_login(shown)


@pytest.mark.parametrize(
    "value",
    [
        *("http://192.0.2.1:8080/a@b", "sip:1001@pbx.example.com", "sip:1001:x@pbx", "user@host"),
        *("http://a/?u=$$SIPUSERNAME$$&pin=$$PIN$$", "http://a/?mac=1&x=a:b", "70;70;asterisk", ""),
    ],
)
def test_what_holds_none_is_shown_as_it_is(value: str) -> None:
    assert without_login(value) == value
    assert not holds_login(value)


def test_a_user_alone_is_no_secret_but_is_not_shown() -> None:
    assert without_login("ftp://anonymous@192.0.2.1/fw") == "ftp://\u2026@192.0.2.1/fw"
    assert not holds_login("ftp://anonymous@192.0.2.1/fw")


@given(
    st.sampled_from(["ftp", "http", "https", "tftp"]),
    st.text("abc019._%-", min_size=1, max_size=12),
    st.text("abcXYZ019.!$%*+-", min_size=6, max_size=30),
)
def test_no_password_of_a_uri_is_shown(scheme: str, user: str, password: str) -> None:
    value = f"{scheme}://{user}:{password}@pbx.example.com/fw"
    assert password not in without_login(value)
    assert holds_login(value)


@pytest.mark.parametrize("piece", ["://a:", "?password", "@", "://@", "a:", ";pass=", "://a:b@"])
def test_no_text_takes_long(piece: str) -> None:
    def cost(times: int) -> float:
        start = time.process_time()
        without_login("@=" + piece * times)
        holds_login("@=" + piece * times)
        return time.process_time() - start

    least = min(cost(2_000) for _ in range(3))
    assert min(cost(16_000) for _ in range(3)) < 8 * 4 * least + 0.05


def test_a_printed_value_is_known_as_one_and_others_are_not() -> None:
    for value in ("ftp://user:geheim@192.0.2.1/fw", "user:geheim@192.0.2.1"):
        assert not has_hidden_login(value)
        assert has_hidden_login(without_login(value))
    for value in ("…@", "1001…@pbx.example.com", "http://192.0.2.1/…"):
        assert not has_hidden_login(value)
