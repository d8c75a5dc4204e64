"""Whose request it is, through proxies and none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.provision.files.networks import (
    client_address,
    is_within,
    parse_address,
    parse_networks,
)

PROXIES = parse_networks(("192.0.2.0/24", "2001:db8::/32"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.1.0.1", [], "10.1.0.1"),
        ("10.1.0.1", ["10.9.9.9"], "10.1.0.1"),
        ("192.0.2.7", ["10.1.0.1"], "10.1.0.1"),
        ("192.0.2.7", ["10.9.9.9, 10.1.0.1"], "10.1.0.1"),
        ("192.0.2.7", ["10.9.9.9", "10.1.0.1, 192.0.2.8"], "10.1.0.1"),
        ("192.0.2.7", ["192.0.2.9"], "192.0.2.9"),
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["10.1.0.1, nonsense"], "192.0.2.7"),
        ("192.0.2.7", ["nonsense, 10.1.0.1"], "10.1.0.1"),
        ("::ffff:10.1.0.1", ["10.9.9.9"], "10.1.0.1"),
        ("2001:db8::1", ["2001:DB8:0:0::5, 2001:db8::2"], "2001:db8::5"),
        ("unix", ["10.1.0.1"], "unix"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: list[str], client: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == client


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=4))
def test_nothing_that_a_client_claims_makes_it_raise(peer: str, forwarded: list[str]) -> None:
    assert isinstance(client_address(peer, forwarded, PROXIES), str)


def test_an_address_is_in_a_network_of_its_own_kind_alone() -> None:
    networks = parse_networks(("10.1.0.0/16", "fd00::/8", "nonsense"))
    assert is_within(parse_address("10.1.2.3"), networks)
    assert is_within(parse_address("::ffff:10.1.2.3"), networks)
    assert is_within(parse_address("fd00::1%eth0"), networks)
    assert not is_within(parse_address("10.2.0.1"), networks)
    assert not is_within(parse_address("x"), networks)
    assert not is_within(parse_address("10.1.2.3"), ())
