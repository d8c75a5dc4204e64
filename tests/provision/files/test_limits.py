"""Limits, last addresses and logins that were begun."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fleet.model import FetchOutcome
from fleet.provision.files.decide import LastAddresses
from fleet.provision.files.handshakes import Handshakes
from fleet.provision.files.limits import Limits
from tests.store.fleets import MINUTE, START
from tests.store.test_fetching import fetch


def test_addresses_of_one_ipv6_network_share() -> None:
    limits = Limits.of(address=2, phone=1, total=100)
    assert limits.allow_address("fd00::1", 0.0)
    assert limits.allow_address("fd00::2", 0.0)
    assert not limits.allow_address("fd00::3", 0.0)
    assert limits.allow_address("fd00:0:0:1::1", 0.0)
    assert limits.allow_address("10.0.0.1", 0.0)


def test_all_together_have_a_limit() -> None:
    limits = Limits.of(address=100, phone=1, total=2)
    assert [limits.allow_address(f"10.0.0.{n}", 0.0) for n in range(3)] == [True, True, False]


def test_the_last_address_is_that_of_the_phones_own_file() -> None:
    addresses = LastAddresses(
        [
            fetch(1, at=START),
            fetch(1, at=START + MINUTE, address="10.1.0.2"),
            fetch(1, at=START, address="10.1.0.3"),
            fetch(2, file="aastra.cfg"),
            fetch(None),
        ]
    )
    last = addresses.last(1)
    assert last is not None
    assert (last.address, last.at) == ("10.1.0.2", START + MINUTE)
    assert addresses.last(2) is None


def test_a_login_that_goes_on_is_nothing_and_one_left_alone_is_told() -> None:
    handshakes = Handshakes(timedelta(seconds=60))
    first = fetch(1, outcome=FetchOutcome.WRONG_LOGIN)
    second = replace(first, phone_id=2, at=START + MINUTE)
    handshakes.begun(first)
    handshakes.begun(replace(first, at=START + MINUTE))
    handshakes.begun(second)
    assert handshakes.left_alone(START + timedelta(seconds=59)) == []
    handshakes.went_on(2, second.file)
    handshakes.went_on(3, second.file)
    assert handshakes.left_alone(START + 5 * MINUTE) == [first]
    handshakes.begun(second)
    assert handshakes.left_alone(None) == [second]
