"""The accounting, held against a model that looks at every second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.audit.availability import Accountant, PhonePast, by_phone, coverage, merged
from fleet.model import Account, Line, Reach, Reason, Registration, Sweep, SweepCounts
from fleet.report.audit import Availability, Spans
from fleet.store import LinePeriod, ReachPeriod

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
DAY, WEEK, MONTH = 86_400, 7 * 86_400, 30 * 86_400
HERE = Account(raw="1001@pbx.example", user="1001", registrar="pbx.example")
NOWHERE = Account(raw="1001@0.0.0.0", user="1001", registrar="0.0.0.0")


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def sweep(ended: float, selection: str = "all", **fields: object) -> Sweep:
    made = {"counts": SweepCounts(ok=1), "finished": ago(ended), "selection": selection, **fields}
    return Sweep(id=1, trigger="test", started=ago(ended + 60), planned=1, **made)  # type: ignore[arg-type]


def line(state: Registration, **fields: object) -> Line:
    return Line(**{"number": 1, "registration": state, "account": HERE, **fields})  # type: ignore[arg-type]


UP, DOWN = line(Registration.REGISTERED), line(Registration.FAILED, code=401)
UNWANTED = line(Registration.UNREGISTERED, account=NOWHERE)
BACKUP = line(Registration.REGISTERED, backup=True)


def period(shown: Line, since: float, until: float | None = None) -> LinePeriod:
    ended = None if until is None else ago(until)
    return LinePeriod(phone_id=1, line=shown, since=ago(since), until=ended)


def reach(since: float, until: float | None = None, reason: Reason | None = None) -> ReachPeriod:
    ended = None if until is None else ago(until)
    found = reason.reach if reason else Reach.OK
    return ReachPeriod(phone_id=1, reach=found, reason=reason, since=ago(since), until=ended)


def accounted(
    past: PhonePast, sweeps: list[Sweep], muted: tuple[int, ...] = ()
) -> dict[int, Spans]:
    now = NOW.timestamp()
    covered = coverage(sweeps, interval=300, since=now - MONTH, now=now).of(1, "here")
    return dict(Accountant(now=now, month=MONTH).account(past, covered, muted))


def one(lines: list[LinePeriod], reaches: list[ReachPeriod], sweeps: list[Sweep]) -> Availability:
    spans = accounted(PhonePast(phone_id=1, reaches=reaches, lines={1: lines}), sweeps)
    return spans[1].day


ALL_DAY = [sweep(ended) for ended in range(300, DAY + 600, 300)]


def test_a_line_that_was_up_all_day_was_observed_and_up_all_day() -> None:
    expected = Availability(seconds=DAY, observed=DAY, up=DAY)

    assert one([period(UP, 2 * MONTH)], [reach(2 * MONTH)], ALL_DAY) == expected


def test_what_no_sweep_looked_at_counts_neither_as_up_nor_as_down() -> None:
    found = one([period(DOWN, 2 * MONTH)], [reach(2 * MONTH)], [sweep(7200), sweep(3600)])

    assert found == Availability(seconds=DAY, observed=1200, outages=1, longest=1200)
    assert (found.share_up, found.share_observed) == (0.0, 1200 / DAY)


def test_a_phone_that_cannot_be_read_is_not_observed() -> None:
    reaches = [reach(2 * MONTH, 7200), reach(7200, 3600, Reason.NO_ANSWER), reach(3600)]

    found = one([period(UP, 2 * MONTH)], reaches, ALL_DAY)

    assert (found.observed, found.up) == (DAY - 3600, DAY - 3600)


def test_losses_are_flaps_and_their_runs_are_outages() -> None:
    lines = [
        period(UP, 2 * MONTH, 9000),
        period(DOWN, 9000, 8000),
        period(line(Registration.UNREGISTERED), 8000, 6000),
        period(BACKUP, 6000, 3000),
        period(line(Registration.UNKNOWN), 3000, 2400),
        period(UP, 2400),
    ]

    found = one(lines, [reach(2 * MONTH)], ALL_DAY)

    assert (found.flaps, found.outages, found.longest) == (2, 2, 3000)
    assert (found.observed, found.up, found.on_backup) == (DAY, DAY - 3600, 3000)


def test_muted_lines_and_lines_without_account_are_left_out() -> None:
    empty = Line(number=2, registration=Registration.UNCONFIGURED)
    past = PhonePast(
        phone_id=1,
        reaches=[reach(2 * MONTH)],
        lines={
            1: [period(line(Registration.UNREGISTERED, account=NOWHERE), 2 * MONTH)],
            2: [period(empty, 2 * MONTH)],
            3: [period(DOWN, 2 * MONTH)],
            4: [period(empty, 2 * MONTH, 3600), period(UP, 3600)],
        },
    )

    found = accounted(past, ALL_DAY, muted=(3,))

    assert list(found) == [4]
    assert (found[4].day.observed, found[4].day.up) == (3600, 3600)


def test_only_sweeps_that_polled_the_phone_cover_it() -> None:
    sweeps = [
        sweep(9000, "site here"),
        sweep(8000, "site there"),
        sweep(7000, "phones 1 2"),
        sweep(6000, "phones 2 11"),
        sweep(5000, interrupted=True),
        sweep(4000, counts=SweepCounts(backing_off=1)),
        sweep(3000, finished=None),
        sweep(2000, "confirm"),
        sweep(1000, "planned", schedule="poll"),
    ]

    assert one([period(UP, 2 * MONTH)], [reach(2 * MONTH)], sweeps).observed == 1800


def test_periods_are_put_together_by_phone() -> None:
    periods = [reach(50), period(UP, 50), LinePeriod(phone_id=2, line=UP, since=NOW, until=None)]

    first, second = by_phone(periods)

    assert (first.phone_id, len(first.reaches), list(first.lines)) == (1, 1, [1])
    assert (second.phone_id, second.reaches, list(second.lines)) == (2, [], [1])
    assert not list(by_phone([]))


def test_the_days_add_up_to_the_month() -> None:
    accountant = Accountant(now=NOW.timestamp(), month=MONTH)
    lines = {1: [period(UP, 2 * MONTH)], 2: [period(UP, 2 * MONTH, 5 * DAY), period(DOWN, 5 * DAY)]}
    past = PhonePast(phone_id=1, reaches=[reach(2 * MONTH)], lines=lines)
    covered = ((ago(10 * DAY).timestamp(), NOW.timestamp()),)

    spans = dict(accountant.account(past, covered, ()))
    days = accountant.days()

    assert len(days) == 30
    assert sum(day.observed for day in days) == spans[1].month.observed + spans[2].month.observed
    assert sum(day.up for day in days) == spans[1].month.up + spans[2].month.up
    assert [day.share_up for day in days[3:7]] == [0.5, 0.5, 1.0, 1.0]
    assert days[10].share_up is None


# A model that knows no intervals: it asks of every second of a day what was so.

LONG = 400  # seconds of the day that something happens in: the rest is before
STATES = [UP, DOWN, BACKUP, line(Registration.UNKNOWN), line(Registration.UNCONFIGURED), None]
changes = st.lists(st.tuples(st.integers(1, 120), st.sampled_from(range(len(STATES)))), max_size=6)
readable = st.lists(st.tuples(st.integers(1, 150), st.booleans()), max_size=5)
swept = st.lists(st.integers(0, LONG), max_size=4)


def laid_out(steps: list[tuple[int, object]]) -> list[tuple[int, int | None, object]]:
    """Give steps of a length as (since, until, state), in seconds ago; the last one lasts."""
    moments = [LONG]
    for length, _ in steps:
        moments.append(moments[-1] - length)
    spans = [
        (since, until, state)
        for (since, until), (_, state) in zip(pairwise(moments), steps, strict=True)
        if since > 0
    ]
    return [
        (since, None if until <= 0 or each == len(spans) - 1 else until, state)
        for each, (since, until, state) in enumerate(spans)
    ]


@settings(max_examples=300, deadline=None)
@given(changes, readable, swept)
def test_accounting_agrees_with_looking_at_every_second(
    steps: list[tuple[int, int]], reads: list[tuple[int, bool]], ends: list[int]
) -> None:
    shown = [each for each in laid_out(steps) if STATES[each[2]] is not None]  # type: ignore[call-overload]
    lines = [period(STATES[state], since, until) for since, until, state in shown]  # type: ignore[call-overload,arg-type]
    reaches = [
        reach(since, until, None if good else Reason.SILENT)
        for since, until, good in laid_out(reads)  # type: ignore[arg-type]
    ]
    sweeps = [sweep(end) for end in ends]
    now = NOW.timestamp()
    covered = coverage(sweeps, interval=30, since=now - MONTH, now=now).of(1, "here")
    past = PhonePast(phone_id=1, reaches=reaches, lines={1: lines} if lines else {})

    accountant = Accountant(now=now, month=MONTH)

    found = dict(accountant.account(past, covered, ()))

    expected = by_the_second(lines, reaches, ends)
    if all(each.line.registration is Registration.UNCONFIGURED for each in lines):
        assert not found
    else:
        assert found[1].day == expected
        today = accountant.days()[0]
        assert (today.observed, today.up) == (expected.observed, expected.up)


def holds(each: LinePeriod | ReachPeriod, second: int) -> bool:
    return each.since <= ago(second) and (each.until is None or each.until > ago(second))


def by_the_second(
    lines: list[LinePeriod], reaches: list[ReachPeriod], ends: list[int]
) -> Availability:
    observed = up = on_backup = flaps = outages = longest = run = 0
    last: Registration | None = None
    for second in range(LONG, 0, -1):
        line = next((each.line for each in lines if holds(each, second)), None)
        state = line.registration if line else None
        is_seen = any(holds(each, second) and each.reach is Reach.OK for each in reaches) and any(
            end - 60 < second <= end for end in ends
        )
        good = state is Registration.REGISTERED
        if line is None or good or state is Registration.UNCONFIGURED:
            outages, longest, run = outages + (run > 0), max(longest, run), 0
        elif last is Registration.REGISTERED:
            flaps += 1
        last = state
        if line and state is not Registration.UNCONFIGURED and is_seen:
            observed, up = observed + 1, up + good
            on_backup += good and bool(line.backup)
            run += not good
    outages, longest = outages + (run > 0), max(longest, run)
    return Availability(
        seconds=DAY,
        observed=observed,
        up=up,
        on_backup=on_backup,
        flaps=flaps,
        outages=outages,
        longest=longest,
    )


@given(st.lists(st.tuples(st.floats(0.01, 9), st.sampled_from([UP, DOWN, UNWANTED]))))
def test_the_days_add_up_whatever_happens(steps: list[tuple[float, Line]]) -> None:
    accountant = Accountant(now=NOW.timestamp(), month=MONTH)
    moments = [40.0]
    for length, _ in steps:
        moments.append(moments[-1] - length)
    lines = [
        period(shown, since * DAY, until * DAY if until > 0 else None)
        for (since, until), (_, shown) in zip(pairwise(moments), steps, strict=True)
        if since > 0
    ]
    past = PhonePast(phone_id=1, reaches=[reach(2 * MONTH)], lines={1: lines} if lines else {})
    covered = ((ago(35 * DAY).timestamp(), ago(DAY / 2).timestamp()),)

    spans = dict(accountant.account(past, covered, ()))

    days = accountant.days()
    month = spans[1].month if spans else Availability(seconds=MONTH)
    assert abs(sum(day.observed for day in days) - month.observed) <= len(days)
    assert abs(sum(day.up for day in days) - month.up) <= len(days)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), max_size=8))
def test_merged_intervals_cover_the_same_and_do_not_touch(some: list[tuple[int, int]]) -> None:
    joined = merged((since, since + length) for since, length in some)

    covered = {second for since, length in some for second in range(since, since + length)}
    assert {s for since, until in joined for s in range(int(since), int(until))} == covered
    assert all(first[1] < second[0] for first, second in pairwise(joined))
