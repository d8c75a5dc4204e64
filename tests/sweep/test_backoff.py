"""How long a phone that refuses our login is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from fleet.model import Observation, Phone, Reach, Reason
from fleet.store import Known, StoredPhone
from fleet.sweep.backoff import Backoff, is_left_alone, next_try
from tests.store.fleets import HOUR, MINUTE, START

if TYPE_CHECKING:
    from datetime import timedelta

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


@given(st.integers(1, 10**6))
def test_no_pause_is_longer_than_the_longest(refusals: int) -> None:
    assert BACKOFF.first <= BACKOFF.pause(refusals) <= BACKOFF.longest


def test_a_refusal_is_counted_and_the_phone_left_alone() -> None:
    after = next_try(known(1), seen(Reason.WRONG_PASSWORD), BACKOFF, login_sent=True)

    assert after == (2, START + 10 * MINUTE)


def test_only_a_good_poll_clears_the_count() -> None:
    refused = known(3, HOUR)

    gone = next_try(refused, seen(Reason.NO_ANSWER), BACKOFF, login_sent=True)
    well = next_try(refused, seen(None), BACKOFF, login_sent=True)

    assert gone == (3, START + HOUR)
    assert well == (0, None)


def test_where_no_login_was_sent_nobody_can_be_locked_out() -> None:
    after = next_try(known(), seen(Reason.WRONG_PASSWORD), BACKOFF, login_sent=False)

    assert after == (0, None)


def test_a_phone_is_left_alone_until_its_pause_ends() -> None:
    assert not is_left_alone(known(), START)
    assert is_left_alone(known(1, HOUR), START)
    assert not is_left_alone(known(1, HOUR), START + HOUR)
