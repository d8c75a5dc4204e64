"""Limits, last addresses and logins that were begun."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from fleet.model import FetchOutcome
from fleet.provision.files.addresses import Addresses
from fleet.provision.files.handshakes import Handshakes
from fleet.provision.files.limits import Limiter, Limits
from tests.store.fleets import MINUTE, START
from tests.store.test_fetching import fetch


def test_a_key_has_its_share_and_gets_it_back_with_time() -> None:
    limiter: Limiter[str] = Limiter(3, 60.0)
    assert [limiter.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert limiter.take("b", 0.0)
    assert not limiter.take("a", 19.0)
    assert limiter.take("a", 20.0)
    assert not limiter.take("a", 20.0)
    assert [limiter.take("a", 1000.0) for _ in range(4)] == [True, True, True, False]


def test_a_clock_that_is_set_back_gives_nothing() -> None:
    limiter: Limiter[str] = Limiter(1, 60.0)
    assert limiter.take("a", 100.0)
    assert not limiter.take("a", 0.0)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=200))
def test_never_more_than_the_share_and_what_time_gives_back(pauses: list[float]) -> None:
    limiter: Limiter[str] = Limiter(5, 10.0)
    now, taken = 0.0, 0
    for pause in pauses:
        now += pause
        taken += limiter.take("a", now)
    assert taken <= 5 + now / 2 + 1e-6


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


def test_very_many_keys_are_forgotten() -> None:
    limiter: Limiter[int] = Limiter(1, 60.0)
    for key in range(100_001):
        limiter.take(key, 0.0)
    assert len(limiter._left) <= 100_000


def test_a_key_that_used_its_share_is_not_forgotten_for_room() -> None:
    limiter: Limiter[int] = Limiter(2, 60.0)
    for key in range(99_999):
        limiter.take(key, 0.0)
    assert [limiter.take(-1, 70.0) for _ in range(3)] == [True, True, False]
    assert limiter.take(-2, 71.0)
    assert not limiter.take(-1, 72.0)
    assert set(limiter._left) == {-1, -2}


def test_the_last_address_is_that_of_the_phones_own_file() -> None:
    addresses = Addresses(
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
