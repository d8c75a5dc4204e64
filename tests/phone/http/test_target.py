from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import Credentials
from fleet.phone.http.target import Target

LOGIN = Credentials(username="admin", password="s3cret")


def parse(host: str, **changes: str) -> Target:
    return Target.parse(host, credentials=LOGIN, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "scheme", "address", "port", "authority"),
    [
        ("10.0.0.5", "http", "10.0.0.5", 80, "10.0.0.5"),
        ("10.0.0.5:8080", "http", "10.0.0.5", 8080, "10.0.0.5:8080"),
        (" phone1.example ", "http", "phone1.example", 80, "phone1.example"),
        ("Phone-1", "http", "phone-1", 80, "phone-1"),
        ("https://10.0.0.5", "https", "10.0.0.5", 443, "10.0.0.5"),
        ("HTTPS://10.0.0.5:8443/", "https", "10.0.0.5", 8443, "10.0.0.5:8443"),
        ("http://10.0.0.5:443", "http", "10.0.0.5", 443, "10.0.0.5:443"),
        ("[::1]:81", "http", "::1", 81, "[::1]:81"),
        ("[2001:DB8::1]", "http", "2001:db8::1", 80, "[2001:db8::1]"),
        ("::1", "http", "::1", 80, "[::1]"),
        ("fe80::1%eth0", "http", "fe80::1%eth0", 80, "[fe80::1]"),
        ("http://[::1]:81/", "http", "::1", 81, "[::1]:81"),
        ("bücher.example", "http", "xn--bcher-kva.example", 80, "xn--bcher-kva.example"),
    ],
)
def test_a_host_is_read(host: str, scheme: str, address: str, port: int, authority: str) -> None:
    target = parse(host)
    assert (target.scheme, target.address, target.port) == (scheme, address, port)
    assert target.authority == authority


@pytest.mark.parametrize(
    "host",
    [
        "", " ", ":80", "10.0.0.5:", "10.0.0.5:0", "10.0.0.5:65536", "10.0.0.5:http", "10.0.0",
        "10.0.0.256", "1.2.3.4.5", "[10.0.0.5]:80", "[::1", "::1::2", "[::1]x", "a b", "a/b",
        "http://a/b", "http://a?x", "ftp://a", "http://u:p@a", "u@a", "-a", "a..b", "a\r\nb",
        "http://", "10.0.0.5:٣", "a" * 300, "a\x00b", "\ud800",
    ],
)  # fmt: skip
def test_what_is_no_host_is_refused_in_a_sentence(host: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        parse(host)


@given(st.text(max_size=30))
def test_any_text_is_a_host_or_refused(text: str) -> None:
    try:
        target = parse(text)
    except ValueError:
        return
    assert 0 < target.port < 65536
    assert target.authority.isascii()
    assert target.authority.isprintable()


def test_a_colon_in_the_user_name_is_refused() -> None:
    with pytest.raises(ValueError, match="colon"):
        Target.parse("a", credentials=Credentials(username="a:b", password=""))


@pytest.mark.parametrize(
    ("username", "password", "header"),
    [
        ("admin", "22222", "Basic YWRtaW46MjIyMjI="),
        ("user", "", "Basic dXNlcjo="),
        ("", "", "Basic Og=="),
        ("é", "ü:", "Basic w6k6w7w6"),
    ],
)
def test_the_login_is_written_in_utf_8(username: str, password: str, header: str) -> None:
    login = Credentials(username=username, password=password)
    assert Target.parse("a", credentials=login).authorization == header


def test_no_login_no_header() -> None:
    assert Target.parse("a", credentials=None).authorization == ""


def test_the_password_is_not_shown() -> None:
    assert "s3cret" not in repr(parse("a"))


@pytest.mark.parametrize("fingerprint", ["abc", "x" * 64, "0" * 65])
def test_what_is_no_fingerprint_is_refused(fingerprint: str) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        parse("a", fingerprint=fingerprint)


@pytest.mark.parametrize(
    "said",
    ["s3cret&x", "s3cret&amp;x", "s3cret%26x", "YWRtaW46czNjcmV0Jng=", "eDpzM2NyZXQmeA=="],
)
def test_what_a_server_gives_back_is_shown_without_the_password(said: str) -> None:
    login = Credentials(username="admin", password="s3cret&x")
    shown = Target.parse("a", credentials=login).without_secrets(f"realm {said} end")
    assert said not in shown
    assert shown.startswith("realm ")
    assert shown.endswith(" end")
