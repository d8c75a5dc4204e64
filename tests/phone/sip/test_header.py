from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.sip.message import (
    Address,
    SipUri,
    authority,
    read_addresses,
    read_params,
    split_list,
)

HOSTILE = st.text('"\\<>,;=@: sipa%[]\t', max_size=80)


def test_commas_in_quotes_and_brackets_part_nothing() -> None:
    value = r'"Doe, \"J\", x" <sip:a,b@c>;q=1, <sip:d@e>,, "open, <sip:f@g>'
    assert split_list(value) == [
        r'"Doe, \"J\", x" <sip:a,b@c>;q=1',
        "<sip:d@e>",
        '"open, <sip:f@g>',
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            '"A" <sip:a@b>;expires=60, "B" <sip:c@d;x=y>;EXPIRES = 30;q=0.5',
            (
                Address(uri="sip:a@b", name="A", params={"expires": "60"}),
                Address(uri="sip:c@d;x=y", name="B", params={"expires": "30", "q": "0.5"}),
            ),
        ),
        ("sip:a@b;expires=5", (Address(uri="sip:a@b", params={"expires": "5"}),)),
        (
            '<sip:a@b>;+sip.instance="<urn:uuid:1;2>";reg-id=1;ob',
            (
                Address(
                    uri="sip:a@b",
                    params={"+sip.instance": "<urn:uuid:1;2>", "reg-id": "1", "ob": ""},
                ),
            ),
        ),
        (
            "Bob Smith <sip:a@[2001:db8::1]:5060>",
            (Address(uri="sip:a@[2001:db8::1]:5060", name="Bob Smith"),),
        ),
        ("*", (Address(uri="*"),)),
        ("<>, ;x=y, ,", ()),
    ],
)
def test_addresses_are_read(value: str, expected: tuple[Address, ...]) -> None:
    assert read_addresses([value]) == expected


@given(HOSTILE)
def test_any_text_can_be_read(text: str) -> None:
    assert all(address.uri for address in read_addresses([text]))
    assert all(name == name.lower() for name in read_params(text))
    SipUri.read(text)


@pytest.mark.parametrize("mark", ['"', "<", "\\", ",", ";", " ", '"<', "a ", "<sip:", "<>"])
def test_a_long_header_costs_little(mark: str) -> None:
    """These would take minutes if any pattern looked back."""
    text = mark * (64 * 1024 // len(mark))
    read_addresses([text, text + "!"])
    read_params(text)
    SipUri.read("sip:" + text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sip:1001@192.0.2.7:5062;transport=udp", SipUri(user="1001", host="192.0.2.7", port=5062)),
        ("SIP:a%20b@Host_1.lan", SipUri(user="a b", host="host_1.lan")),
        ("sips:a:pw@pc2.lan2?x=y", SipUri(user="a", host="pc2.lan2")),
        ("sip:[2001:DB8::1]", SipUri(host="2001:db8::1")),
        ("sip:pbx", SipUri(host="pbx")),
        ("tel:+49", None),
        ("sip:a@b:99999", None),
        ("sip:a@", None),
        ("sip:" + "a" * 2000, None),
    ],
)
def test_sip_addresses_are_read(text: str, expected: SipUri | None) -> None:
    assert SipUri.read(text) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_user_can_be_written_and_read_again(user: str) -> None:
    text = str(SipUri(user=user, host="pbx.example"))
    assert text.isascii()
    assert not set(text) & set(' \r\n"<>#')
    assert SipUri.read(text) == SipUri(user=user, host="pbx.example")


@pytest.mark.parametrize("host", ["", "a b", "a\r\nb", "a;b", "-a", "300.1.1.1", "a>b", "x" * 300])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r"host|IPv4"):
        SipUri(host=host)


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="port"):
        SipUri(host="a", port=port)


def test_a_user_that_cannot_be_sent_is_refused() -> None:
    with pytest.raises(ValueError, match="character"):
        SipUri(user="\ud800", host="a")


def test_ipv6_stands_in_brackets_without_its_zone() -> None:
    assert authority("fe80::1%eth0", 5060) == "[fe80::1]:5060"
