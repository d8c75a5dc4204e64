"""Who may push, and how often."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.push import Push, PushEvent, PushState
from fleet.web import PushQueue, PushResult
from fleet.web.push_queue import MOST_UNKNOWN, MOST_WAITING, PHONE_MOST, TOTAL_MOST
from tests.web.serving import MAC, START, caller

SAID = Push(at=START, mac=MAC, event=PushEvent.REGISTRATION, state=PushState.REFUSED, user="1")


def push_queue(phones: int = 1, *networks: str) -> PushQueue:
    queue = PushQueue()
    queue.allow({mac(n): caller(n, *networks) for n in range(phones)} | {MAC: caller(0, *networks)})
    return queue


def mac(number: int) -> str:
    return f"00:08:5D:00:{number >> 8:02X}:{number & 255:02X}"


@pytest.mark.parametrize(
    ("address", "result"),
    [
        ("10.1.2.3", PushResult.TAKEN),
        ("::ffff:10.1.2.3", PushResult.TAKEN),
        ("10.2.0.1", PushResult.FOREIGN),
        ("2001:db8::1", PushResult.TAKEN),
        ("2001:db9::1", PushResult.FOREIGN),
        ("", PushResult.FOREIGN),
        ("10.1.2.3.evil.example", PushResult.FOREIGN),
    ],
)
def test_only_the_phones_networks_are_let_in(address: str, result: PushResult) -> None:
    assert push_queue(1, "10.1.0.0/16", "2001:db8::/32").offer(SAID, address, 0.0) is result


def test_the_same_again_within_two_seconds_is_a_repetition() -> None:
    queue = push_queue()
    times = (0.0, 0.5, 1.9, 2.1, 2.2)
    assert [queue.offer(SAID, "127.0.0.1", time) for time in times] == [
        PushResult.TAKEN,
        PushResult.REPEATED,
        PushResult.REPEATED,
        PushResult.TAKEN,
        PushResult.REPEATED,
    ]
    assert queue.offer(replace(SAID, user="2"), "127.0.0.1", 2.2) is PushResult.TAKEN


def test_a_phone_that_talks_too_much_is_heard_now_and_then() -> None:
    queue = push_queue()
    results = [queue.offer(replace(SAID, user=str(n)), "127.0.0.1", n / 10) for n in range(1000)]
    assert results.count(PushResult.TAKEN) == pytest.approx(PHONE_MOST + 50, abs=2)
    assert results.count(PushResult.TOO_OFTEN) == 1000 - results.count(PushResult.TAKEN)


def test_all_together_are_bounded_too() -> None:
    queue = push_queue(3000)
    results = [queue.offer(replace(SAID, mac=mac(n)), "127.0.0.1", 0.0) for n in range(3000)]
    assert results.count(PushResult.TAKEN) == TOTAL_MOST
    assert results.count(PushResult.FLOOD) == 3000 - TOTAL_MOST


def test_the_queue_is_bounded() -> None:
    queue = push_queue(6000)
    results = [queue.offer(replace(SAID, mac=mac(n)), "127.0.0.1", n / 100) for n in range(6000)]
    assert queue.waiting == MOST_WAITING
    assert results[MOST_WAITING:] == [PushResult.QUEUE_FULL] * (6000 - MOST_WAITING)


def test_what_cannot_be_taken_in_keeps_its_place() -> None:
    queue = push_queue()
    pushes = [replace(SAID, user=str(n)) for n in range(5)]
    for push in pushes:
        queue.offer(push, "127.0.0.1", 0.0)
    queue.give_back(queue.take(3))
    assert [push for _, push in queue.take(10)] == pushes


def test_a_phone_that_leaves_the_inventory_is_forgotten() -> None:
    queue = push_queue()
    queue.offer(SAID, "127.0.0.1", 0.0)
    queue.allow({})
    assert queue.offer(SAID, "127.0.0.1", 0.0) is PushResult.UNKNOWN_PHONE


def test_what_a_phone_said_before_it_was_known_is_heard_once_it_is() -> None:
    queue = PushQueue()
    assert queue.offer(SAID, "127.0.0.1", 1.0) is PushResult.UNKNOWN_PHONE
    assert queue.offer(replace(SAID, mac=mac(9)), "127.0.0.1", 1.0) is PushResult.UNKNOWN_PHONE
    queue.allow({MAC: caller(7)})
    queue.allow({MAC: caller(7)})
    assert queue.take(10) == [(7, SAID)]


def test_what_unknown_phones_say_is_bounded_and_still_has_to_come_from_their_networks() -> None:
    queue = PushQueue()
    for number in range(MOST_UNKNOWN + 5):
        queue.offer(replace(SAID, mac=mac(number)), "10.2.0.1", 0.0)
    queue.allow({mac(n): caller(n, "10.1.0.0/16" if n % 2 else "10.2.0.0/16") for n in range(600)})
    assert queue.waiting == MOST_UNKNOWN // 2


@given(st.text(max_size=80) | st.ip_addresses().map(str))
def test_no_address_breaks_it(address: str) -> None:
    assert push_queue(1, "10.1.0.0/16").offer(SAID, address, 0.0) in (
        PushResult.FOREIGN,
        PushResult.TAKEN,
    )
