"""What the rules said at any time is what the rows say of it later, whatever happened since."""

from __future__ import annotations

import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet.findings import Judge, rejudge
from fleet.judge import Context, FileState, RuleSetting, judge
from fleet.model import (
    Account,
    Facts,
    Fetch,
    FetchOutcome,
    IncidentState,
    IntendedAccount,
    Line,
    NewFile,
    Observation,
    Phone,
    Reach,
    Reason,
    Registration,
    Severity,
)
from fleet.provision.file_states import FileStates
from fleet.status import findings_of
from fleet.store import Change, Keyring, Recorded, Store
from tests.store.fleets import MINUTE, START, add, judged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

PHONES = 3
STALE_AFTER = timedelta(minutes=4)
STATES: tuple[tuple[Registration, int | None, bool], ...] = (
    (Registration.REGISTERED, None, False),
    (Registration.REGISTERED, None, True),
    (Registration.FAILED, 401, False),
    (Registration.FAILED, 503, True),
    (Registration.UNREGISTERED, None, False),
    (Registration.UNKNOWN, None, False),
)
REASONS = (Reason.NO_ANSWER, Reason.WRONG_PASSWORD, Reason.NO_TABLE)
OFF: tuple[dict[str, RuleSetting], ...] = (
    {},
    {"line-failed": RuleSetting(enabled=False)},
    {"config-stale": RuleSetting(enabled=False), "account-mismatch": RuleSetting(enabled=False)},
    {"phone-unreachable": RuleSetting(severity=Severity.CRITICAL, open_after=1)},
)
Said = frozenset[tuple[str, int | None]]

phones = st.integers(0, PHONES - 1)
happenings = st.one_of(
    st.tuples(st.just("poll"), phones, st.lists(st.integers(0, len(STATES) - 1), max_size=2)),
    st.tuples(st.just("fail"), phones, st.sampled_from(REASONS)),
    st.tuples(st.just("import"), phones, st.integers(0, 3)),
    st.tuples(st.just("apply"), phones, st.integers(0, 2)),
    st.tuples(st.just("roll back"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("fetch"), phones, st.just(0)),
    st.tuples(st.just("rules"), st.integers(0, len(OFF) - 1), st.just(0)),
)


def line(number: int, state: int) -> Line:
    registration, code, backup = STATES[state]
    account = Account(raw=f"10{number}@pbx", user=f"10{number}", registrar="pbx")
    return Line(number=number, registration=registration, account=account, code=code, backup=backup)


@dataclass
class Past:
    """A store to which things happen, and beside it what the rules say of it, kept by hand."""

    store: Store
    now: datetime = START
    rules: dict[str, RuleSetting] = field(default_factory=dict)
    ids: list[int] = field(default_factory=list)
    accounts: dict[int, tuple[IntendedAccount, ...]] = field(default_factory=dict)
    polled: dict[int, Observation] = field(default_factory=dict)
    applied: list[dict[int, int]] = field(default_factory=lambda: [{}])  # bodies by phone
    applied_at: dict[int, datetime] = field(default_factory=dict)
    fetched: dict[int, int] = field(default_factory=dict)
    said: dict[int, Said] = field(default_factory=dict)
    story: list[tuple[datetime, dict[int, Said]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ids = add(self.store, *(Phone(host=f"10.0.0.{n}") for n in range(PHONES)))
        self.files = FileStates(self.store, stale_after=STALE_AFTER, versions={})
        rejudge(self.store, self.judge, lambda: self.now)

    @property
    def judge(self) -> Judge:
        return Judge(rules=self.rules, files=self.files)

    def happen(self, what: str, first: int, second: Any) -> None:
        self.now += MINUTE
        if what in ("poll", "fail"):
            self.poll(self.ids[first], second)
        elif what == "import":
            self.intend(self.ids[first], second)
        elif what == "apply":
            self.apply({**self.applied[-1], self.ids[first]: second})
        elif what == "roll back" and len(self.applied) > 1:
            self.roll_back(1 + first % (len(self.applied) - 1))
        elif what == "fetch":
            self.fetch(self.ids[first])
        elif what == "rules" and self.rules != OFF[first]:
            self.rules = OFF[first]
            self.say(self.ids)
        rejudge(self.store, self.judge, lambda: self.now)
        self.story.append((self.now, dict(self.said)))

    def poll(self, phone_id: int, seen: list[int] | Reason) -> None:
        rejudge(self.store, self.judge, lambda: self.now)
        observation = Observation(phone_id=phone_id, at=self.now, reach=Reach.OK)
        if isinstance(seen, Reason):
            observation = replace(observation, reach=seen.reach, reason=seen, detail="No.")
        else:
            lines = tuple(line(number, state) for number, state in enumerate(seen, 1))
            observation = replace(
                observation, facts=Facts(dialect="67xxi", lines=lines, model="6753i")
            )
        self.polled[phone_id] = observation
        self.say([phone_id])
        sweep = self.store.sweeps.begin(
            trigger="test", selection="", planned=1, now=self.now, ttl=MINUTE
        )
        known = self.store.observations.known([phone_id])[phone_id]
        recorded = judged(
            self.judge, Recorded(known=known, observation=observation, page_key=f"{self.now}")
        )
        self.store.observations.record(sweep.id, [recorded], self.judge.step)
        self.store.sweeps.finish(sweep.id, sweep.counts, self.now)

    def intend(self, phone_id: int, user: int) -> None:
        wanted = (IntendedAccount(line=1, user=f"10{user}"),) if user else ()
        if wanted == self.accounts.get(phone_id, ()):
            return
        self.accounts[phone_id] = wanted
        [stored] = self.store.phones.load(ids=[phone_id])
        phone = replace(stored.phone, accounts=self.accounts[phone_id])
        self.store.inventory.apply([], [Change(id=phone_id, phone=phone)])
        self.say([phone_id])

    def apply(self, bodies: dict[int, int]) -> None:
        files = [
            NewFile(name=f"{i}.cfg", phone_id=i, body=b"x: %d\n" % body if body else None)
            for i, body in bodies.items()
        ]
        self.store.revisions.apply(
            files, by="me", comment="", now=self.now, expected=len(self.applied) - 1
        )
        self.take({i: body for i, body in bodies.items() if body})

    def roll_back(self, number: int) -> None:
        self.store.revisions.roll_back(
            number, by="me", comment="", now=self.now, expected=len(self.applied) - 1
        )
        self.take(self.applied[number])

    def take(self, bodies: dict[int, int]) -> None:
        changed = [i for i in self.ids if bodies.get(i) != self.applied[-1].get(i)]
        self.applied.append(dict(bodies))
        self.applied_at |= dict.fromkeys(changed, self.now)
        self.say(changed)

    def fetch(self, phone_id: int) -> None:
        own = self.store.held_files.own().get(phone_id)
        if own is None:
            return
        self.fetched[phone_id] = self.applied[-1][phone_id]
        self.store.fetches.record(
            [
                Fetch(
                    at=self.now, file=own.name, address="10.0.0.1", phone_id=phone_id,
                    outcome=FetchOutcome.SERVED, revision=own.revision, digest=own.digest,
                )
            ]
        )  # fmt: skip

    def say(self, phone_ids: Sequence[int]) -> None:
        """Note what the rules say now of these phones, from what was done to them alone."""
        for phone_id in phone_ids:
            if seen := self.polled.get(phone_id):
                found = judge(self.context(phone_id, seen), self.now, rules=self.rules)
                self.said[phone_id] = frozenset((each.rule, each.line) for each in found)

    def context(self, phone_id: int, seen: Observation) -> Context:
        body = self.applied[-1].get(phone_id)
        files = FileState()
        if body:
            files = FileState(
                applied_at=self.applied_at[phone_id],
                is_current=self.fetched.get(phone_id) == body,
                stale_after=STALE_AFTER,
            )
        return Context(
            phone=Phone(host="x", accounts=self.accounts.get(phone_id, ())),
            reach=seen.reach,
            reason=seen.reason,
            lines=seen.facts.lines if seen.facts else (),
            files=files,
        )

    def shown(self, at: datetime | None) -> dict[int, Said]:
        return {
            status.stored.id: frozenset((each.rule, each.line) for each in findings_of(status))
            for status in self.store.observations.statuses(at=at)
            if status.reach is not None
        }

    def check(self) -> None:
        if self.story:
            assert self.shown(None) == self.story[-1][1]
        for at, said in self.story:
            assert self.shown(at) == said, at
            assert self.shown(at + MINUTE / 2) == said, at


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(happenings, max_size=25))
def test_every_moment_is_told_as_the_rules_said_it_then(
    sqlite_template: Path, tmp_path: Path, keyring: Keyring, what: list[tuple[str, int, Any]]
) -> None:
    shutil.copy(sqlite_template, tmp_path / "fleet.db")
    for rest in tmp_path.glob("fleet.db-*"):
        rest.unlink()
    store = Store.open(f"sqlite:///{tmp_path / 'fleet.db'}", keyring=keyring)
    try:
        past = Past(store)
        for each in what:
            past.happen(*each)
        past.check()
    finally:
        store.close()


def test_a_long_story_is_told_alike_by_both_databases(store: Store) -> None:
    chance, past = random.Random(20261201), Past(store)
    for _ in range(60):
        first = chance.randrange(PHONES)
        past.happen(
            *chance.choice(
                (
                    ("poll", first, [chance.randrange(len(STATES)) for _ in range(2)]),
                    ("fail", first, chance.choice(REASONS)),
                    ("import", first, chance.randrange(4)),
                    ("apply", first, chance.randrange(3)),
                    ("roll back", chance.randrange(9), 0),
                    ("fetch", first, 0),
                    ("rules", chance.randrange(len(OFF)), 0),
                )
            )
        )
    past.check()


@pytest.fixture
def past(store: Store) -> Past:
    return Past(store)


def test_an_import_closes_what_it_mends_though_the_phone_cannot_be_read_now(past: Past) -> None:
    phone_id = past.ids[0]
    past.happen("import", 0, 2)
    for _ in range(2):
        past.happen("poll", 0, [0])
    past.happen("fail", 0, Reason.NO_ANSWER)
    [mismatch] = past.store.findings.incidents(open_only=True)
    assert (mismatch.rule, mismatch.state) == ("account-mismatch", IncidentState.OPEN)

    past.happen("import", 0, 1)

    assert past.store.findings.incidents(open_only=True) == []
    past.happen("import", 0, 3)  # nobody can see whether the phone has it now
    assert past.store.findings.incidents(open_only=True, pending=True, phone_id=phone_id)[
        0
    ].rule == ("phone-unreachable")


def test_judging_again_is_no_look_and_opens_nothing(past: Past) -> None:
    past.happen("poll", 0, [2])
    for user in (2, 1, 2, 1):
        past.happen("import", 0, user)
    assert past.store.findings.incidents(open_only=True) == []
    past.happen("poll", 0, [2])
    [failed] = past.store.findings.incidents(open_only=True)
    assert (failed.rule, failed.sightings) == ("line-failed", 2)


def test_what_a_kill_left_is_judged_by_whoever_comes_next(past: Past) -> None:
    for number in range(PHONES):
        past.happen("poll", number, [2])
    past.rules = OFF[1]
    past.say(past.ids)
    store, judge_ = past.store, past.judge
    assert store.findings.judge_all_again(judge_.settings(), ["line-unknown"], past.now)

    def killed(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.findings.judge_again(killed, judge_.step, limit=1)  # type: ignore[arg-type]
    assert store.findings.judge_again(lambda _: None, judge_.step, limit=1) == 1
    assert store.findings.has_unjudged()

    assert rejudge(store, judge_, lambda: past.now) == PHONES - 1


def test_the_rows_of_a_removed_phone_end_with_it(past: Past) -> None:
    for _ in range(2):
        past.happen("poll", 0, [2])
    past.store.inventory.remove([past.ids[0]], past.now + MINUTE)
    assert past.store.findings.incidents(open_only=True, pending=True) == []
    [over] = past.store.findings.incidents()
    assert over.resolved == past.now + MINUTE


def test_an_import_and_judging_again_do_not_wait_for_each_other_for_ever(
    postgres_store: Store,
) -> None:
    past = Past(postgres_store)
    for number in range(PHONES):
        past.happen("poll", number, [2])

    def move(turn: int) -> None:
        changes = [
            Change(id=each.id, phone=replace(each.phone, host=f"10.{turn}.{each.id}.1"))
            for each in postgres_store.phones.load()
        ]
        postgres_store.inventory.apply([], changes)

    with ThreadPoolExecutor(max_workers=2) as pool:
        moves = pool.map(move, range(1, 13))
        for _ in range(12):
            rejudge(postgres_store, past.judge, lambda: past.now)
        list(moves)
    rejudge(postgres_store, past.judge, lambda: past.now)
    assert not postgres_store.findings.has_unjudged()
