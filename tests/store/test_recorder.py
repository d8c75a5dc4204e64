"""What polls leave behind beside periods: evidence, MACs, certificates, back-off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet.errors import SweepRunning
from fleet.model import Phone, Reason
from fleet.store import Change, Event, EventKind, Evidence
from tests.store.fleets import MINUTE, START, Sweeping, add, bad, good, line, page

if TYPE_CHECKING:
    from fleet.store import Store

MAC = "00:08:5D:12:64:11"


def test_the_last_good_and_the_last_failed_page_are_kept(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    first, second, failed = (page(START, body) for body in (b"first", b"second", b"failed"))
    sweeping.write(good(sweeping.known[phone], START, line(), evidence=first))
    sweeping.write(good(sweeping.known[phone], START, line(), evidence=second))
    sweeping.write(bad(sweeping.known[phone], START, Reason.NO_TABLE, evidence=failed))
    assert store.observations.evidence(phone) == Evidence(good=second, failed=failed)


def test_a_phone_known_by_host_alone_learns_its_mac(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    sweeping.write(good(sweeping.known[phone], START, line(), mac=MAC))
    (event,) = store.events.load()
    assert store.phones.load()[0].phone.mac == MAC == sweeping.known[phone].stored.phone.mac
    assert (event.kind, event.phone_id) == (EventKind.MAC_LEARNED, phone)


def test_a_mac_that_is_another_phones_is_told_once_and_not_learned(store: Store) -> None:
    _, phone = add(store, Phone(host="10.0.0.1", mac=MAC), Phone(host="10.0.0.2"))
    sweeping = Sweeping(store)
    for minute in range(2):
        poll = good(sweeping.known[phone], START + minute * MINUTE, line(), mac=MAC)
        sweeping.write(poll)
    assert [event.kind for event in store.events.load()] == [EventKind.MAC_CONFLICT]
    assert store.phones.load(ids=[phone])[0].phone.mac == ""


def test_two_phones_of_one_batch_do_not_learn_one_mac(store: Store) -> None:
    phones = add(store, Phone(host="10.0.0.1"), Phone(host="10.0.0.2"))
    sweeping = Sweeping(store)
    sweeping.write(*(good(sweeping.known[phone], START, line(), mac=MAC) for phone in phones))
    assert [stored.phone.mac for stored in store.phones.load()] == [MAC, ""]


def test_a_certificate_is_trusted_at_first_sight_and_then_stays(store: Store) -> None:
    (phone,) = add(store, Phone(host="https://10.0.0.1"))
    sweeping = Sweeping(store)
    sweeping.write(good(sweeping.known[phone], START, line(), fingerprint="aa"))
    sweeping.write(bad(sweeping.known[phone], START, fingerprint="bb"))
    assert store.phones.load()[0].tls_fingerprint == "aa"
    assert [event.kind for event in store.events.load()] == [EventKind.CERTIFICATE_TRUSTED]
    store.inventory.forget_certificates([phone])
    assert store.phones.load()[0].tls_fingerprint == ""


def test_a_phone_removed_during_the_sweep_costs_nothing_but_itself(store: Store) -> None:
    gone, stays = add(store, Phone(host="10.0.0.1"), Phone(host="10.0.0.2"))
    sweeping = Sweeping(store)
    store.inventory.remove([gone], START)
    sweeping.write(*(good(sweeping.known[phone], START, line()) for phone in (gone, stays)))
    assert [status.stored.id for status in store.observations.statuses() if status.reach] == [stays]


def test_what_answered_at_a_host_that_is_no_longer_the_phones_is_not_written(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    store.inventory.apply([], [Change(id=phone, phone=Phone(host="10.0.0.2"))])
    sweeping.write(good(sweeping.known[phone], START, line(), fingerprint="aa"))
    assert store.phones.load()[0].tls_fingerprint == ""
    assert list(store.observations.history()) == []


def test_a_sweep_that_lost_its_lease_writes_nothing(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    sweeping.finish()
    with pytest.raises(SweepRunning):
        sweeping.write(good(sweeping.known[phone], START, line()))
    assert list(store.observations.history()) == []


def test_events_can_be_asked_for_by_phone_and_time(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    old = Event(at=START, kind=EventKind.PHONE_MOVED, text="old", phone_id=phone)
    new = Event(at=START + MINUTE, kind=EventKind.PHONE_MOVED, text="new")
    store.events.add([old, new])
    assert store.events.load() == [new, old]
    assert store.events.load(phone_id=phone) == [old]
    assert store.events.load(since=START + MINUTE) == [new]
