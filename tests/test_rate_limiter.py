"""Token buckets, and who shares one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.rate_limiter import RateLimiter, address_key


def test_a_key_has_its_share_and_gets_it_back_with_time() -> None:
    limiter: RateLimiter[str] = RateLimiter(3, 60.0)
    assert [limiter.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert limiter.take("b", 0.0)
    assert not limiter.take("a", 19.0)
    assert limiter.take("a", 20.0)
    assert not limiter.take("a", 20.0)
    assert [limiter.take("a", 1000.0) for _ in range(4)] == [True, True, True, False]


def test_a_clock_that_is_set_back_gives_nothing() -> None:
    limiter: RateLimiter[str] = RateLimiter(1, 60.0)
    assert limiter.take("a", 100.0)
    assert not limiter.take("a", 0.0)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=200))
def test_never_more_than_the_share_and_what_time_gives_back(pauses: list[float]) -> None:
    limiter: RateLimiter[str] = RateLimiter(5, 10.0)
    now, taken = 0.0, 0
    for pause in pauses:
        now += pause
        taken += limiter.take("a", now)
    assert taken <= 5 + now / 2 + 1e-6


def test_very_many_keys_are_forgotten() -> None:
    limiter: RateLimiter[int] = RateLimiter(1, 60.0)
    for key in range(100_001):
        limiter.take(key, 0.0)
    assert len(limiter._tokens) <= 100_000


def test_a_key_that_used_its_share_is_not_forgotten_for_room() -> None:
    limiter: RateLimiter[int] = RateLimiter(2, 60.0)
    for key in range(99_999):
        limiter.take(key, 0.0)
    assert [limiter.take(-1, 70.0) for _ in range(3)] == [True, True, False]
    assert limiter.take(-2, 71.0)
    assert not limiter.take(-1, 72.0)
    assert set(limiter._tokens) == {-1, -2}


def test_looking_takes_nothing() -> None:
    limiter: RateLimiter[str] = RateLimiter(1, 60.0)
    assert all(limiter.has_token("a", 0.0) for _ in range(3))
    assert limiter.take("a", 0.0)
    assert not limiter.has_token("a", 59.0)
    assert limiter.has_token("a", 60.0)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1%eth0", "2001:db8::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::nonsense", ""),
        ("", ""),
    ],
)
def test_one_client_has_one_key(address: str, key: str) -> None:
    assert address_key(address) == key
