"""Many at one database: no update is lost, no reader waits, a long history needs little memory."""

from __future__ import annotations

import threading
import tracemalloc
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.model import Phone, Reach, Registration
from fleet.store import Store
from fleet.store.engine import open_engine, writing
from fleet.store.tables import marks, reach_periods
from tests.store.fleets import MINUTE, START, Sweeping, add, good, line

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet.store import Keyring


def together(*actions: Callable[[], object]) -> None:
    """Run actions at the same time; raise what one of them raised."""
    raised: list[BaseException] = []

    def run(action: Callable[[], object]) -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001  handed to the test below
            raised.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


def test_no_update_is_lost_between_writers(database_url: str) -> None:
    engine = open_engine(database_url, create=False)
    with writing(engine).begin() as connection:
        connection.execute(sa.insert(marks).values(name="count", value="0"))
    query = sa.select(marks.c.value).where(marks.c.name == "count").with_for_update()

    def count() -> None:
        for _ in range(50):
            with writing(engine).begin() as connection:
                value = int(connection.scalar(query) or 0)
                connection.execute(
                    sa.update(marks).where(marks.c.name == "count").values(value=str(value + 1))
                )

    together(*[count] * 4)
    with engine.connect() as connection:
        counted = connection.scalar(sa.select(marks.c.value).where(marks.c.name == "count"))
    engine.dispose()
    assert counted == "200"


def test_readers_imports_and_a_sweep_do_not_disturb_each_other(store: Store) -> None:
    phones = add(store, *(Phone(host=f"10.0.0.{number}") for number in range(20)))
    sweeping = Sweeping(store)

    def sweep() -> None:
        for minute in range(20):
            shown = line(code=minute)
            at = START + minute * MINUTE
            sweeping.write(*(good(sweeping.known[phone], at, shown) for phone in phones))

    def read() -> None:
        for _ in range(20):
            codes = {
                one.line.code for status in store.observations.statuses() for one in status.lines
            }
            assert len(codes) <= 1

    def load() -> None:
        for number in range(10):
            add(store, Phone(host=f"10.0.1.{number}", password="secret"))

    together(sweep, read, read, load)
    assert len(store.phones.load()) == 30
    assert store.check() == []


def test_a_reader_does_not_wait_for_a_writer(database_url: str, keyring: Keyring) -> None:
    store = Store.open(database_url, keyring=keyring)
    engine = open_engine(database_url, create=False)
    with writing(engine).begin() as connection:
        connection.execute(sa.insert(marks).values(name="half done", value=""))
        assert list(store.observations.statuses()) == []
    engine.dispose()
    store.close()


def test_a_sweep_sees_what_was_so_when_its_reading_began(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    sweeping.write(good(sweeping.known[phone], START, line()))
    reading = store.observations.history()
    first = next(reading)
    failed = line(state=Registration.FAILED)
    sweeping.write(good(sweeping.known[phone], START + MINUTE, failed))
    assert len([first, *reading]) == 2


def test_a_long_history_is_read_in_little_memory(store: Store, database_url: str) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    engine, count = open_engine(database_url, create=False), 30_000
    rows = [
        {
            "phone_id": phone,
            "reach": Reach.OK,
            "since": START + minute * MINUTE,
            "until": START + (minute + 1) * MINUTE,
        }
        for minute in range(count)
    ]
    with writing(engine).begin() as connection:
        connection.execute(sa.insert(reach_periods), rows)
    engine.dispose()
    del rows
    tracemalloc.start()
    assert sum(1 for _ in store.observations.history()) == count
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000
