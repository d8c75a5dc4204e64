"""Old revisions go, and what is kept of them is whole: on both databases."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from fleet.errors import UsageError
from fleet.model import Fetch, FetchOutcome, NewFile, Phone, RolloutState
from fleet.store import KeptRevisions, RolloutStart, spans
from fleet.store.engine import open_engine
from tests.store.fleets import START, add

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet.store import Pruned, Store

DAY = timedelta(days=1)
NAMES = ("aastra.cfg", "6753i.cfg", "00085D000001.cfg", "00085D000002.cfg")


def apply(store: Store, files: Mapping[str, bytes | None]) -> int:
    """Apply a revision, each a day after the one before."""
    expected = store.revisions.last()
    new = [NewFile(name=name, body=body) for name, body in files.items()]
    at = START + expected * DAY
    return store.revisions.apply(new, by="me", comment="", now=at, expected=expected).number


def applied(store: Store, *bodies: bytes) -> None:
    for body in bodies:
        apply(store, {"aastra.cfg": body})


def prune(store: Store, *, at_least: int = 1, since: int = 1000) -> Pruned:
    """Prune, so many days after the start."""
    keep = KeptRevisions(since=START + since * DAY, at_least=at_least, now=START + 2000 * DAY)
    return store.prune(
        history_before=START, evidence_before=START, sweeps_before=START, revisions=keep
    )


def rolled_out(store: Store, state: RolloutState) -> None:
    """A roll-out of the last revision that came to this."""
    number = store.revisions.last()
    start = RolloutStart(revision=number, stages=("all",), proofs=(), deadline=60, most_failures=0)
    made = store.rollouts.begin(start, START)
    running = RolloutState.RUNNING
    if state is not running:
        assert store.rollouts.control(made.id, state, among=[running], why="", now=START)


def numbers(store: Store) -> list[int]:
    return [revision.number for revision in store.revisions.load()]


def bodies(store: Store, revision: int) -> dict[str, bytes]:
    return {file.name: file.body for file in store.revisions.files(revision)}


def count(url: str, table: str) -> int:
    engine = open_engine(url, create=False)
    with engine.connect() as connection:
        found = connection.scalar(sa.text(f"SELECT count(*) FROM {table}"))
    engine.dispose()
    return int(found or 0)


def test_old_ones_go_with_their_files_and_it_is_told(store: Store, database_url: str) -> None:
    applied(store, b"1", b"2", b"3", b"4")
    done = prune(store, at_least=2)
    assert (done.revisions, done.contents) == ((1, 2), 2)
    assert numbers(store) == [4, 3]
    assert count(database_url, "contents") == 2
    assert count(database_url, "revisions") == 2
    assert store.journal.load()[0].what == "Deleted old revisions ([retention]): 1 to 2."
    assert prune(store, at_least=2).revisions == ()
    with pytest.raises(UsageError, match=r"Revision 2 was deleted because of its age"):
        store.revisions.get(2)
    with pytest.raises(UsageError, match="was deleted"):
        store.revisions.roll_back(1, by="me", comment="", now=START, expected=4)


def test_the_young_ones_and_the_last_stay_however_few(store: Store) -> None:
    applied(store, b"1", b"2", b"3")
    assert prune(store, since=0).revisions == ()
    assert prune(store, since=1).revisions == (1,)
    assert prune(store).revisions == (2,)
    assert numbers(store) == [3]
    assert bodies(store, 3) == {"aastra.cfg": b"3"}


def test_a_number_is_never_given_again(store: Store) -> None:
    applied(store, b"1", b"2", b"3")
    prune(store)
    assert apply(store, {"aastra.cfg": b"1"}) == 4
    assert bodies(store, 4) == {"aastra.cfg": b"1"}


def test_what_later_ones_have_of_it_stays_and_when_it_was_made(store: Store) -> None:
    apply(store, {"aastra.cfg": b"1", "6753i.cfg": b"old"})
    apply(store, {"aastra.cfg": b"2"})
    assert prune(store).revisions == (1,)
    assert bodies(store, 2) == {"aastra.cfg": b"2", "6753i.cfg": b"old"}
    made = {each.number: each.at for each in store.revisions.load(pruned=True)}
    assert made[1] == START
    [file] = store.revisions.files(2, names=["6753i.cfg"])
    assert file.revision == 1


@pytest.mark.parametrize(
    ("states", "kept"),
    [
        ({2: RolloutState.DONE, 4: RolloutState.STOPPED}, {2, 4, 6}),
        ({2: RolloutState.DONE, 4: RolloutState.DONE, 5: RolloutState.ROLLED_BACK}, {4, 5, 6}),
        ({4: RolloutState.PAUSED}, {3, 4, 6}),
        ({4: RolloutState.RUNNING}, {3, 4, 6}),
        ({1: RolloutState.DONE, 2: RolloutState.DONE, 3: RolloutState.DONE}, {2, 3, 6}),
    ],
)
def test_what_a_rollout_or_its_rollback_needs_stays(
    store: Store, states: Mapping[int, RolloutState], kept: set[int]
) -> None:
    for number in range(1, 7):
        applied(store, b"%d" % number)
        if state := states.get(number):
            rolled_out(store, state)
    prune(store)
    assert set(numbers(store)) == kept


def test_where_a_phone_stands_that_has_not_fetched_what_is_applied_stays(store: Store) -> None:
    behind, current = add(store, Phone(host="10.0.0.1"), Phone(host="10.0.0.2"))
    applied(store, b"1", b"2", b"3", b"4")
    digests = {number: store.revisions.digests(number)["aastra.cfg"].digest for number in (2, 4)}
    fetched = START + 2 * DAY  # by then revision 3 was applied
    for phone_id, number in ((behind, 2), (current, 4)):
        fetch = Fetch(
            at=fetched,
            file="aastra.cfg",
            address="10.0.0.1",
            outcome=FetchOutcome.SERVED,
            phone_id=phone_id,
            revision=number,
            digest=digests[number],
        )
        store.fetches.record([fetch])
    assert prune(store).revisions == (1,)
    assert bodies(store, 2) == {"aastra.cfg": b"2"}
    assert (store.revisions.at(fetched), store.revisions.at(START)) == (3, 0)


def random_files(chance: random.Random) -> dict[str, bytes | None]:
    some = chance.sample(NAMES, chance.randint(1, len(NAMES)))
    return {name: chance.choice([None, b"a", b"b", b"c", b"d"]) for name in some}


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_kept_is_as_it_was(store: Store, database_url: str, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(3):
        for _ in range(chance.randint(1, 8)):
            apply(store, random_files(chance))
            if chance.random() < 0.2:
                stop(store)
                rolled_out(store, chance.choice(list(RolloutState)))
        before = {number: bodies(store, number) for number in numbers(store)}
        done = prune(store, at_least=chance.randint(1, 4))
        assert set(numbers(store)) == set(before) - set(done.revisions)
        assert {number: bodies(store, number) for number in numbers(store)} == {
            number: files for number, files in before.items() if number not in done.revisions
        }
        left = {body for number in numbers(store) for body in bodies(store, number).values()}
        assert count(database_url, "contents") == len(left)
    assert store.check() == []


def stop(store: Store) -> None:
    """End a roll-out that stands, so that another may begin."""
    standing = (RolloutState.RUNNING, RolloutState.PAUSED)
    if (found := store.rollouts.get(states=standing)) is not None:
        done = RolloutState.STOPPED
        store.rollouts.control(found.id, done, among=standing, why="", now=START)


@pytest.mark.parametrize(
    ("given", "said"),
    [([], ""), ([3], "3"), ([1, 2, 3, 7], "1 to 3, 7"), ([1, 3, 4], "1, 3 to 4")],
)
def test_numbers_are_told_in_spans(given: Sequence[int], said: str) -> None:
    assert spans(given) == said
