"""Pruning, copies, checks, and databases that cannot be used."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from fleet.errors import SettingsError, StoreError
from fleet.model import Phone, Reason, Registration
from fleet.store import (
    Event,
    EventKind,
    Keyring,
    Pruned,
    Secrets,
    Store,
    make_key_file,
    restore_database,
    rotate_key_file,
)
from fleet.store.engine import open_engine
from tests import postgres
from tests.store.fleets import HOUR, MINUTE, START, Sweeping, add, bad, good, line, page

if TYPE_CHECKING:
    from pathlib import Path

NEVER = START - 1000 * HOUR


def fill(store: Store) -> int:
    """A phone with two ended periods, an old sweep, and pages."""
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    failed = line(state=Registration.FAILED, code=403)
    sweeping.write(bad(sweeping.known[phone], START, Reason.NO_TABLE, evidence=page(START)))
    for minute, shown in ((1, line()), (2, failed)):
        at = START + minute * MINUTE
        sweeping.write(good(sweeping.known[phone], at, shown, evidence=page(at)))
    sweeping.finish(START + 2 * MINUTE)
    return phone


def prune(store: Store, **before: object) -> Pruned:
    wanted = {"history_before": NEVER, "evidence_before": NEVER, "sweeps_before": NEVER} | before
    return store.prune(**wanted)  # type: ignore[arg-type]


def test_old_periods_are_deleted_and_what_is_so_now_is_not(store: Store) -> None:
    fill(store)
    before = list(store.observations.statuses())
    assert prune(store, history_before=START + HOUR).periods == 2
    assert list(store.observations.statuses()) == before
    assert len(list(store.observations.history())) == 2


def test_the_page_of_a_readable_phone_is_kept_however_old(store: Store) -> None:
    phone = fill(store)
    assert prune(store, evidence_before=START + HOUR) == Pruned(pages=1)
    evidence = store.observations.evidence(phone)
    assert (evidence.good is not None, evidence.failed) == (True, None)


def test_old_sweeps_go_but_the_last(store: Store) -> None:
    for hour in range(3):
        Sweeping(store, START + hour * HOUR).finish(START + hour * HOUR)
    last = store.sweeps.last()
    assert prune(store, sweeps_before=START + 9 * HOUR) == Pruned(sweeps=2)
    assert store.sweeps.last() == last


def test_pruning_nothing_deletes_nothing(store: Store) -> None:
    fill(store)
    assert prune(store) == Pruned()


def test_a_pruned_sqlite_file_shrinks(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    store = Store.open(f"sqlite:///{path}", keyring=None)
    ids = add(store, *(Phone(host=f"10.0.1.{number}") for number in range(200)))
    sweeping = Sweeping(store)
    body = os.urandom(5000)
    polls = [
        bad(sweeping.known[phone], START, Reason.NO_TABLE, evidence=page(START, body))
        for phone in ids
    ]
    sweeping.write(*polls)
    full = pages(path)
    prune(store, evidence_before=START + HOUR)
    store.close()
    assert pages(path) < full / 2


def pages(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        count = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.close()
    return int(count)


def test_a_copy_taken_while_a_sweep_writes_is_whole(
    tmp_path: Path, sqlite_template: Path, keyring: Keyring
) -> None:
    path = tmp_path / "fleet.db"
    path.write_bytes(sqlite_template.read_bytes())
    store = Store.open(f"sqlite:///{path}", keyring=keyring)
    phone = fill(store)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM line_periods")
    store.backup(tmp_path / "copy.db")
    writer.execute("ROLLBACK")
    writer.close()
    assert sorted(file.name for file in tmp_path.glob("copy*")) == ["copy.db"]
    copy = Store.open(f"sqlite:///{tmp_path / 'copy.db'}", keyring=keyring)
    assert copy.check() == []
    assert list(copy.observations.history(ids=[phone])) == list(
        store.observations.history(ids=[phone])
    )
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    store.close()
    copy.close()


def test_a_copy_overwrites_nothing(store: Store, tmp_path: Path) -> None:
    place = tmp_path / "precious"
    place.write_text("precious")
    with pytest.raises(StoreError, match="already exists"):
        store.backup(place)
    assert place.read_text() == "precious"


def test_a_postgresql_database_is_copied_by_pg_dump(
    postgres_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = postgres.find_programs()
    if not programs or not (programs / "pg_dump").exists():
        pytest.skip("no pg_dump of the server's version")
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    postgres_store.backup(tmp_path / "copy.dump")
    listed = subprocess.run(
        [programs / "pg_restore", "--list", tmp_path / "copy.dump"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "TABLE DATA public line_periods" in listed.stdout


def test_a_postgresql_database_without_pg_dump_says_what_to_install(
    postgres_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match="needs pg_dump"):
        postgres_store.backup(tmp_path / "copy.dump")
    assert list(tmp_path.glob("copy*")) == []


def test_what_must_never_be_is_found(store: Store, database_url: str) -> None:
    phone = fill(store)
    engine = open_engine(database_url, create=False)
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE reach_periods SET until = NULL, reach = 'refused' WHERE until IS NULL")
        )
        connection.execute(
            sa.text("UPDATE line_periods SET until = :late WHERE until IS NOT NULL"),
            {"late": "2030-01-01 00:00:00.000000"},
        )
    engine.dispose()
    assert phone
    assert store.check() == [
        "1 rows of line_periods overlap the one after them.",
        "1 phones have a current reach that differs from their history.",
    ]


def test_there_can_be_no_two_open_periods_of_one_line(store: Store, database_url: str) -> None:
    fill(store)
    engine = open_engine(database_url, create=False)
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text("UPDATE line_periods SET until = NULL"))
    engine.dispose()


def test_a_file_that_is_no_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    path.write_text("These are my notes. " * 100)
    with pytest.raises(StoreError, match=rf"{path} cannot be used: file is not a database"):
        Store.open(f"sqlite:///{path}", keyring=None)
    assert path.read_text().startswith("These are my notes.")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root:secret@host/x",
        "postgresql://root:secret@host:port/x",
        "nonsense",
        "sqlite://",
        "sqlite:///:memory:",
        "",
    ],
)
def test_other_databases_are_wrong_settings_and_their_password_is_not_shown(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Store.open(url, keyring=None)
    assert str(raised.value) == (
        "[database] url (or FLEET_DATABASE_URL) must be sqlite:///FILE or "
        "postgresql://USER:PASSWORD@HOST/NAME."
    )


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(StoreError) as raised:
        Store.open("postgresql://fleet:secret@127.0.0.1:1/fleet", keyring=None)
    assert "fleet:***@127.0.0.1:1/fleet" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert str(raised.value).endswith("failed: Connection refused.")


def test_a_missing_file_or_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="fleet init"):
        Store.open(f"sqlite:///{tmp_path / 'no.db'}", keyring=None, create=False)
    with pytest.raises(StoreError, match="there is no folder"):
        Store.open(f"sqlite:///{tmp_path / 'no' / 'fleet.db'}", keyring=None)
    with pytest.raises(StoreError, match="it is a folder"):
        Store.open(f"sqlite:///{tmp_path}", keyring=None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    with pytest.raises(StoreError, match=rf"^The database {path} cannot be created: \S.*\.$"):
        Store.open(f"sqlite:///{path}", keyring=None)


def test_a_new_sqlite_file_is_its_owners_alone_and_uses_the_write_ahead_log(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    Store.open(f"sqlite:///{path}", keyring=None).close()
    with sqlite3.connect(path) as connection:
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    connection.close()
    assert (mode, path.stat().st_mode & 0o777) == ("wal", 0o600)


def test_an_empty_file_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "fleet.db").touch()
    for create in (False, True):
        with pytest.raises(StoreError, match=r"is empty \(0 bytes\)"):
            Store.open(f"sqlite:///{tmp_path / 'fleet.db'}", keyring=None, create=create)


def test_tables_of_an_older_version_are_left_alone_unless_that_is_asked_for(
    sqlite_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "fleet.db"
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE alembic_version")
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('0099')")
    with pytest.raises(StoreError, match="newer fleet"):
        Store.open(sqlite_url, keyring=None, upgrade=False)
    assert [each.name for each in tmp_path.glob("fleet.db.version*")] == []


def test_a_restored_backup_takes_the_place_of_the_database_which_is_kept(
    sqlite_url: str, tmp_path: Path
) -> None:
    path, copy = tmp_path / "fleet.db", tmp_path / "copy.db"
    with closing(Store.open(sqlite_url, keyring=None)) as store:
        store.backup(copy)
        with pytest.raises(StoreError, match="stop fleet serve first"):
            _restore_beside(sqlite_url, copy)
        store.events.add([Event(at=START, kind=EventKind.SWEEP_INTERRUPTED, text="later")])
    old = restore_database(sqlite_url, copy)
    assert old is not None
    for place, count in ((path, 0), (old, 1)):
        with closing(Store.open(f"sqlite:///{place}", keyring=None)) as store:
            assert len(store.events.load()) == count


def test_what_is_no_backup_is_not_restored(sqlite_url: str, tmp_path: Path) -> None:
    before = (tmp_path / "fleet.db").read_bytes()
    for content in (b"", b"x" * 5000):
        (tmp_path / "copy.db").write_bytes(content)
        with pytest.raises(StoreError, match="is not a backup"):
            restore_database(sqlite_url, tmp_path / "copy.db")
    assert (tmp_path / "fleet.db").read_bytes() == before


def _restore_beside(url: str, copy: Path) -> None:
    """Restore in another process: POSIX locks do not bar the process that has them."""
    code = (
        "import sys; from pathlib import Path; from fleet.store import restore_database; "
        "restore_database(sys.argv[1], Path(sys.argv[2]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, url, str(copy)], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise StoreError(ran.stderr)


def test_a_key_that_another_process_changed_is_read_again(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "fleet.key"
    make_key_file(path)
    with closing(Store.open(sqlite_url, keyring=Keyring.read(path))) as daemon:
        add(daemon, Phone(host="10.0.0.1", username="u", password="one"))
        with closing(Store.open(sqlite_url, keyring=Keyring.read(path))) as other:
            rotate_key_file(path, other.reencrypt)
        [known] = daemon.phones.load(secrets=Secrets.ALL)
        assert known.phone.password == "one"
        add(daemon, Phone(host="10.0.0.2", username="u", password="two"))
    with closing(Store.open(sqlite_url, keyring=Keyring.read(path))) as later:
        passwords = [each.phone.password for each in later.phones.load(secrets=Secrets.ALL)]
    assert passwords == ["one", "two"]


def test_the_first_password_after_a_changed_key_opens_with_the_new_one(
    sqlite_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "fleet.key"
    make_key_file(path)
    with closing(Store.open(sqlite_url, keyring=Keyring.read(path))) as daemon:
        add(daemon, Phone(host="10.0.0.1", username="u", password="one"))
        with closing(Store.open(sqlite_url, keyring=Keyring.read(path))) as other:
            rotate_key_file(path, other.reencrypt)
        add(daemon, Phone(host="10.0.0.2", username="u", password="two"))
    with closing(Store.open(sqlite_url, keyring=Keyring.read(path))) as later:
        assert later.check() == []


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_database_file_that_was_deleted_or_replaced_is_left_alone(
    sqlite_url: str, tmp_path: Path, *, is_replaced: bool
) -> None:
    path = tmp_path / "fleet.db"
    copy = tmp_path / "copy.db"
    event = Event(at=START, kind=EventKind.SWEEP_INTERRUPTED, text="later")
    with closing(Store.open(sqlite_url, keyring=None)) as store:
        store.backup(copy)
        path.unlink()
        if is_replaced:
            copy.rename(path)
            before = path.read_bytes()
        for action in (lambda: store.events.add([event]), store.events.load):
            with pytest.raises(StoreError, match=r"was deleted or replaced .* Restart fleet"):
                action()
        assert not is_replaced or path.read_bytes() == before


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_locked_database_names_who_has_it(sqlite_url: str, tmp_path: Path, lock: str) -> None:
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        f"c.execute('BEGIN {lock}'); c.execute('DELETE FROM marks'); print('locked', flush=True); "
        "sys.stdin.read()"
    )
    event = Event(at=START, kind=EventKind.SWEEP_INTERRUPTED, text="later")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "fleet.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == "locked\n"
        with closing(Store.open(sqlite_url, keyring=None, create=False, upgrade=False)) as store:
            assert store.events.load() == []  # readers do not wait for a writer
            with pytest.raises(StoreError, match=f"locked by process {owner.pid} .*for more than"):
                store.events.add([event])
        owner.communicate("")
    with closing(Store.open(sqlite_url, keyring=None)) as store:
        store.events.add([event])
        assert len(store.events.load()) == 1


def test_the_mark_of_changes_moves_with_every_commit_of_whoever_it_is(
    tmp_path: Path, keyring: Keyring
) -> None:
    url = f"sqlite:///{tmp_path / 'fleet.db'}"
    with closing(Store.open(url, keyring=keyring)) as store:
        first = store.change_mark()
        list(store.observations.statuses())
        assert first is not None
        assert store.change_mark() == first
        add(store, Phone(host="10.0.0.1"))
        second = store.change_mark()
        with closing(Store.open(url, keyring=keyring)) as other:
            add(other, Phone(host="10.0.0.2"))
        assert len({first, second, store.change_mark()}) == 3


def test_nothing_marks_the_changes_of_postgresql(postgres_store: Store) -> None:
    assert postgres_store.change_mark() is None
