"""The key: its file, a wrong one, and its change, cut off at any step."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from fleet.errors import SettingsError, StoreError
from fleet.model import IntendedAccount, Phone, Site
from fleet.store import Change, Keyring, Store, make_key_file, rotate_key_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SITE = Site(name="Berlin", password="site secret")
PHONE = Phone(
    host="10.0.0.1",
    password="phone secret",
    accounts=(IntendedAccount(line=1, sip_password="sip secret"),),
)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "fleet.key"
    make_key_file(path)
    return path


def test_a_key_file_is_readable_by_its_owner_alone_and_not_overwritten(key_file: Path) -> None:
    text = key_file.read_text()
    with pytest.raises(StoreError, match="already exists"):
        make_key_file(key_file)
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert key_file.read_text() == text


def test_a_key_file_that_others_can_read_is_refused(key_file: Path) -> None:
    key_file.chmod(0o640)
    with pytest.raises(StoreError, match="chmod 600"):
        Keyring.read(key_file)


@pytest.mark.parametrize("text", ["", "no key", "short=", "ä" * 44])
def test_what_is_no_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^FLEET_SECRETS_KEY is not a key of fleet") as raised:
        Keyring.parse(text, "FLEET_SECRETS_KEY")
    assert not text or text not in str(raised.value)


def test_a_key_file_without_a_key_is_refused(key_file: Path) -> None:
    key_file.write_text("no key")
    with pytest.raises(StoreError, match="does not contain a key of fleet"):
        Keyring.read(key_file)


def test_a_folder_is_no_key_file_whoever_may_read_it(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=rf"^The key file {tmp_path} is not a file\.$"):
        Keyring.read(tmp_path)


def test_a_keyring_does_not_show_its_keys(key_file: Path) -> None:
    assert key_file.read_text().strip() not in repr(Keyring.read(key_file))


def test_the_wrong_key_opens_nothing_and_adds_nothing(database_url: str, key_file: Path) -> None:
    fill(database_url, Keyring.read(key_file))
    wrong = Keyring.parse(Fernet.generate_key().decode(), "FLEET_SECRETS_KEY")
    store = Store.open(database_url, keyring=wrong)
    with pytest.raises(StoreError, match="FLEET_SECRETS_KEY did not encrypt"):
        store.inventory.load()
    with pytest.raises(StoreError, match="FLEET_SECRETS_KEY did not encrypt"):
        store.inventory.apply([Site(name="Bonn", password="new")], [])
    assert store.check() != []
    assert len(list(store.observations.statuses())) == 1
    store.close()


def test_a_new_key_opens_what_the_old_one_closed(database_url: str, key_file: Path) -> None:
    old = Keyring.parse(key_file.read_text(), "FLEET_SECRETS_KEY")
    fill(database_url, old)
    store = Store.open(database_url, keyring=old)
    rotate_key_file(key_file, store.reencrypt)
    store.close()
    new = Keyring.read(key_file)
    assert len(new.keys) == 1
    assert new != old
    assert passwords(database_url, new) == ["site secret", "phone secret", "sip secret"]
    with pytest.raises(StoreError):
        passwords(database_url, old)


def test_a_change_of_key_cut_off_before_or_in_or_after_the_database_loses_nothing(
    database_url: str, key_file: Path
) -> None:
    fill(database_url, Keyring.read(key_file))
    store = Store.open(database_url, keyring=Keyring.read(key_file))
    for step in (cut_off_before, cut_off_after(store.reencrypt)):
        with pytest.raises(KeyboardInterrupt):
            rotate_key_file(key_file, step)
        found = passwords(database_url, Keyring.read(key_file))
        assert found == ["site secret", "phone secret", "sip secret"]
    rotate_key_file(key_file, store.reencrypt)
    store.close()
    assert len(Keyring.read(key_file).keys) == 1
    assert len(passwords(database_url, Keyring.read(key_file))) == 3


def test_a_process_with_the_old_key_cannot_write_after_the_change(
    database_url: str, key_file: Path
) -> None:
    old = Keyring.parse(key_file.read_text(), "FLEET_SECRETS_KEY")
    fill(database_url, old)
    with (
        closing(Store.open(database_url, keyring=old)) as late,
        closing(Store.open(database_url, keyring=old)) as store,
    ):
        rotate_key_file(key_file, store.reencrypt)
        with pytest.raises(StoreError, match="did not encrypt"):
            late.inventory.apply([Site(name="Bonn", password="new")], [])


def test_a_process_that_has_a_key_file_reads_the_new_key(database_url: str, key_file: Path) -> None:
    fill(database_url, Keyring.read(key_file))
    with (
        closing(Store.open(database_url, keyring=Keyring.read(key_file))) as late,
        closing(Store.open(database_url, keyring=Keyring.read(key_file))) as store,
    ):
        rotate_key_file(key_file, store.reencrypt)
        late.inventory.apply([Site(name="Bonn", password="new")], [])
        assert "new" in {site.password for site in late.inventory.load().sites}


def cut_off_before(_: Keyring) -> None:
    raise KeyboardInterrupt


def cut_off_after(reencrypt: Callable[[Keyring], int]) -> Callable[[Keyring], None]:
    def step(keyring: Keyring) -> None:
        reencrypt(keyring)
        raise KeyboardInterrupt

    return step


def fill(url: str, keyring: Keyring) -> None:
    store = Store.open(url, keyring=keyring)
    store.inventory.apply([SITE], [Change(id=None, phone=PHONE)])
    store.close()


def passwords(url: str, keyring: Keyring) -> list[str]:
    store = Store.open(url, keyring=keyring)
    try:
        inventory = store.inventory.load()
    finally:
        store.close()
    found = [site.password for site in inventory.sites]
    for phone in inventory.phones:
        found += [phone.password, *(account.sip_password for account in phone.accounts)]
    return found
