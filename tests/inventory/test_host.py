"""Hosts have one spelling each."""

from __future__ import annotations

import pytest

from fleet.inventory import normalise_host


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.1:8080", "10.0.0.1:8080"),
        ("10.0.0.1:80", "10.0.0.1:80"),
        ("127.0.0.2:5081", "127.0.0.2:5081"),
        ("Phone-7.Example.", "phone-7.example"),
        ("phone_7", "phone_7"),
        ("http://10.0.0.1", "http://10.0.0.1"),
        ("HTTP://10.0.0.1:80/", "http://10.0.0.1"),
        ("https://10.0.0.1:443", "https://10.0.0.1"),
        ("https://10.0.0.1:80", "https://10.0.0.1:80"),
        ("[::1]:80", "[::1]:80"),
        ("[2001:DB8:0:0::1]", "[2001:db8::1]"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"),
    ],
)
def test_a_host_is_normalised_and_stays_so(text: str, host: str) -> None:
    assert normalise_host(text) == host
    assert normalise_host(host) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":80",
        "10.0.0",
        "10.0.0.256",
        "010.0.0.1",
        "10.0.0.1:0",
        "10.0.0.1:65536",
        "10.0.0.1:",
        "10.0.0.1:http",
        "10.0.0.1:٨٠",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[ff02::1]",
        "[fe80::1%eth0]",
        "[::1",
        "[::1]x",
        "[10.0.0.1]",
        "1:2:3",
        "ftp://10.0.0.1",
        "http://admin:22222@10.0.0.1",
        "admin@10.0.0.1",
        "http://10.0.0.1/sysinfo.html",
        "10.0.0.1/24",
        "10.0.0.1?x",
        "10.0.0.1#x",
        "10.0.0.1\\x",
        "http://",
        "two words",
        "-phone",
        "phone-.example",
        "a..b",
        "büro",
        "x" * 64,
        ".".join(["x" * 60] * 5),
    ],
)
def test_what_is_not_a_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        normalise_host(text)
