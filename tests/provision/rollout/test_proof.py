"""The newest word on each line since the fetch counts, a poll's or a push's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import ProofWay
from fleet.provision.rollout import LineObservation, Observation
from fleet.provision.rollout.proof import counts_from, proven

FETCHED = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
SETTLE = timedelta(seconds=30)


def after(seconds: float) -> datetime:
    return FETCHED + timedelta(seconds=seconds)


def pushed(at: float, *, registered: bool = True, polled: bool | None = None) -> LineObservation:
    return LineObservation(polled=polled, pushed=registered, pushed_at=after(at))


def observation(
    *lines: LineObservation, polled: float | None = None, pushed_at: float | None = None
) -> Observation:
    return Observation(
        fetched_at=FETCHED,
        polled_at=None if polled is None else after(polled),
        registered=all(line.polled for line in lines),
        pushed_at=None if pushed_at is None else after(pushed_at),
        lines=lines,
    )


SEEN, BAD, UNSEEN = LineObservation(polled=True), LineObservation(polled=False), LineObservation()


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (observation(pushed(5), pushed_at=5), (5, ProofWay.PUSH)),
        (observation(pushed(5), pushed(9), pushed_at=9), (9, ProofWay.PUSH)),
        (observation(pushed(5), UNSEEN, pushed_at=5), None),
        (observation(pushed(5), SEEN, polled=31, pushed_at=5), (31, ProofWay.BOTH)),
        (observation(pushed(5, polled=True), SEEN, polled=31, pushed_at=5), (31, ProofWay.POLL)),
        (observation(pushed(5), BAD, polled=31, pushed_at=5), None),
        (observation(pushed(-1)), None),
        (observation(pushed(5, registered=False)), None),
    ],
    ids=[
        "a push of the only line",
        "pushes of all lines",
        "one of which nobody says anything",
        "one by a push, one by the poll",
        "a poll after the push sees both",
        "the poll sees the other one bad",
        "a push of before the fetch",
        "a push of a loss",
    ],
)
def test_lines_are_proven_by_pushes_and_polls(
    seen: Observation, expected: tuple[float, ProofWay] | None
) -> None:
    wanted = (after(expected[0]), expected[1]) if expected else None
    assert proven(seen, FETCHED, SETTLE) == wanted


def test_a_poll_that_shows_otherwise_after_the_push_counts_against_it() -> None:
    assert (
        proven(observation(pushed(5, polled=False), polled=8, pushed_at=5), FETCHED, SETTLE) is None
    )


def test_so_it_does_when_another_line_speaks_up_later() -> None:
    seen = observation(pushed(5, polled=False), pushed(35), polled=8, pushed_at=35)
    assert proven(seen, FETCHED, SETTLE) is None


def test_a_push_after_a_poll_that_saw_it_bad_proves_the_line() -> None:
    seen = observation(pushed(45, polled=False), polled=40, pushed_at=45)
    assert proven(seen, FETCHED, SETTLE) == (after(45), ProofWay.PUSH)


def test_a_push_of_a_loss_counts_against_the_poll_before_it() -> None:
    seen = observation(pushed(45, registered=False, polled=True), polled=40)
    assert proven(seen, FETCHED, SETTLE) is None


def test_a_poll_that_could_not_look_says_nothing_against_a_push() -> None:
    assert proven(observation(pushed(5), polled=40, pushed_at=5), FETCHED, SETTLE)


@pytest.mark.parametrize(("spoke", "since"), [(None, 30), (12, 12), (29, 29), (31, 30), (-1, 30)])
def test_a_poll_counts_from_when_the_phone_spoke_up_after_its_fetch(
    spoke: float | None, since: float
) -> None:
    assert counts_from(observation(pushed_at=spoke), FETCHED, SETTLE) == after(since)


LINES = st.builds(
    LineObservation,
    polled=st.sampled_from([None, True, False]),
    pushed=st.booleans(),
    pushed_at=st.one_of(st.none(), st.integers(-50, 100).map(after)),
)


@given(
    lines=st.lists(LINES, min_size=1, max_size=4),
    polled=st.one_of(st.none(), st.integers(-50, 100)),
    spoke=st.one_of(st.none(), st.integers(-50, 100)),
)
def test_no_line_is_proven_whose_newest_word_is_not_good(
    lines: list[LineObservation], polled: int | None, spoke: int | None
) -> None:
    seen = observation(*lines, polled=polled, pushed_at=spoke)
    if (found := proven(seen, FETCHED, SETTLE)) is None:
        return
    assert found[0] >= FETCHED
    for line in lines:
        words = [(line.pushed_at, line.pushed)] if line.pushed_at else []
        if seen.polled_at and line.polled is not None:
            words.append((seen.polled_at, line.polled))
        assert any(at >= FETCHED and is_registered for at, is_registered in words)
        newest = max(at for at, _ in words)
        is_early = newest == seen.polled_at and newest < counts_from(seen, FETCHED, SETTLE)
        assert is_early or (newest, True) in words
