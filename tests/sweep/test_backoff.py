"""How long a phone that refuses our login is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import Observation, Phone, Reach, Reason
from fleet.store import Known, StoredPhone
from fleet.sweep.backoff import Backoff, is_left_alone, next_try, refused_lately
from tests.store.fleets import HOUR, MINUTE, START

BACKOFF = Backoff(first=5 * MINUTE, longest=HOUR)


def known(refusals: int = 0, pause: timedelta | None = None) -> Known:
    return Known(
        stored=StoredPhone(id=1, phone=Phone(host="10.1.1.1")),
        refusals=refusals,
        next_try_at=START + pause if pause else None,
    )


def seen(reason: Reason | None) -> Observation:
    reach = reason.reach if reason else Reach.OK
    return Observation(phone_id=1, at=START, reach=reach, reason=reason)


def test_each_refusal_in_a_row_doubles_the_pause() -> None:
    pauses = [BACKOFF.pause(refusals) for refusals in (1, 2, 3, 4)]

    assert pauses == [5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 40 * MINUTE]


def test_short_intervals_do_not_use_up_a_phone_s_failed_logins() -> None:
    """A 69xx locks its web UI for about 65 s after five; a poll may fail to log in twice."""
    backoff = Backoff(first=timedelta(seconds=5), longest=timedelta(seconds=30))

    assert [backoff.pause(refusals) for refusals in (1, 2, 9)] == [timedelta(seconds=120)] * 3


@pytest.mark.parametrize(
    ("reason", "seconds_ago", "expected"),
    [
        (Reason.WRONG_PASSWORD, 60, True),
        (Reason.WRONG_PASSWORD, 7200, True),
        (Reason.LOCKED_OUT, 60, True),
        (Reason.LOCKED_OUT, 180, False),
        (Reason.FORBIDDEN, 60, False),
        (Reason.NO_PASSWORD, 60, False),
        (None, 60, False),
    ],
)
def test_a_refusal_is_remembered_until_a_lock_out_would_be_over(
    reason: Reason | None, seconds_ago: int, expected: bool
) -> None:
    polled = replace(known(), observed=seen(reason))

    assert refused_lately(polled, START + timedelta(seconds=seconds_ago)) is expected


@given(st.integers(1, 10**6))
def test_no_pause_is_longer_than_the_longest(refusals: int) -> None:
    assert BACKOFF.first <= BACKOFF.pause(refusals) <= BACKOFF.longest


def test_a_refusal_is_counted_and_the_phone_left_alone() -> None:
    after = next_try(known(1), seen(Reason.WRONG_PASSWORD), BACKOFF)

    assert after == (2, START + 10 * MINUTE)


def test_only_a_good_poll_clears_the_count() -> None:
    refused = known(3, HOUR)

    gone = next_try(refused, seen(Reason.NO_ANSWER), BACKOFF)
    well = next_try(refused, seen(None), BACKOFF)

    assert gone == (3, START + HOUR)
    assert well == (0, None)


def test_where_no_login_was_sent_nobody_can_be_locked_out() -> None:
    after = next_try(known(), seen(Reason.NO_PASSWORD), BACKOFF)

    assert after == (0, None)


def test_a_phone_is_left_alone_until_its_pause_ends() -> None:
    assert not is_left_alone(known(), START, HOUR)
    assert is_left_alone(known(1, HOUR), START, HOUR)
    assert is_left_alone(known(1, 10 * MINUTE), START, HOUR)
    assert not is_left_alone(known(1, HOUR), START + HOUR, HOUR)
