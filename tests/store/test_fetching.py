"""Fetches and fetch logins are kept, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.model import Fetch, FetchOutcome, Phone, Site
from fleet.store import Change, FetchingPhone, Store
from fleet.store.engine import open_engine
from tests.store.fleets import HOUR, MINUTE, START, add

if TYPE_CHECKING:
    from fleet.store import Keyring

MAC = "00:08:5D:00:00:01"
FILE = "00085D000001.cfg"


def fetch(phone_id: int | None = None, **fields: Any) -> Fetch:
    """A fetch of a phone's own file that went well."""
    plain = Fetch(
        at=START,
        file=FILE,
        address="10.1.0.1",
        outcome=FetchOutcome.SERVED,
        mac=MAC,
        phone_id=phone_id,
        model="6753i",
        firmware="3.3.1.4365",
        agent="Aastra53i MAC:00-08-5D-00-00-01 V:3.3.1.4365-SIP",
        revision=3,
        digest="ab" * 32,
        sent=812,
    )
    return replace(plain, **fields)


def one_phone(store: Store) -> int:
    (number,) = add(store, Phone(host="10.1.0.1", mac=MAC))
    return number


def test_a_fetch_comes_back_as_it_was_written(store: Store) -> None:
    phone = one_phone(store)
    store.fetches.record([fetch(phone)])
    (kept,) = store.fetches.load()
    assert replace(kept, id=None) == fetch(phone)
    assert kept.id is not None


def test_no_fetches_are_no_transaction(store: Store) -> None:
    store.fetches.record([])
    assert store.fetches.load() == []


def test_fetches_are_chosen_by_phone_time_file_and_outcome(store: Store) -> None:
    phone, other = add(store, Phone(host="10.1.0.1", mac=MAC), Phone(host="10.1.0.2"))
    mine = fetch(phone)
    global_file = fetch(phone, file="aastra.cfg", at=START + MINUTE)
    refused = fetch(None, outcome=FetchOutcome.UNKNOWN_MAC, at=START + HOUR)
    store.fetches.record([mine, global_file, refused, fetch(other, at=START - HOUR)])

    def files(**asked: Any) -> list[Fetch]:
        return [replace(each, id=None) for each in store.fetches.load(**asked)]

    assert files(phone_id=phone) == [global_file, mine]
    assert files(since=START + MINUTE) == [refused, global_file]
    assert files(file="aastra.cfg") == [global_file]
    assert files(outcomes=[FetchOutcome.UNKNOWN_MAC]) == [refused]
    assert files(limit=1) == [refused]


def test_the_last_fetch_is_the_newest_that_gave_the_file(store: Store) -> None:
    phone = one_phone(store)
    newest = fetch(phone, at=START + HOUR, outcome=FetchOutcome.NOT_MODIFIED, revision=4, sent=0)
    store.fetches.record([newest])
    store.fetches.record(
        [
            fetch(phone),
            fetch(phone, at=START + MINUTE),
            fetch(phone, at=START + 2 * HOUR, outcome=FetchOutcome.CUT_OFF),
            fetch(None, at=START + 2 * HOUR),
        ]
    )
    assert store.fetches.last() == {(phone, FILE): newest}
    assert store.fetches.last(phone) == {(phone, FILE): newest}
    assert store.fetches.last(phone + 1) == {}


def test_the_fetch_of_a_phone_that_is_gone_is_written_as_nobodys(store: Store) -> None:
    phone = one_phone(store)
    store.inventory.remove([phone], START)
    store.fetches.record([fetch(phone), fetch(phone + 7)])
    assert [each.phone_id for each in store.fetches.load()] == [None, None]


def test_removing_a_phone_keeps_its_fetches_and_drops_its_login(store: Store) -> None:
    phone = one_phone(store)
    store.fetches.record([fetch(phone)])
    store.fetch_logins.set(phone, username="aastra", password="one", now=START)
    store.inventory.remove([phone], START)
    (kept,) = store.fetches.load()
    assert (kept.phone_id, kept.mac) == (None, MAC)
    assert store.fetches.last() == {}
    assert store.fetch_logins.load() == {}


def test_servers_that_write_the_same_phones_do_not_block_each_other(store: Store) -> None:
    phones = add(store, *(Phone(host=f"10.1.0.{n}") for n in range(1, 9)))
    batches = [[fetch(i, at=START + n * MINUTE) for i in order] for n, order in
               enumerate([phones, phones[::-1]] * 4)]  # fmt: skip
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store.fetches.record, batches))
    assert len(store.fetches.load()) == 64
    assert {each.at for each in store.fetches.last().values()} == {START + 7 * MINUTE}


def test_old_fetches_are_deleted_and_the_last_of_a_phone_is_known_all_the_same(
    store: Store,
) -> None:
    phone = one_phone(store)
    store.fetches.record([fetch(phone), fetch(phone, at=START + HOUR, file="aastra.cfg")])
    never = START - 1000 * HOUR
    pruned = store.prune(
        history_before=never,
        evidence_before=never,
        sweeps_before=never,
        fetches_before=START + MINUTE,
    )
    assert pruned.fetches == 1
    assert [each.file for each in store.fetches.load()] == ["aastra.cfg"]
    assert set(store.fetches.last()) == {(phone, FILE), (phone, "aastra.cfg")}


def test_phones_that_may_fetch_come_with_their_sites_networks(store: Store) -> None:
    site = Site(name="berlin", networks=("10.1.0.0/16", "10.9.0.0/24"))
    phones = (
        Phone(host="10.1.0.1", mac=MAC, site="berlin", model="6753i"),
        Phone(host="10.1.0.2", mac="00:08:5D:00:00:02"),
        Phone(host="10.1.0.3"),
    )
    store.inventory.apply([site], [Change(id=None, phone=phone) for phone in phones])
    found = store.fetch_logins.phones()
    assert set(found) == {MAC, "00:08:5D:00:00:02"}
    number = found[MAC].id
    assert found[MAC] == FetchingPhone(
        id=number, mac=MAC, model="6753i", networks=("10.1.0.0/16", "10.9.0.0/24")
    )
    assert found["00:08:5D:00:00:02"].networks == ()


def test_a_change_of_login_keeps_the_one_before_until_the_new_one_is_used(store: Store) -> None:
    phone = one_phone(store)
    store.fetch_logins.set(phone, username="aastra", password="one", now=START)
    first = store.fetch_logins.load()[phone]
    assert (first.password, first.previous, first.used) == ("one", "", None)

    store.fetch_logins.set(phone, username="aastra", password="two", now=START + MINUTE)
    second = store.fetch_logins.load([phone])[phone]
    assert (second.password, second.previous) == ("two", "one")

    assert store.fetch_logins.mark_used(second, START + HOUR)
    after = store.fetch_logins.load()[phone]
    assert (after.password, after.previous, after.used) == ("two", "", START + HOUR)
    assert not store.fetch_logins.mark_used(second, START + 2 * HOUR)


def test_two_changes_in_a_row_keep_the_login_that_the_phone_has(store: Store) -> None:
    phone = one_phone(store)
    for number, password in enumerate(("one", "two", "three")):
        at = START + number * MINUTE
        store.fetch_logins.set(phone, username="aastra", password=password, now=at)
    login = store.fetch_logins.load()[phone]
    assert (login.password, login.previous) == ("three", "one")


def test_the_same_login_again_is_no_change(store: Store) -> None:
    phone = one_phone(store)
    store.fetch_logins.set(phone, username="aastra", password="one", now=START)
    store.fetch_logins.set(phone, username="aastra", password="one", now=START + HOUR)
    login = store.fetch_logins.load()[phone]
    assert (login.changed, login.previous) == (START, "")


def test_a_login_that_was_changed_since_is_not_marked_as_used(store: Store) -> None:
    phone = one_phone(store)
    store.fetch_logins.set(phone, username="aastra", password="one", now=START)
    read = store.fetch_logins.load()[phone]
    store.fetch_logins.set(phone, username="aastra", password="two", now=START + MINUTE)
    assert not store.fetch_logins.mark_used(read, START + HOUR)
    assert store.fetch_logins.load()[phone].previous == "one"
    assert store.fetch_logins.remove(phone)
    assert not store.fetch_logins.remove(phone)


def test_no_login_is_in_clear_in_the_database_or_shown(store: Store, database_url: str) -> None:
    phone = one_phone(store)
    for password in ("first-secret", "second-secret"):
        store.fetch_logins.set(phone, username="aastra", password=password, now=START)
    assert "secret'" not in repr(store.fetch_logins.load()[phone])
    engine = open_engine(database_url, create=False)
    with engine.connect() as connection:
        row = connection.execute(sa.text("SELECT * FROM fetch_logins")).one()
    engine.dispose()
    assert "-secret" not in repr(row)


def test_a_new_key_opens_the_logins_and_the_old_one_does_not(
    store: Store, keyring: Keyring
) -> None:
    phone = one_phone(store)
    for password in ("one", "two"):
        store.fetch_logins.set(phone, username="aastra", password=password, now=START)
    both = keyring.with_new_key()
    assert store.reencrypt(both) == 2
    store.use_keyring(both.newest())
    login = store.fetch_logins.load()[phone]
    assert (login.password, login.previous) == ("two", "one")
