"""Phones a page at a time, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet.model import Phone, Site
from fleet.store import Change
from tests.store.fleets import START, good, line

if TYPE_CHECKING:
    from fleet.store import Store

PHONES = (
    Phone(host="10.0.0.1", name="Lobby", site="berlin", mac="00:08:5D:AB:00:01"),
    Phone(host="10.0.0.2", name="attic 100%", site="berlin"),
    Phone(host="10.0.1.3", site="aachen", mac="00:08:5D:AB:00:03"),
    Phone(host="10.0.1.4"),
)


@pytest.fixture
def ids(store: Store) -> list[int]:
    sites = [Site(name="berlin"), Site(name="aachen")]
    store.inventory.apply(sites, [Change(id=None, phone=phone) for phone in PHONES])
    return [store.phones.find(phone.host) for phone in PHONES]


def test_phones_come_by_site_and_then_by_what_they_are_called(store: Store, ids: list[int]) -> None:
    lobby, attic, nameless, nowhere = ids
    assert store.phones.ids() == [
        nowhere,
        nameless,
        *sorted((lobby, attic), key=store.phones.ids(site="berlin").index),
    ]
    assert set(store.phones.ids(site="berlin")) == {lobby, attic}
    assert store.phones.ids(site="paris") == []


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("lobby", [0]),
        ("10.0.1.", [2, 3]),
        ("00:08:5d:ab", [0, 2]),
        ("00085DAB0003", [2]),
        ("100%", [1]),
        ("%", [1]),
        ("_", []),
        ("'; DROP TABLE phones; --", []),
        ("1001@pbx", [0]),
        ("1002@pbx", []),
    ],
)
def test_a_text_is_found_in_what_people_know_of_phones(
    store: Store, ids: list[int], text: str, places: list[int]
) -> None:
    sweep = store.sweeps.begin(
        trigger="test", selection="all", planned=1, now=START, ttl=START - START
    )
    for number in (2, 1):  # account 1002 was shown once, and is shown no more
        known = store.observations.known()[ids[0]]
        store.observations.record(
            sweep.id, [good(known, START.replace(hour=9 - number), line(number))]
        )
    total, found = store.phones.search(text=text, limit=10)
    assert (total, set(found)) == (len(places), {ids[place] for place in places})


def test_a_page_is_a_part_of_the_whole(store: Store, ids: list[int]) -> None:
    whole = store.phones.ids()
    pages = [store.phones.search(limit=3, offset=offset) for offset in (0, 3, 6)]
    assert pages == [(4, whole[:3]), (4, whole[3:]), (4, [])]
    assert store.phones.search(site="berlin", text="10.0", limit=1)[0] == 2
