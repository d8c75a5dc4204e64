"""Names: one spelling for each, and the numbers in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.config_file import Numbered, canonical_name, is_name, numbered


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("sip line1 user name", "sip line1 user name"),
        ("  SIP  Line 1\tUser Name ", "sip line1 user name"),
        ("sip line01 password", "sip line1 password"),
        ("prgkey 5 type", "prgkey5 type"),
        ("TopSoftKey 10 label", "topsoftkey10 label"),
        ("expmod 1 key 2 type", "expmod1 key2 type"),
        ("expmod1key36 value", "expmod1 key36 value"),
        ("xml application URI", "xml application uri"),
        ("dst [start|end] relative date", "dst [start|end] relative date"),
        ("dst [ start | end ] relative date", "dst [start|end] relative date"),
        ("vlan id port 1", "vlan id port 1"),
        ("time server 1", "time server1"),
        ("language1", "language 1"),
        ("sip outline 1", "sip outline 1"),
    ],
)
def test_a_name_has_one_spelling(text: str, canonical: str) -> None:
    assert canonical_name(text) == canonical


@pytest.mark.parametrize(
    ("name", "family", "numbers"),
    [
        ("sip line3 user name", "sip lineN user name", (3,)),
        ("sip user name", "sip user name", ()),
        ("prgkey6 locked", "prgkeyN locked", (6,)),
        ("softkey20 states", "softkeyN states", (20,)),
        ("topsoftkey1 type", "topsoftkeyN type", (1,)),
        ("expmod2 key60 line", "expmodX keyN line", (2, 60)),
        ("vlan id port 1", "vlan id port 1", ()),
        ("language 1", "language 1", ()),
        (f"sip line{'9' * 5000} user name", f"sip line{'9' * 5000} user name", ()),
    ],
)
def test_numbers_are_taken_out_of_a_name(name: str, family: str, numbers: tuple[int, ...]) -> None:
    assert numbered(name) == Numbered(family, numbers)


@pytest.mark.parametrize(
    "text", ["", " ", "a:b", "a#b", 'a"b', "!a", "^a", "a\nb", "a\x00", " a", "a ", "ä", "a=b"]
)
def test_what_would_break_a_line_is_no_name(text: str) -> None:
    assert not is_name(text)


@given(st.text())
def test_the_one_spelling_stays_itself(text: str) -> None:
    once = canonical_name(text)
    assert canonical_name(once) == once
    numbered(text)
