"""History is periods: at any moment they say what was observed last before it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet.model import Phone, Reach, Reason, Registration
from fleet.store import LinePeriod, ReachPeriod
from fleet.store.codec import unknown_line
from tests.store.fleets import MINUTE, START, Sweeping, add, bad, good, line, page

if TYPE_CHECKING:
    from fleet.model import Line
    from fleet.store import Store

FAILED = line(state=Registration.FAILED, code=403, status_text="403")


def test_an_unchanged_poll_adds_no_row_and_moves_no_since(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    for minute in range(3):
        sweeping.write(good(sweeping.known[phone], START + minute * MINUTE, line()))
    (status,) = store.observations.statuses()
    assert len(list(store.observations.history())) == 2
    assert (status.reach_since, status.lines[0].since) == (START, START)
    assert status.observed_at == START + 2 * MINUTE


def test_a_change_ends_a_period_and_begins_another(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    sweeping.write(good(sweeping.known[phone], START, line()))
    sweeping.write(good(sweeping.known[phone], START + MINUTE, FAILED))
    assert list(store.observations.history(line=1)) == [
        LinePeriod(phone_id=phone, line=line(), since=START, until=START + MINUTE),
        LinePeriod(phone_id=phone, line=FAILED, since=START + MINUTE, until=None),
    ]


def test_a_phone_that_stops_answering_keeps_its_lines_open_but_unknown(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    sweeping.write(good(sweeping.known[phone], START, line()))
    sweeping.write(bad(sweeping.known[phone], START + MINUTE))
    (status,) = store.observations.statuses()
    assert (status.reach, status.reason) == (Reach.UNREACHABLE, Reason.NO_ANSWER)
    assert [(one.line, one.since) for one in status.lines] == [
        (unknown_line(line()), START + MINUTE)
    ]
    assert [period.until for period in store.observations.history(line=1)] == [None]


def test_a_line_that_vanishes_from_a_readable_page_ends(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    sweeping.write(good(sweeping.known[phone], START, line(1), line(2)))
    sweeping.write(good(sweeping.known[phone], START + MINUTE, line(1)))
    (status,) = store.observations.statuses()
    assert [one.line.number for one in status.lines] == [1]
    assert [period.until for period in store.observations.history(line=2)] == [START + MINUTE]


def test_a_clock_that_goes_back_takes_no_period_along(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    sweeping.write(good(sweeping.known[phone], START, line()))
    sweeping.write(good(sweeping.known[phone], START - MINUTE, FAILED))
    sweeping.write(bad(sweeping.known[phone], START - 2 * MINUTE))
    assert all(p.until is None or p.until >= p.since for p in store.observations.history())
    assert store.check() == []


def test_one_phone_twice_in_a_batch_is_written_in_order(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    before = sweeping.known[phone]
    sweeping.write(
        good(before, START, line()), bad(before, START + MINUTE), good(before, START + 2 * MINUTE)
    )
    reaches = [p.reach for p in store.observations.history() if isinstance(p, ReachPeriod)]
    assert reaches == [Reach.OK, Reach.UNREACHABLE, Reach.OK]
    assert store.check() == []


def test_what_is_known_after_writing_is_what_is_loaded(store: Store) -> None:
    phones = add(store, Phone(host="10.0.0.1"), Phone(host="10.0.0.2"), Phone(host="10.0.0.3"))
    sweeping = Sweeping(store)
    a, b, _ = (sweeping.known[phone] for phone in phones)
    sweeping.write(good(a, START, line(), line(2), mac="00:08:5D:00:00:01"))
    sweeping.write(
        bad(b, START, Reason.WRONG_PASSWORD, refusals=1, next_try_at=START + MINUTE),
        bad(sweeping.known[phones[0]], START + MINUTE, evidence=page(START)),
    )
    assert store.observations.known() == sweeping.known


def test_a_period_counts_from_its_very_first_moment(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    sweeping.write(good(sweeping.known[phone], START, line()))
    sweeping.write(good(sweeping.known[phone], START + MINUTE, FAILED))

    states = []
    for moment in (START, START + MINUTE):
        (status,) = store.observations.statuses(at=moment)
        states.append((status.reach, [each.line.registration for each in status.lines]))

    assert states == [
        (Reach.OK, [Registration.REGISTERED]),
        (Reach.OK, [Registration.FAILED]),
    ]


def test_history_can_be_narrowed_to_a_span(store: Store) -> None:
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping = Sweeping(store)
    for minute, shown in enumerate((line(), FAILED, line(), FAILED)):
        sweeping.write(good(sweeping.known[phone], START + minute * MINUTE, shown))
    span = store.observations.history(
        ids=[phone], line=1, since=START + MINUTE, until=START + 2 * MINUTE
    )
    assert [period.since for period in span] == [START + MINUTE]


_LINES = [
    (),
    (line(1),),
    (line(1), line(2)),
    (FAILED, line(2)),
    (line(2, Registration.UNREGISTERED, backup=True),),
]
_polls = st.lists(
    st.tuples(
        st.integers(0, 3),  # minutes since the poll before
        st.one_of(
            st.sampled_from(_LINES),
            st.sampled_from([Reason.NO_ANSWER, Reason.SILENT, Reason.WRONG_PASSWORD]),
        ),
    ),
    max_size=12,
)


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(polls=_polls)
def test_at_any_moment_history_says_what_was_observed_last(
    store: Store, polls: list[tuple[int, tuple[Line, ...] | Reason]]
) -> None:
    store.inventory.remove([stored.id for stored in store.phones.load()], START)
    (phone,) = add(store, Phone(host="10.0.0.1"))
    sweeping, at = Sweeping(store), START
    said: list[tuple[object, ...]] = []
    for minutes, outcome in polls:
        at += minutes * MINUTE
        known = sweeping.known[phone]
        poll = bad(known, at, outcome) if isinstance(outcome, Reason) else good(known, at, *outcome)
        sweeping.write(poll)
        said.append((at, outcome))
    sweeping.finish(at)
    for minute in range(-1, 40):
        moment = START + minute * MINUTE + timedelta(seconds=1)
        (status,) = store.observations.statuses(at=moment)
        shown = (status.reach, status.reason, tuple(one.line for one in status.lines))
        assert shown == _naive([outcome for when, outcome in said if when <= moment])
    assert store.check() == []


def _naive(outcomes: list[tuple[Line, ...] | Reason]) -> tuple[object, ...]:
    """What a reader who remembers every poll would say."""
    if not outcomes:
        return None, None, ()
    last = outcomes[-1]
    if not isinstance(last, Reason):
        return Reach.OK, None, last
    pages = [outcome for outcome in outcomes if not isinstance(outcome, Reason)]
    return last.reach, last, tuple(map(unknown_line, pages[-1] if pages else ()))
