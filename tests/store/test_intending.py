"""Intents, named secrets and revisions, on both databases."""

from __future__ import annotations

import hashlib
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from fleet.errors import StoreError, UsageError
from fleet.model import (
    NO_INTENT,
    Intent,
    NewFile,
    Phone,
    Revision,
    SecretKind,
    SecretRef,
    Site,
    Wanted,
)
from fleet.store import Change, FileDigest, IntentChange, Keyring, Store
from fleet.store.provision_tables import contents, journal, named_secrets
from fleet.store.tables import marks
from tests.store.fleets import START, add

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECRET = Wanted(value=SecretRef(kind=SecretKind.SECRET, name="admin"), lock=True)
PLAIN = Intent(
    parameters={
        "sip registrar ip": Wanted(value="pbx.example"),
        "sip dial plan": Wanted(value="x+#|ü", overwrite=True),
        "admin password": SECRET,
        "lldp": Wanted(value=None),
        "user password": Wanted(value=""),
    },
    profiles=("office", "de"),
    timezone="Europe/Berlin",
)


def applied(store: Store, files: Mapping[str, bytes | None], expected: int) -> Revision:
    new = [NewFile(name=name, body=body) for name, body in files.items()]
    at = START + timedelta(minutes=expected)
    return store.revisions.apply(new, by="me", comment="why", now=at, expected=expected)


def bodies(store: Store, revision: int | None = None) -> dict[str, bytes]:
    return {file.name: file.body for file in store.revisions.files(revision)}


def rows(store: Store, query: sa.Select[tuple[object, ...]]) -> list[tuple[object, ...]]:
    with store.reading() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_intents_come_back_as_they_were_written_at_every_level(store: Store) -> None:
    store.inventory.apply(
        [Site(name="Berlin", intent=PLAIN)],
        [Change(id=None, phone=Phone(host="10.0.0.1", site="Berlin", intent=PLAIN))],
        IntentChange(
            at=START,
            fleet=PLAIN,
            models={"6753i": PLAIN},
            profiles={"office": PLAIN},
            secrets={"admin": "4711"},
        ),
    )

    (phone,) = store.phones.load()
    intents, inventory = store.intents.load(), store.inventory.load()
    assert intents.fleet == PLAIN
    assert intents.models == {"6753i": PLAIN}
    assert intents.sites == {"Berlin": PLAIN}
    assert intents.profiles == {"office": PLAIN}
    assert intents.phones == {phone.id: PLAIN}
    assert (inventory.fleet, inventory.models, inventory.profiles, inventory.secrets) == (
        PLAIN,
        {"6753i": PLAIN},
        {"office": PLAIN},
        {"admin": "4711"},
    )
    assert (inventory.sites[0].intent, inventory.phones[0].intent) == (PLAIN, PLAIN)


def test_what_says_nothing_is_taken_away_and_what_is_not_named_stays(store: Store) -> None:
    (number,) = add(store, Phone(host="10.0.0.1", site="Berlin", intent=PLAIN))
    common = IntentChange(at=START, fleet=PLAIN, models={"6753i": PLAIN}, profiles={"a": PLAIN})
    store.inventory.apply([Site(name="Berlin", intent=PLAIN)], [], common)
    change = IntentChange(at=START, models={"6753i": NO_INTENT}, profiles={"b": PLAIN})
    store.inventory.apply([Site(name="Berlin")], [], change)

    intents = store.intents.load()
    assert (intents.fleet, intents.models, intents.sites) == (PLAIN, {}, {})
    assert intents.profiles == {"a": PLAIN, "b": PLAIN}
    assert intents.phones == {number: PLAIN}

    (phone,) = store.inventory.load().phones
    store.inventory.apply([], [Change(id=number, phone=replace(phone, intent=NO_INTENT))])
    assert store.intents.load().phones == {}


def test_a_phone_that_is_changed_and_given_back_keeps_its_intent(store: Store) -> None:
    (number,) = add(store, Phone(host="10.0.0.1", intent=PLAIN))
    (stored,) = store.phones.load()
    assert stored.phone.intent == PLAIN
    store.inventory.apply([], [Change(id=number, phone=replace(stored.phone, name="one"))])
    assert store.intents.load().phones == {number: PLAIN}


def test_a_phones_intent_goes_with_it(store: Store) -> None:
    (number,) = add(store, Phone(host="10.0.0.1", intent=PLAIN))
    store.inventory.remove([number], START)
    assert store.intents.load().phones == {}


def test_a_named_secret_is_kept_encrypted(store: Store) -> None:
    store.intents.set_secret("admin", "4711", START)
    store.intents.set_secret("other", "0815", START)
    store.intents.set_secret("admin", "48151623", START + timedelta(days=1))

    assert store.intents.secret("admin") == "48151623"
    assert store.intents.secrets() == [("admin", START + timedelta(days=1)), ("other", START)]
    kept = str(rows(store, sa.select(named_secrets.c.value_secret)))
    assert "48151623" not in kept
    assert store.intents.remove_secret("admin")
    assert not store.intents.remove_secret("admin")
    with pytest.raises(StoreError, match="There is no secret 'admin'"):
        store.intents.secret("admin")


def test_without_a_key_no_secret_and_no_file_is_kept(sqlite_url: str) -> None:
    store = Store.open(sqlite_url, keyring=None)
    with pytest.raises(StoreError, match="without a key"):
        store.intents.set_secret("admin", "4711", START)
    with pytest.raises(StoreError, match="without a key"):
        applied(store, {"aastra.cfg": b"# all\n"}, 0)
    assert store.revisions.last() == 0
    store.close()


def test_revisions_are_numbered_and_hold_only_what_changed(store: Store) -> None:
    first = applied(store, {"aastra.cfg": b"one\n", "00085D000001.cfg": b"two\n"}, 0)
    second = applied(store, {"aastra.cfg": b"one\n", "00085D000001.cfg": b"three\n"}, 1)

    assert first == Revision(number=1, at=START, by="me", comment="why", files=2)
    assert (second.number, second.files) == (2, 1)
    assert store.revisions.load() == [second, first]
    assert store.revisions.get(1) == first
    assert store.revisions.last() == 2
    assert bodies(store, 1) == {"00085D000001.cfg": b"two\n", "aastra.cfg": b"one\n"}
    assert bodies(store) == {"00085D000001.cfg": b"three\n", "aastra.cfg": b"one\n"}
    (entry, _) = rows(store, sa.select(journal.c.by, journal.c.what).order_by(journal.c.id.desc()))
    assert entry == ("me", "Applied revision 2; files changed: 1.")


def test_a_file_is_found_as_a_revision_has_it(store: Store) -> None:
    applied(store, {"aastra.cfg": b"one\n"}, 0)
    applied(store, {"aastra.cfg": None, "6753i.cfg": b"two\n"}, 1)
    applied(store, {"aastra.cfg": b"three\n"}, 2)

    found = [store.revisions.file("aastra.cfg", number) for number in (1, 2, 3, None)]
    assert [file and (file.body, file.revision) for file in found] == [
        (b"one\n", 1),
        None,
        (b"three\n", 3),
        (b"three\n", 3),
    ]
    assert store.revisions.file("6753i.cfg", 1) is None
    assert store.revisions.file("nothing.cfg") is None
    assert set(store.revisions.digests(2)) == {"6753i.cfg"}


def test_a_phones_own_file_is_found_by_the_phone(store: Store) -> None:
    (number,) = add(store, Phone(host="10.0.0.1", mac="00:08:5D:00:00:01"))
    own = NewFile(name="00085D000001.cfg", phone_id=number, body=b"own\n")
    store.revisions.apply(
        [own, NewFile(name="aastra.cfg", body=b"all\n")], by="", comment="", now=START, expected=0
    )

    (file,) = store.revisions.files(phone_id=number)
    assert (file.name, file.phone_id, file.body) == (own.name, number, b"own\n")
    assert [file.name for file in store.revisions.files(names=["aastra.cfg", "x"])] == [
        "aastra.cfg"
    ]
    store.inventory.remove([number], START)
    (kept,) = store.revisions.files(names=[own.name])
    assert kept.phone_id is None


def test_what_was_planned_against_an_older_revision_is_refused(store: Store) -> None:
    applied(store, {"aastra.cfg": b"one\n"}, 0)
    with pytest.raises(StoreError, match="Revision 1 was applied meanwhile"):
        applied(store, {"aastra.cfg": b"two\n"}, 0)
    with pytest.raises(StoreError, match="applied meanwhile"):
        store.revisions.roll_back(1, by="", comment="", now=START, expected=0)
    assert bodies(store) == {"aastra.cfg": b"one\n"}


def test_a_roll_back_is_a_new_revision_with_the_old_files(store: Store) -> None:
    applied(store, {"aastra.cfg": b"one\n", "a.cfg": b"a\n", "same.cfg": b"same\n"}, 0)
    applied(store, {"aastra.cfg": b"two\n", "a.cfg": None, "b.cfg": b"b\n"}, 1)

    back = store.revisions.roll_back(1, by="me", comment="oops", now=START, expected=2)

    assert back == Revision(number=3, at=START, by="me", comment="oops", rolled_back_to=1, files=3)
    assert bodies(store) == bodies(store, 1)
    assert "b.cfg" in bodies(store, 2)
    with pytest.raises(UsageError, match="There is no revision 9; the last one is 3"):
        store.revisions.roll_back(9, by="", comment="", now=START, expected=3)


def test_bodies_are_kept_once_and_neither_they_nor_their_digests_tell_a_secret(
    store: Store,
) -> None:
    body = b"admin password: 4711\n"
    applied(store, {"a.cfg": body, "b.cfg": body}, 0)

    ((digest, kept),) = rows(store, sa.select(contents.c.digest, contents.c.body_secret))
    assert digest != hashlib.sha256(body).hexdigest()
    assert isinstance(kept, bytes)
    assert body not in kept
    assert zlib.compress(body) not in kept
    digester = store.revisions.digester()
    assert digester is not None
    assert digester(body) == digest
    file = store.revisions.file("a.cfg")
    assert file is not None
    assert (file.digest, store.revisions.digests()["b.cfg"]) == (
        digest,
        FileDigest(phone_id=None, digest=str(digest)),
    )
    assert "4711" not in repr(file)
    assert "4711" not in repr(NewFile(name="a.cfg", body=body))


def test_two_databases_give_one_body_different_digests(tmp_path: Path, keyring: Keyring) -> None:
    found = set()
    for name in ("a", "b"):
        store = Store.open(f"sqlite:///{tmp_path / name}.db", keyring=keyring)
        applied(store, {"a.cfg": b"x"}, 0)
        found.add(store.revisions.digests()["a.cfg"].digest)
        store.close()
    assert len(found) == 2


def test_a_new_key_reaches_files_secrets_and_digests(store: Store) -> None:
    store.intents.set_secret("admin", "4711", START)
    (number,) = add(store, Phone(host="10.0.0.1"))
    for password in ("first", "second"):
        store.fetch_logins.set(number, username="u", password=password, now=START)
    applied(store, {"a.cfg": b"one\n", "b.cfg": b"two\n"}, 0)
    before = store.revisions.digests()
    with store.reading() as connection:
        old_marks = set(connection.scalars(sa.select(marks.c.value)))
    new = Fernet.generate_key().decode()
    old = store.keyring
    assert old is not None

    store.reencrypt(Keyring(keys=(new, *old.keys)))
    store.use_keyring(Keyring(keys=(new,)))

    assert store.intents.secret("admin") == "4711"
    login = store.fetch_logins.load()[number]
    assert (login.password, login.previous) == ("second", "first")
    assert bodies(store) == {"a.cfg": b"one\n", "b.cfg": b"two\n"}
    digester = store.revisions.digester()
    assert digester is not None
    assert digester(b"one\n") == before["a.cfg"].digest
    with store.reading() as connection:
        assert not old_marks & set(connection.scalars(sa.select(marks.c.value)))


def test_of_two_that_apply_at_once_one_has_to_plan_again(store: Store) -> None:
    barrier = Barrier(2)

    def apply(body: bytes) -> str:
        barrier.wait(10)
        try:
            return str(applied(store, {"aastra.cfg": body}, 0).number)
        except StoreError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        ended = sorted(pool.map(apply, (b"one\n", b"two\n")))

    assert ended[0] == "1"
    assert "applied meanwhile" in ended[1]
    assert store.revisions.last() == 1
