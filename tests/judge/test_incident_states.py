"""Incidents against a slow and obvious account of the same rules, over random looks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fleet.judge import LINE_TROUBLE
from fleet.model import Finding, IncidentState, Sighting, Watch
from tests.judge.watching import MINUTE, START, Watched, finding

LINES = (1, 2)
RULES = ("line-failed", "line-on-backup", "line-missing", "phone-unreachable", "phone-refused")
OPEN_AFTER = {"line-failed": 1, "line-on-backup": 3, "phone-unreachable": 2}
WATCH = Watch(open_after=OPEN_AFTER, flap_window=1200, flap_begin=4, flap_end=1)

Key = tuple[str, int]


@dataclass
class Plain:
    """What the rules say of one key, word for word."""

    counts: dict[Key, int] = field(default_factory=dict)
    open: set[Key] = field(default_factory=set)
    told: list[tuple[Key, str]] = field(default_factory=list)
    changes: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    flapping: set[int] = field(default_factory=set)

    def bad(self, line: int) -> bool:
        rules = LINE_TROUBLE if line else {"phone-unreachable"}
        return any(key[0] in rules and key[1] == line for key in self.counts)

    def look(self, minute: int, looked: set[str], held: set[Key], *, pushed: bool) -> None:
        was = {line: self.bad(line) for line in (0, *LINES)}
        carried = dict.fromkeys(LINES, 0)
        for key in [*self.counts]:
            if key[0] in looked and key not in held and not pushed:
                count = self.counts.pop(key)
                if key[0] in LINE_TROUBLE:
                    carried[key[1]] = max(carried[key[1]], count)
                if key in self.open:
                    self.open.remove(key)
                    self.told.append((key, "resolved"))
        for key in held:
            if key in self.open:
                continue
            before = carried[key[1]] if key[0] in LINE_TROUBLE else 0
            self.counts[key] = self.counts.get(key, before) + 1
            if pushed or self.counts[key] >= OPEN_AFTER.get(key[0], 2):
                self.open.add(key)
                self.told.append((key, "opened"))
        for line in (0, *LINES):
            could = bool(looked & (LINE_TROUBLE if line else {"phone-unreachable"}))
            if (could and not pushed) or was[line] != self.bad(line):
                self.flap(minute, line, changed=was[line] != self.bad(line), pushed=pushed)

    def flap(self, minute: int, line: int, *, changed: bool, pushed: bool) -> None:
        recent = [each for each in self.changes[line] if each > minute - 20]
        self.changes[line] = recent + [minute] * changed
        key = ("line-flapping" if line else "phone-flapping", line)
        number = len(self.changes[line])
        if line not in self.flapping and number >= 4:
            self.flapping.add(line)
            self.told.append((key, "opened"))
        elif line in self.flapping and number <= 1 and not pushed:
            self.flapping.remove(line)
            self.told.append((key, "resolved"))


class Looks(RuleBasedStateMachine):
    """A phone that is polled, that pushes, and that at times cannot be looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.phone, self.plain, self.minute = Watched(WATCH), Plain(), 0
        self.last: Sighting | None = None

    def see(self, looked: set[str], held: set[Key], *, pushed: bool) -> None:
        verdicts: dict[str, tuple[Finding, ...]] = {
            name: tuple(finding(name, line or None) for of, line in sorted(held) if of == name)
            for name in sorted(looked)
        }
        at = START + self.minute * MINUTE
        self.last = Sighting(phone_id=1, at=at, verdicts=verdicts, pushed=pushed)
        standing, told = dict(self.phone.standing), len(self.phone.notices)
        self.phone.see(self.last)
        gone = [key for key in standing if key not in self.phone.standing]
        flaps = {"line-flapping", "phone-flapping"}
        assert all(key[0] in looked | flaps and not pushed for key in gone)
        self.plain.look(self.minute, looked, held, pushed=pushed)
        news = [(each.incident.key, each.kind.value) for each in self.phone.notices[told:]]
        assert sorted(news) == sorted(self.plain.told)
        self.plain.told.clear()

    @rule(later=st.integers(0, 12), looked=st.sets(st.sampled_from(RULES)), data=st.data())
    def poll(self, later: int, looked: set[str], data: st.DataObject) -> None:
        self.minute += later
        held = set()
        for name in sorted(looked):
            lines = LINES if name.startswith("line") else (0,)
            held |= {(name, line) for line in lines if data.draw(st.booleans())}
        self.see(looked, held, pushed=False)

    @rule(later=st.integers(0, 12), line=st.sampled_from(LINES))
    def push(self, later: int, line: int) -> None:
        self.minute += later
        self.see({"line-failed"}, {("line-failed", line)}, pushed=True)

    @rule(back=st.integers(1, 9), looked=st.sets(st.sampled_from(RULES)))
    def look_from_before_everything(self, back: int, looked: set[str]) -> None:
        before = dict(self.phone.standing)
        early = START - back * MINUTE
        verdicts: dict[str, tuple[Finding, ...]] = dict.fromkeys(looked, ())
        self.phone.see(Sighting(phone_id=1, at=early, verdicts=verdicts))
        assert self.phone.standing == before

    @precondition(lambda self: self.last is not None)
    @rule()
    def same_look_again_writes_only_what_is_pending(self) -> None:
        assert self.last is not None
        pending = [
            key for key, each in self.phone.standing.items() if each.state is IncidentState.PENDING
        ]
        if not pending and not self.phone.flaps:
            step = self.phone.see(self.last)
            assert (step.incidents, step.notices) == ((), ())

    @invariant()
    def what_stands_is_what_the_plain_account_has(self) -> None:
        standing = self.phone.standing
        flapping = {key for key in standing if key[0].endswith("flapping")}
        assert {key[1] for key in flapping} == self.plain.flapping
        assert standing.keys() - flapping == self.plain.counts.keys()
        states = {key for key, each in standing.items() if each.state is IncidentState.OPEN}
        assert states - flapping == self.plain.open

    @invariant()
    def notices_of_one_key_take_turns_and_begin_with_opened(self) -> None:
        kinds: dict[Key, list[str]] = defaultdict(list)
        for notice in self.phone.notices:
            kinds[notice.incident.key].append(notice.kind.value)
            assert notice.incident.opened is not None
        for told in kinds.values():
            assert told == (["opened", "resolved"] * len(told))[: len(told)]

    @invariant()
    def a_flap_has_something_to_say(self) -> None:
        for flap in self.phone.flaps.values():
            assert flap.changes or flap.is_flapping
            assert list(flap.changes) == sorted(flap.changes)


TestLooks = Looks.TestCase
TestLooks.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
