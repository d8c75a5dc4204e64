"""Answers are handed on a few at a time."""

from __future__ import annotations

import asyncio

from fleet.phone.http.connection import Turns


async def test_every_future_gets_its_result_in_order() -> None:
    turns: Turns[int] = Turns()
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(40)]
    done: list[int] = []
    for number, future in enumerate(futures):
        future.add_done_callback(lambda future: done.append(future.result()))
        turns.settle(future, number)

    assert await asyncio.gather(*futures) == list(range(40))
    assert done == list(range(40))


async def test_only_a_few_go_on_in_a_round_of_the_loop() -> None:
    turns: Turns[int] = Turns()
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(20)]
    for future in futures:
        turns.settle(future, 1)

    done = []
    for _ in range(4):
        await asyncio.sleep(0)
        done.append(sum(future.done() for future in futures))

    assert done == [8, 16, 20, 20]


async def test_a_future_that_was_cancelled_meanwhile_is_let_be() -> None:
    turns: Turns[int] = Turns()
    loop = asyncio.get_running_loop()
    gone, there = loop.create_future(), loop.create_future()
    turns.settle(gone, 1)
    turns.settle(there, 2)
    gone.cancel()

    assert await there == 2
    assert gone.cancelled()
