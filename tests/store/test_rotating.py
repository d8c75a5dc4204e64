"""Rotations and files that are held back, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet.errors import RolloutRunning, StoreError
from fleet.model import (
    AccountLine,
    AccountState,
    IntendedAccount,
    NewFile,
    Phone,
    RotatedAccount,
    Rotation,
    SipServer,
)
from tests.store.fleets import HOUR, START, add

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.store import Keyring, Store


def filled(store: Store) -> list[int]:
    """Two phones, the files of revision 1, and an account of each."""
    phones = [
        Phone(
            host=f"10.0.0.{number}",
            accounts=(IntendedAccount(line=1, user=f"100{number}", sip_password="old"),),
        )
        for number in (1, 2)
    ]
    ids = add(store, *phones)
    files = [NewFile(name=f"{i}.cfg", phone_id=i, body=b"old") for i in ids]
    store.revisions.apply(files, by="me", comment="", now=START, expected=0)
    return ids


def account(phone_id: int, user: str = "1001", secret: str = "") -> RotatedAccount:
    return RotatedAccount(
        user=user,
        auth_name=f"auth-{user}",
        registrar=SipServer(host="pbx.example", port=5070, transport="tcp"),
        backup=SipServer(host="spare.example", transport="tcp"),
        lines=(AccountLine(phone_id=phone_id, line=1, secret=secret),),
        old="old",
        new=f"new-{user}",
    )


def begun(store: Store, accounts: Sequence[RotatedAccount]) -> Rotation:
    return store.rotations.begin(accounts, by="me", now=START)


def passwords(store: Store) -> list[str]:
    return [each.phone.accounts[0].sip_password for each in store.phones.load()]


def apply_new(store: Store, ids: Sequence[int]) -> None:
    files = [NewFile(name=f"{i}.cfg", phone_id=i, body=b"new") for i in ids]
    store.revisions.apply(files, by="me", comment="", now=START + HOUR, expected=1)


def test_a_rotation_comes_back_as_it_was_written(store: Store) -> None:
    first, second = filled(store)
    planned = [account(first), account(second, "1002", secret="sip-1002")]
    made = begun(store, planned)
    numbers = [each.id for each in made.accounts]
    assert made.accounts == tuple(
        replace(each, id=number) for each, number in zip(planned, numbers, strict=True)
    )
    assert (
        store.rotations.get()
        == store.rotations.get(made.id)
        == store.rotations.get(is_open=True)
        == made
    )
    assert (made.revision, made.ended, made.phones) == (None, None, (first, second))
    with pytest.raises(RolloutRunning, match="--continue"):
        begun(store, planned)


def test_a_held_file_stays_as_it_was_until_it_is_released(store: Store) -> None:
    ids = filled(store)
    rotation = begun(store, [account(ids[0])])
    store.rotations.intend(rotation, last=1, now=START)
    apply_new(store, ids)
    assert store.held_files.phones() == {ids[0]}
    assert store.held_files.revisions([f"{i}.cfg" for i in ids]) == {f"{ids[0]}.cfg": 1}
    assert [store.held_files.own()[i].revision for i in ids] == [1, 2]
    assert passwords(store) == ["new-1001", "old"]
    store.held_files.release([ids[0]])
    assert [store.held_files.own()[i].revision for i in ids] == [2, 2]


def test_the_end_says_again_what_is_in_force_and_forgets_the_rest(store: Store) -> None:
    ids = filled(store)
    rotation = begun(store, [account(ids[0]), account(ids[1], "1002")])
    store.rotations.intend(rotation, last=1, now=START)
    apply_new(store, ids)
    store.held_files.release([ids[0]])
    states = (AccountState.TAKEN, AccountState.KEPT)
    ended = [replace(a, state=s) for a, s in zip(rotation.accounts, states, strict=True)]
    current = replace(rotation, accounts=tuple(ended), revision=2)
    store.rotations.end(current, by="me", now=START + 2 * HOUR)
    assert passwords(store) == ["new-1001", "old"]
    assert [file.body for file in store.revisions.files()] == [b"new", b"old"]
    assert store.revisions.last() == 3
    assert not store.held_files.phones()
    found = store.rotations.get(revision=2)
    assert found
    assert found.ended == START + 2 * HOUR
    assert [(each.old, each.new) for each in found.accounts] == [("old", "new-1001"), ("", "")]
    begun(store, [account(ids[1], "1002")])
    again = store.rotations.get(rotation.id)
    assert again
    assert {each.old for each in again.accounts} == {""}, "the next rotation ends the last"


def test_nothing_is_intended_where_the_inventory_changed_meanwhile(store: Store) -> None:
    ids = filled(store)
    rotation = begun(store, [account(ids[1], "1002"), replace(account(ids[0]), old="older")])
    with pytest.raises(StoreError, match="The password of 1001"):
        store.rotations.intend(rotation, last=1, now=START)
    assert passwords(store) == ["old", "old"]
    assert not store.held_files.phones()


def test_a_new_key_opens_the_passwords_of_a_rotation(store: Store, keyring: Keyring) -> None:
    begun(store, [account(filled(store)[0])])
    both = keyring.with_new_key()
    store.reencrypt(both)
    store.use_keyring(both.newest())
    found = store.rotations.get()
    assert found
    assert found.accounts[0].new == "new-1001"
