"""The parameters: what they take, which are secret, what was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.config_file import canonical_name, is_name, numbered
from fleet.phone.parameters import (
    PARAMETERS,
    Reboot,
    complaint,
    is_secret,
    needs_reboot,
    spec_of,
    suggestion_for,
)


def _complaint(name: str, value: str) -> str:
    spec = spec_of(name)
    assert spec is not None
    return complaint(spec.kind, value)


def test_every_family_is_spelt_canonically_and_can_be_written() -> None:
    for family in PARAMETERS:
        name = family.replace("keyN", "key2").replace("lineN", "line2").replace("modX", "mod1")
        assert canonical_name(name) == name
        assert is_name(name)
        assert numbered(name).family == family


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("admin password", "4711", ""),
        ("admin password", "4294967295", ""),
        ("admin password", "4294967296", "is above 4294967295"),
        ("admin password", "letters", "holds something else than digits"),
        ("user password", "12 34", "holds something else than digits"),
        ("user password", "٣٤", "holds something else than digits"),
        ("sip registration retry timer", "30", ""),
        ("sip registration retry timer", "29", "has to be from 30 to 1800"),
        ("sip registration retry timer", "1801", "has to be from 30 to 1800"),
        ("sip registration retry timer", "soon", "has to be a whole number"),
        ("auto resync mode", "4", "has to be from 0 to 3"),
        ("auto resync time", "3:30", ""),
        ("auto resync time", "24:00", "has to be a time such as 03:30"),
        ("download protocol", "http", ""),
        ("download protocol", "SCP", "has to be one of TFTP, FTP, HTTP, HTTPS"),
        ("sip transport protocol", "3", "has to be one of 0, 1, 2, 4"),
        ("sip line3 registrar port", "65536", "has to be from 0 to 65535"),
        ("sip proxy ip", "pbx.example.com", ""),
        ("sip proxy ip", "192.0.2.1", ""),
        ("sip proxy ip", "192.0.2.256", "has to be an address or a host name"),
        ("sip proxy ip", "sip:pbx.example.com", "has to be an address or a host name"),
        ("default gateway", "gateway", "has to be an IPv4 address"),
        ("contact rcs", "yes", "has to be 0 or 1"),
        ("http digest username", "x" * 41, "is longer than 40 characters"),
        ("http digest password", "x" * 21, "is longer than 20 characters"),
        ("vlan id", "0", "has to be from 1 to 4095"),
        ("vlan id port 1", "4095", ""),
        ("dst start week", "-5", ""),
        ("dst start week", "0", "has to be one of"),
        ("dst end day", "7", ""),
        ("lldp interval", "-1", "has to be at least 0"),
        ("sip vmail", "", ""),
        ("admin password", "", ""),
    ],
)
def test_a_value_fits_or_is_told_why_not(name: str, value: str, wrong: str) -> None:
    found = _complaint(name, value)
    assert found.startswith(wrong) if wrong else not found


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("sip line2 password", True),
        ("SIP Line 2 Password", True),
        ("admin password", True),
        ("options password enabled", False),
        ("sip line1 user name", False),
        ("some new password", True),
        ("ldap passwd", True),
        ("pin code suppression", True),
        ("some new setting", False),
    ],
)
def test_secrets_are_known_and_guessed(name: str, secret: bool) -> None:
    assert is_secret(name) is secret


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("sip lin1 user name", "sip line1 user name"),
        ("sip line3 username", "sip line3 user name"),
        ("auto resinc mode", "auto resync mode"),
        ("expmod1 key2 typ", "expmod1 key2 type"),
        ("time servr 2", "time server2"),
        ("time servr 9", ""),
        ("sip line auth nam", "sip lineN auth name"),
        ("completely different", ""),
        ("directory 1 title", ""),
        ("sip line1 dnd mode", ""),
        ("sip line1 nope", ""),
        ("use sip password", ""),
        ("timezone name", "time zone name"),
        ("", ""),
    ],
)
def test_a_slip_gets_a_suggestion(name: str, meant: str) -> None:
    assert suggestion_for(name) == meant


def test_a_reboot_is_assumed_where_nobody_says() -> None:
    assert needs_reboot("action uri poll") is False
    assert needs_reboot("http digest password") is True
    assert needs_reboot("something unknown") is True
    assert PARAMETERS["sip proxy ip"].reboot is Reboot.ASSUMED


@given(st.sampled_from(sorted(PARAMETERS)), st.text(max_size=30))
def test_no_value_makes_a_kind_fail_and_none_is_told(family: str, value: str) -> None:
    wrong = complaint(PARAMETERS[family].kind, value)
    assert len(value) < 5 or value not in wrong


@given(st.text(max_size=200))
def test_no_name_makes_the_catalogue_fail(name: str) -> None:
    suggestion_for(name)
    is_secret(name)
    needs_reboot(name)
