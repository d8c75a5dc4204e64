"""The daemon's work, in a time that passes as fast as it can."""

from __future__ import annotations

import asyncio
import gc
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fleet.errors import StoreError, SweepRunning
from fleet.model import MissedSweeps
from fleet.schedule import Duties, Schedule, Timetable
from fleet.schedule.planned import FAILED, HELD_UP, LEASE_HELD, NOT_RUNNING, STILL_RUNNING
from tests.schedule.fakes import INTERVAL, SLOT, START, Books, Worker, work, working
from tests.schedule.virtual import VirtualLoop, clock, run_at, virtual

DAY, WEEK = timedelta(days=1), timedelta(days=7)


def slots(count: int, first: datetime = SLOT) -> list[datetime]:
    return [first + n * INTERVAL for n in range(count)]


def gap(first: datetime, count: int, reason: str) -> MissedSweeps:
    last = first + (count - 1) * INTERVAL
    return MissedSweeps(schedule="sweep", first=first, last=last, count=count, reason=reason)


def test_each_slot_has_its_sweep_from_the_one_we_begin_in() -> None:
    worker = Worker()
    run_at(START, work(worker, 3000))
    assert list(worker.books.sweeps) == slots(11)
    assert worker.books.missed == []


def test_a_restart_neither_moves_nor_repeats_a_sweep() -> None:
    books = Books()
    run_at(START, work(Worker(books=books), 1000))
    run_at(START + timedelta(seconds=1001), work(Worker(books=books), 1000))
    assert list(books.sweeps) == slots(8)
    assert books.missed == []


def test_sweeps_missed_while_nobody_ran_are_recorded() -> None:
    books = Books(sweeps={SLOT - 4 * INTERVAL: "before"})
    run_at(START, work(Worker(books=books), 10))
    assert books.missed == [gap(SLOT - 3 * INTERVAL, 3, NOT_RUNNING)]
    assert SLOT in books.sweeps


def test_what_is_recorded_is_not_recorded_again() -> None:
    known = gap(SLOT - 3 * INTERVAL, 1, LEASE_HELD)
    books = Books(sweeps={SLOT - 4 * INTERVAL: "before"}, missed=[known])
    run_at(START, work(Worker(books=books), 10))
    assert books.missed == [known, gap(SLOT - 2 * INTERVAL, 2, NOT_RUNNING)]


def test_a_fleet_that_never_ran_has_missed_nothing() -> None:
    worker = Worker()
    run_at(START, work(worker, 10))
    assert worker.books.missed == []


def test_a_sweep_that_ends_late_delays_the_next_and_one_that_is_too_late_costs_it() -> None:
    worker = Worker(lasts=390)
    run_at(START, work(worker, 1490))
    assert list(worker.books.sweeps) == [*slots(3), SLOT + 4 * INTERVAL]
    assert worker.books.missed == [gap(SLOT + 3 * INTERVAL, 1, STILL_RUNNING)]


def test_a_lease_that_others_hold_is_why_a_sweep_was_missed() -> None:
    async def held(moment: datetime) -> None:
        if moment == SLOT + INTERVAL:
            raise SweepRunning("A sweep is running.")

    worker = Worker(before_sweep=held)
    run_at(START, work(worker, 1000))
    assert worker.books.missed == [gap(SLOT + INTERVAL, 1, LEASE_HELD)]


def test_a_sweep_that_could_not_begin_is_recorded_at_the_next_slot() -> None:
    async def broken(moment: datetime) -> None:
        if moment == SLOT + INTERVAL:
            raise StoreError("The database is full.")

    worker = Worker(before_sweep=broken)
    run_at(START, work(worker, 1000))
    assert worker.books.missed == [gap(SLOT + INTERVAL, 1, FAILED)]


def test_a_machine_that_slept_records_what_it_slept_through() -> None:
    async def sleeping(worker: Worker) -> None:
        async with working(worker):
            await asyncio.sleep(400)
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            loop.skip(900)
            await asyncio.sleep(200)

    worker = Worker(lasts=10)
    run_at(START, sleeping(worker))
    assert worker.books.missed == [gap(SLOT + 2 * INTERVAL, 2, HELD_UP)]
    assert list(worker.books.sweeps) == [*slots(2), SLOT + 4 * INTERVAL, SLOT + 5 * INTERVAL]


def test_of_two_daemons_one_runs_each_sweep(caplog: pytest.LogCaptureFixture) -> None:
    books = Books()
    first, second = Worker(books=books), Worker(books=books, name="two")

    async def both() -> None:
        await asyncio.gather(work(first, 3000), work(second, 3000))

    with caplog.at_level(logging.INFO):
        run_at(START, both())
    assert list(books.sweeps) == slots(11)
    assert books.missed == []
    assert [record for record in caplog.messages if "Another fleet serve" in record] != []
    assert len(caplog.messages) == 1


def test_a_clock_that_is_set_back_repeats_no_sweep() -> None:
    async def set_back(worker: Worker) -> None:
        async with working(worker):
            await asyncio.sleep(1000)
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            loop._travel.shift(-700)
            await asyncio.sleep(2000)

    worker = Worker(lasts=5)
    run_at(START, set_back(worker))
    assert list(worker.books.sweeps) == slots(8)
    assert worker.books.missed == []


def test_a_failure_is_told_once_and_stops_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_: datetime) -> None:
        if clock() < START + timedelta(seconds=1500):
            raise ZeroDivisionError

    async def observed(worker: Worker) -> tuple[int, str]:
        async with working(worker) as (schedule, _):
            await asyncio.sleep(1300)
            state = schedule.sweep.failures, schedule.sweep.error
            await asyncio.sleep(1000)
            assert schedule.sweep.failures == 0
            return state

    worker = Worker(before_sweep=broken)
    with caplog.at_level(logging.INFO):
        assert run_at(START, observed(worker)) == (5, "ZeroDivisionError")
    told = [record for record in caplog.records if record.exc_info]
    assert [record.message for record in told] == [
        "The planned sweep failed because of a bug in fleet:"
    ]
    assert "The planned sweep works again, after 6 failures." in caplog.messages
    assert worker.rounds > 100


def test_rounds_come_by_themselves_and_when_they_are_woken() -> None:
    async def rounds(worker: Worker) -> int:
        async with working(worker) as (schedule, _):
            await asyncio.sleep(1)
            before = worker.delivered
            schedule.wake("deliver")
            await asyncio.sleep(1)
            return worker.delivered - before

    assert run_at(START, rounds(Worker())) == 1
    worker = Worker()
    run_at(START, work(worker, 102))
    assert worker.rounds == worker.delivered == 21


def test_phones_are_looked_at_soon_each_once() -> None:
    async def asked(worker: Worker) -> None:
        async with working(worker) as (schedule, _):
            schedule.look_at([1, 2])
            schedule.look_at([2, 3])
            await asyncio.sleep(2)
            schedule.look_at([3, 4])
            await asyncio.sleep(20)

    worker = Worker()
    run_at(START, asked(worker))
    assert worker.polled == [(1, 2, 3), (4,), (3,)]


def test_retention_comes_soon_after_the_start_and_daily() -> None:
    worker = Worker()
    run_at(START, work(worker, 2 * DAY.total_seconds() + 3600, table_of_berlin()))
    assert worker.prunes == 3


def test_a_stop_cuts_the_sweep_off_and_lets_a_round_end() -> None:
    worker = Worker()
    ended: list[bool] = []

    async def slow() -> None:
        await asyncio.sleep(2)
        ended.append(True)

    async def stopped() -> float:
        loop = asyncio.get_running_loop()
        worker.alert = slow  # type: ignore[method-assign]
        async with working(worker) as (_, stopping):
            await asyncio.sleep(1)
            begun = loop.time()
            stopping.set()
        return loop.time() - begun

    assert run_at(START, stopped()) < 10
    assert worker.cut_off == [SLOT]
    assert ended == [True]


def test_a_round_that_does_not_end_does_not_hold_the_stop_up() -> None:
    async def stopped(worker: Worker) -> float:
        loop = asyncio.get_running_loop()
        worker.deliver = lambda: asyncio.sleep(3600)  # type: ignore[method-assign]
        async with working(worker) as (_, stopping):
            await asyncio.sleep(1)
            begun = loop.time()
            stopping.set()
        return loop.time() - begun

    assert run_at(START, stopped(Worker())) < 10


def test_trouble_is_told_of_a_job_that_hangs() -> None:
    async def hanging(worker: Worker) -> tuple[str, str]:
        worker.deliver = lambda: asyncio.sleep(7200)  # type: ignore[method-assign]
        async with working(worker) as (schedule, _):
            await asyncio.sleep(60)
            well = schedule.trouble()
            await asyncio.sleep(3600)
            return well, schedule.trouble()

    assert run_at(START, hanging(Worker())) == ("", "Stuck: Delivery.")


def test_before_it_runs_a_schedule_is_not_alive() -> None:
    async def made() -> str:
        table = Timetable(name="sweep", interval=INTERVAL)
        return Schedule(Worker().duties, table, clock).trouble()

    assert run_at(START, made()) == "The timer has stopped."


NIGHTS = [
    ("Europe/Berlin", "02:30", datetime(2026, 3, 28, 12, tzinfo=UTC)),
    ("Europe/Berlin", "02:30", datetime(2026, 10, 24, 12, tzinfo=UTC)),
    ("America/New_York", "02:30", datetime(2026, 3, 7, 12, tzinfo=UTC)),
    ("America/New_York", "01:30", datetime(2026, 10, 31, 12, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone", "at", "start"), NIGHTS)
def test_an_audit_a_night_when_the_clocks_change(zone: str, at: str, start: datetime) -> None:
    table = Timetable(
        name="sweep",
        interval=timedelta(hours=1),
        audit=(at, ZoneInfo(zone)),
        round_every=timedelta(minutes=10),
    )
    worker = Worker()
    run_at(start, work(worker, 3 * DAY.total_seconds(), table))
    days = [audit.astimezone(ZoneInfo(zone)).date() for audit in worker.books.audits]
    assert days == [start.date() + n * DAY for n in (1, 2, 3)]


def table_of_berlin() -> Timetable:
    audit = ("02:30", ZoneInfo("Europe/Berlin"))
    pause = timedelta(minutes=10)
    return Timetable(name="sweep", interval=INTERVAL, audit=audit, round_every=pause)


def test_a_missed_audit_runs_once_after_the_restart() -> None:
    tonight = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    books = Books(audits=[tonight - 3 * DAY])
    run_at(START, work(Worker(books=books), 10, table_of_berlin()))
    run_at(START + timedelta(hours=1), work(Worker(books=books), 10, table_of_berlin()))
    assert books.audits == [tonight - 3 * DAY, tonight]


def test_a_fleet_that_was_never_audited_waits_for_the_night() -> None:
    worker = Worker()
    run_at(START, work(worker, 3600, table_of_berlin()))
    assert worker.books.audits == []


def test_an_audit_that_outlasts_the_next_night_is_followed_by_that_one() -> None:
    worker = Worker()
    done: list[datetime] = []

    async def slow(moment: datetime) -> None:
        await asyncio.sleep(100_000)
        done.append(moment)

    worker.audit = slow  # type: ignore[method-assign]
    run_at(START, work(worker, 4 * DAY.total_seconds(), table_of_berlin()))
    assert done == [datetime(2026, 3, day, 1, 30, tzinfo=UTC) for day in (3, 4)]


def test_a_week_runs_every_sweep_and_keeps_its_memory() -> None:
    table = Timetable(
        name="sweep",
        interval=INTERVAL,
        audit=("02:30", ZoneInfo("Europe/Berlin")),
        round_every=timedelta(minutes=1),
    )
    worker = Worker()
    sizes: list[int] = []

    async def a_week() -> None:
        async with working(worker, table) as (schedule, _):
            for _ in range(7):
                for hour in range(24):
                    schedule.look_at([hour, hour + 1])
                    await asyncio.sleep(3600)
                gc.collect()
                sizes.append(len(gc.get_objects()))

    with virtual(SLOT) as runner:
        runner.run(a_week())
    assert list(worker.books.sweeps) == slots(7 * 24 * 12)
    assert worker.books.missed == []
    assert len(worker.books.audits) == 7
    # What is kept of each sweep is the test's own book: a datetime, which the collector does
    # not even follow.
    assert sizes[-1] - sizes[1] < 200


class Unbound(Worker):
    """A worker whose database lets a slot be swept again, and who notes when in real time."""

    def __init__(self) -> None:
        super().__init__(lasts=5)
        self.begun: list[float] = []
        self.alerted: list[float] = []
        self.followed: list[float] = []

    async def sweep(self, moment: datetime) -> None:
        self.begun.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.lasts)

    async def alert(self) -> None:
        self.alerted.append(asyncio.get_running_loop().time())

    async def clock_set(self) -> None:
        self.followed.append(asyncio.get_running_loop().time())

    @property
    def duties(self) -> Duties:
        return replace(super().duties, clock_set=self.clock_set)


@pytest.mark.parametrize("hours", [-24, -1, 1, 24])
def test_a_clock_that_jumps_stops_nothing(hours: int) -> None:
    async def jumping(worker: Unbound) -> str:
        async with working(worker) as (schedule, _):
            await asyncio.sleep(1000)
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            loop._travel.shift(hours * 3600)
            trouble = schedule.trouble()
            schedule.look_at([7])
            await asyncio.sleep(2000)
            return trouble + schedule.trouble()

    worker = Unbound()
    assert run_at(START, jumping(worker)) == ""
    after = [moment for moment in worker.begun if moment > 1000]
    pauses = [later - earlier for earlier, later in zip([1000.0, *after], after, strict=False)]
    assert len(after) >= 6
    assert max(pauses) <= INTERVAL.total_seconds()
    rounds = [moment for moment in worker.alerted if moment > 1000]
    assert rounds[0] <= 1000 + 60
    assert len(rounds) > 1800 / 5
    assert worker.polled == [(7,)]
    assert [moment for moment in worker.followed if 1000 < moment <= 1060] != []
    assert worker.prunes in (1, 2, 3)


def test_a_clock_that_was_years_ahead_leaves_no_night_without_an_audit() -> None:
    async def corrected(worker: Worker) -> None:
        async with working(worker, table_of_berlin()):
            await asyncio.sleep(600)
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            loop._travel.move_to(START)
            await asyncio.sleep(2.5 * DAY.total_seconds())

    worker = Worker()
    run_at(START + 400 * DAY, corrected(worker))
    assert worker.books.audits == [datetime(2026, 3, day, 1, 30, tzinfo=UTC) for day in (3, 4)]
