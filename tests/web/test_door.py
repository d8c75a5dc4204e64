"""Who may push, and how often."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.push import Push, PushEvent, PushState
from fleet.web import Door, Fate
from fleet.web.door import MOST_UNKNOWN, MOST_WAITING, PHONE_MOST, TOTAL_MOST
from tests.web.serving import MAC, START, caller

SAID = Push(at=START, mac=MAC, event=PushEvent.REGISTRATION, state=PushState.REFUSED, user="1")


def door(phones: int = 1, *networks: str) -> Door:
    made = Door()
    made.admit({mac(n): caller(n, *networks) for n in range(phones)} | {MAC: caller(0, *networks)})
    return made


def mac(number: int) -> str:
    return f"00:08:5D:00:{number >> 8:02X}:{number & 255:02X}"


@pytest.mark.parametrize(
    ("address", "fate"),
    [
        ("10.1.2.3", Fate.TAKEN),
        ("::ffff:10.1.2.3", Fate.TAKEN),
        ("10.2.0.1", Fate.FOREIGN),
        ("2001:db8::1", Fate.TAKEN),
        ("2001:db9::1", Fate.FOREIGN),
        ("", Fate.FOREIGN),
        ("10.1.2.3.evil.example", Fate.FOREIGN),
    ],
)
def test_only_the_phones_networks_are_let_in(address: str, fate: Fate) -> None:
    assert door(1, "10.1.0.0/16", "2001:db8::/32").knock(SAID, address, 0.0) is fate


def test_the_same_again_within_two_seconds_is_a_repetition() -> None:
    at = door()
    times = (0.0, 0.5, 1.9, 2.1, 2.2)
    assert [at.knock(SAID, "127.0.0.1", time) for time in times] == [
        Fate.TAKEN,
        Fate.REPEATED,
        Fate.REPEATED,
        Fate.TAKEN,
        Fate.REPEATED,
    ]
    assert at.knock(replace(SAID, user="2"), "127.0.0.1", 2.2) is Fate.TAKEN


def test_a_phone_that_talks_too_much_is_heard_now_and_then() -> None:
    at = door()
    fates = [at.knock(replace(SAID, user=str(n)), "127.0.0.1", n / 10) for n in range(1000)]
    assert fates.count(Fate.TAKEN) == pytest.approx(PHONE_MOST + 50, abs=2)
    assert fates.count(Fate.TOO_OFTEN) == 1000 - fates.count(Fate.TAKEN)


def test_all_together_are_bounded_too() -> None:
    at = door(3000)
    fates = [at.knock(replace(SAID, mac=mac(n)), "127.0.0.1", 0.0) for n in range(3000)]
    assert fates.count(Fate.TAKEN) == TOTAL_MOST
    assert fates.count(Fate.FLOOD) == 3000 - TOTAL_MOST


def test_the_queue_is_bounded() -> None:
    at = door(6000)
    fates = [at.knock(replace(SAID, mac=mac(n)), "127.0.0.1", n / 100) for n in range(6000)]
    assert at.waiting == MOST_WAITING
    assert fates[MOST_WAITING:] == [Fate.QUEUE_FULL] * (6000 - MOST_WAITING)


def test_what_cannot_be_taken_in_keeps_its_place() -> None:
    at = door()
    pushes = [replace(SAID, user=str(n)) for n in range(5)]
    for push in pushes:
        at.knock(push, "127.0.0.1", 0.0)
    at.give_back(at.take(3))
    assert [push for _, push in at.take(10)] == pushes


def test_a_phone_that_leaves_the_inventory_is_forgotten() -> None:
    at = door()
    at.knock(SAID, "127.0.0.1", 0.0)
    at.admit({})
    assert at.knock(SAID, "127.0.0.1", 0.0) is Fate.UNKNOWN_PHONE


def test_what_a_phone_said_before_it_was_known_is_heard_once_it_is() -> None:
    at = Door()
    assert at.knock(SAID, "127.0.0.1", 1.0) is Fate.UNKNOWN_PHONE
    assert at.knock(replace(SAID, mac=mac(9)), "127.0.0.1", 1.0) is Fate.UNKNOWN_PHONE
    at.admit({MAC: caller(7)})
    at.admit({MAC: caller(7)})
    assert at.take(10) == [(7, SAID)]


def test_what_unknown_phones_say_is_bounded_and_still_has_to_come_from_their_networks() -> None:
    at = Door()
    for number in range(MOST_UNKNOWN + 5):
        at.knock(replace(SAID, mac=mac(number)), "10.2.0.1", 0.0)
    at.admit({mac(n): caller(n, "10.1.0.0/16" if n % 2 else "10.2.0.0/16") for n in range(600)})
    assert at.waiting == MOST_UNKNOWN // 2


@given(st.text(max_size=80) | st.ip_addresses().map(str))
def test_no_address_breaks_it(address: str) -> None:
    assert door(1, "10.1.0.0/16").knock(SAID, address, 0.0) in (Fate.FOREIGN, Fate.TAKEN)
