"""The inventory is written all or nothing, and comes back as it was."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet.errors import PhoneNotFound, StoreError
from fleet.model import IntendedAccount, Inventory, Phone, Reason, Site
from fleet.store import Change, EventKind, Secrets, Store
from tests.store.fleets import MINUTE, START, Sweeping, add, bad, good, line

if TYPE_CHECKING:
    from fleet.store import Keyring

SITE = Site(
    name="Berlin",
    timezone="Europe/Berlin",
    networks=("10.0.0.0/24", "10.0.1.0/24"),
    username="user",
    password="site secret",
    legacy_tls=True,
)
PHONE = Phone(
    host="10.0.0.1:8080",
    site="Berlin",
    mac="00:08:5D:12:64:11",
    model="6753i",
    name="Reception",
    username="admin",
    password="phone secret",
    legacy_tls=False,
    accounts=(
        IntendedAccount(line=1, user="1001", sip_password="sip secret", registrar="pbx"),
        IntendedAccount(line=3, registrar_port=0, backup_registrar_port=5061),
    ),
)


def change(store: Store, phone_id: int, **fields: object) -> None:
    """Change one phone."""
    (stored,) = store.phones.load(ids=[phone_id])
    wanted = replace(stored.phone, **fields)  # type: ignore[arg-type]
    store.inventory.apply([], [Change(id=phone_id, phone=wanted)])


def test_what_goes_in_comes_out(store: Store) -> None:
    store.inventory.apply([SITE], [Change(id=None, phone=PHONE)])
    assert store.inventory.load() == Inventory(sites=(SITE,), phones=(PHONE,))


def test_passwords_are_not_in_the_database_in_clear(store: Store, database_url: str) -> None:
    store.inventory.apply([SITE], [Change(id=None, phone=PHONE)])
    without_key = Store.open(database_url, keyring=None)
    (stored,) = without_key.phones.load(secrets=Secrets.NONE)
    with pytest.raises(StoreError, match="FLEET_SECRETS_KEY"):
        without_key.inventory.load()
    without_key.close()
    assert "secret" not in repr(stored) + repr(store.phones.load())
    assert stored.phone.password == ""


def test_what_an_import_does_not_name_stays(store: Store) -> None:
    store.inventory.apply([SITE], [Change(id=None, phone=PHONE)])
    add(store, Phone(host="10.0.0.2"))
    assert store.inventory.load().phones == (PHONE, Phone(host="10.0.0.2"))


def test_a_site_that_only_phones_name_is_made(store: Store) -> None:
    add(store, Phone(host="10.0.0.2", site="Bonn"))
    assert store.inventory.load().sites == (Site(name="Bonn"),)


def test_a_failing_import_changes_nothing(store: Store) -> None:
    add(store, PHONE)
    twice = [Change(id=None, phone=Phone(host=host)) for host in ("10.0.0.9", PHONE.host)]
    with pytest.raises(StoreError, match="one host"):
        store.inventory.apply([SITE], twice)
    assert [stored.phone.host for stored in store.phones.load()] == [PHONE.host]


def test_a_change_of_a_phone_that_is_gone_changes_nothing(store: Store) -> None:
    changes = [Change(id=None, phone=PHONE), Change(id=99, phone=Phone(host="10.0.0.2"))]
    with pytest.raises(StoreError, match="try again"):
        store.inventory.apply([], changes)
    assert store.phones.load() == []


def test_phones_can_swap_hosts_and_macs_in_an_import(store: Store) -> None:
    mac = "00:08:5D:00:00:0{}".format
    one, two = add(store, Phone(host="10.0.0.1", mac=mac(1)), Phone(host="10.0.0.2", mac=mac(2)))
    swapped = [(one, "10.0.0.2", mac(2)), (two, "10.0.0.1", mac(1))]
    store.inventory.apply(
        [], [Change(id=i, phone=Phone(host=host, mac=m)) for i, host, m in swapped]
    )
    assert [(s.id, s.phone.host, s.phone.mac) for s in store.phones.load()] == swapped


def test_a_mac_learned_since_is_not_forgotten_by_an_import(store: Store) -> None:
    (phone,) = add(store, PHONE)
    change(store, phone, mac="", name="Front desk")
    assert store.phones.load()[0].phone == replace(PHONE, name="Front desk")


def test_accounts_are_replaced_as_a_whole(store: Store) -> None:
    (phone,) = add(store, PHONE)
    change(store, phone, accounts=(IntendedAccount(line=2, user="1002"),))
    assert store.phones.load()[0].phone.accounts == (IntendedAccount(line=2, user="1002"),)


@pytest.mark.parametrize(
    "fields", [{"password": "new"}, {"host": "10.0.0.9"}, {"legacy_tls": True}]
)
def test_a_changed_login_or_place_ends_the_back_off(
    store: Store, fields: dict[str, object]
) -> None:
    (phone,) = add(store, PHONE)
    refuse(store, phone)
    change(store, phone, **fields)
    assert store.observations.known()[phone].next_try_at is None


def test_a_sites_new_password_ends_the_back_off_of_its_phones(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1", site="Berlin"))
    refuse(store, phone)
    store.inventory.apply([SITE], [])
    assert store.observations.known()[phone].refusals == 0


def test_another_name_does_not_end_the_back_off(store: Store) -> None:
    (phone,) = add(store, PHONE)
    refuse(store, phone)
    change(store, phone, name="Front desk")
    assert store.observations.known()[phone].refusals == 1


def test_another_host_is_not_trusted_by_the_old_certificate(store: Store) -> None:
    (phone,) = add(store, PHONE)
    sweeping = Sweeping(store)
    sweeping.write(good(sweeping.known[phone], START, line(), fingerprint="aa"))
    change(store, phone, host="10.0.0.9")
    known = store.observations.known()[phone]
    assert (known.stored.tls_fingerprint, known.page_key) == ("", "")


def test_phones_that_swapped_addresses_are_moved_with_an_event_each(store: Store) -> None:
    one, two = add(store, Phone(host="10.0.0.1"), Phone(host="10.0.0.2", name="Two"))
    store.inventory.rehost({one: "10.0.0.2", two: "10.0.0.1"}, START)
    assert [stored.phone.host for stored in store.phones.load()] == ["10.0.0.2", "10.0.0.1"]
    assert [event.kind for event in store.events.load()] == [EventKind.PHONE_MOVED] * 2
    assert store.events.load(phone_id=two)[0].text == "Two moved from 10.0.0.2 to 10.0.0.1."


def test_a_phone_is_not_moved_onto_another(store: Store) -> None:
    one, _ = add(store, Phone(host="10.0.0.1"), Phone(host="10.0.0.2"))
    with pytest.raises(StoreError, match=r"10\.0\.0\.2 belongs to another phone"):
        store.inventory.rehost({one: "10.0.0.2"}, START)
    assert store.phones.load()[0].phone.host == "10.0.0.1"


def test_a_removed_phone_takes_its_history_along(store: Store) -> None:
    gone, stays = add(store, Phone(host="10.0.0.1"), Phone(host="10.0.0.2"))
    sweeping = Sweeping(store)
    sweeping.write(*(good(sweeping.known[phone], START, line()) for phone in (gone, stays)))
    assert store.inventory.remove([gone, 99], START) == 1
    assert {period.phone_id for period in store.observations.history()} == {stays}
    assert add(store, Phone(host="10.0.0.1")) != [gone]
    assert store.check() == []


@pytest.mark.parametrize(
    "text",
    ["00:08:5D:12:64:11", "00085d126411", "0008.5d12.6411", PHONE.host, "Reception", "reception"],
)
def test_a_phone_is_found_by_mac_host_or_name(store: Store, text: str) -> None:
    _, phone = add(store, Phone(host="10.0.0.9", name="Other"), PHONE)
    assert store.phones.find(text) == phone


def test_a_phone_that_is_not_found_has_its_neighbours_named(store: Store) -> None:
    add(store, PHONE)
    with pytest.raises(PhoneNotFound, match="Did you mean Reception"):
        store.phones.find("Recption")


def test_a_name_of_two_phones_names_their_hosts(store: Store) -> None:
    add(store, Phone(host="10.0.0.1", name="Desk"), Phone(host="10.0.0.2", name="Desk"))
    with pytest.raises(PhoneNotFound, match=r"10\.0\.0\.1, 10\.0\.0\.2"):
        store.phones.find("Desk")


def test_a_phone_is_found_by_its_host_leaving_out_its_port(store: Store) -> None:
    one, two, _ = add(
        store,
        Phone(host="10.0.0.1:8080"),
        Phone(host="https://10.0.0.2:8443"),
        Phone(host="10.0.0.10:8080"),
    )
    assert store.phones.find("10.0.0.1") == one
    assert store.phones.find("https://10.0.0.2") == two
    with pytest.raises(PhoneNotFound, match="the MAC, host or name https"):
        store.phones.find("https")


def test_two_phones_behind_one_address_are_told_apart_by_their_ports(store: Store) -> None:
    add(store, Phone(host="10.0.0.1:81"), Phone(host="10.0.0.1:80"))
    with pytest.raises(PhoneNotFound, match=r"2 phones are at 10\.0\.0\.1; .*:80, 10\.0\.0\.1:81"):
        store.phones.find("10.0.0.1")


def test_hosts_that_begin_so_are_the_first_to_be_named(store: Store) -> None:
    add(store, *(Phone(host=host) for host in ("10.0.1.2", "10.0.0.12", "10.0.0.14")))
    with pytest.raises(PhoneNotFound, match=r"mean 10\.0\.0\.12 or 10\.0\.0\.14 or 10\.0\.1\.2\?"):
        store.phones.find("10.0.0.1")


def test_nothing_names_no_phone(store: Store) -> None:
    add(store, Phone(host="10.0.0.1"))
    with pytest.raises(PhoneNotFound):
        store.phones.find(" ")


def test_two_imports_at_once_both_count(store: Store) -> None:
    def load(start: int) -> None:
        for number in range(start, start + 5):
            add(store, Phone(host=f"10.0.0.{number}"))

    threads = [threading.Thread(target=load, args=(start,)) for start in (10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.phones.load()) == 15


def test_an_import_of_nothing_new_needs_no_key(database_url: str, keyring: Keyring) -> None:
    store = Store.open(database_url, keyring=None)
    add(store, Phone(host="10.0.0.1"))
    with pytest.raises(StoreError, match="without a key"):
        add(store, PHONE)
    store.close()


def refuse(store: Store, phone: int) -> None:
    """Have a phone refuse our login."""
    sweeping = Sweeping(store)
    known = sweeping.known[phone]
    later = START + MINUTE
    sweeping.write(bad(known, START, Reason.WRONG_PASSWORD, refusals=1, next_try_at=later))
    sweeping.finish()
