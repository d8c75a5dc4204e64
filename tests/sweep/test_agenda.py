"""Phones of a planned sweep are given at their moments, and again soon where something is new."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fleet.sweep.agenda import Agenda, Urgent, fraction, moments

START = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def agenda(clock: Clock, *phones: int, last: datetime = START + 60 * SECOND) -> Agenda:
    return Agenda([(clock(), phone) for phone in phones], clock=clock, last=last)


async def taken(of: Agenda) -> list[int]:
    """Take what is due, as one that polls in no time."""
    given = []
    async for phone_id in of:
        given.append(phone_id)
        of.done(phone_id)
    return given


async def test_each_phone_is_given_once_and_then_it_ends() -> None:
    assert sorted(await taken(agenda(Clock(), 1, 2, 3))) == [1, 2, 3]


async def test_nothing_is_given_before_its_moment() -> None:
    clock = Clock()
    later = Agenda([(START + SECOND, 1)], clock=clock, last=START)
    waiting = asyncio.create_task(taken(later))
    await asyncio.sleep(0)
    assert not waiting.done()
    clock.now += SECOND
    later.done(0)  # anything that happens makes it look at the clock again
    assert await waiting == [1]


async def test_a_phone_is_not_given_while_it_is_polled() -> None:
    clock = Clock()
    of = agenda(clock, 1)
    assert await anext(of) == 1
    of.add(1, START)
    again = asyncio.create_task(taken(of))
    await asyncio.sleep(0)
    assert not again.done()
    of.done(1)
    clock.now += 2 * SECOND
    of.done(0)
    assert await again == [1]


async def test_a_second_look_is_taken_once_and_not_too_late() -> None:
    clock = Clock()
    of = agenda(clock, 1, last=START + SECOND)
    assert await anext(of) == 1
    of.look_again(1, START)
    of.look_again(1, START)
    of.look_again(2, START + 2 * SECOND)
    of.done(1)
    assert await taken(of) == [1]


async def test_a_second_look_at_the_last_moment_is_not_too_late() -> None:
    clock = Clock()
    of = agenda(clock, 1, last=START)
    assert await anext(of) == 1
    of.look_again(1, START)
    of.done(1)
    assert await taken(of) == [1]


async def test_stopped_it_gives_nothing_more() -> None:
    of = agenda(Clock(), 1, 2)
    await anext(of)
    of.stop()
    assert await taken(of) == []
    assert of.is_stopped


async def test_urgent_phones_wait_for_an_agenda_or_a_sweep_of_their_own() -> None:
    clock = Clock()
    urgent = Urgent()
    urgent.ask(7)
    urgent.ask(7)
    assert urgent.take() == (7,)
    urgent.ask(8)
    of = agenda(clock)
    urgent.attach(of)
    urgent.ask(9)
    assert await taken(of) == [8, 9]
    urgent.detach()
    urgent.ask(10)
    assert urgent.take() == (10,)


@given(st.sets(st.integers(1, 10**6), min_size=1, max_size=50), st.integers(0, 600))
def test_moments_are_the_same_each_time_and_within_the_slot(phones: set[int], late: int) -> None:
    begin, end = START + late * SECOND, START + 240 * SECOND
    first = moments(phones, begin=begin, end=end)
    assert first == moments(phones, begin=begin, end=end)
    assert all(begin <= moment <= max(begin, end) for moment, _ in first)


def test_phones_are_spread_evenly() -> None:
    tenths = [0] * 10
    for phone_id in range(1, 2001):
        tenths[int(fraction(phone_id) * 10)] += 1
    assert max(tenths) < 1.2 * min(tenths)
