"""Causes in fleets where anything breaks and is mended at any time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.judge.fleets import INTERVAL, Fleet, World

if TYPE_CHECKING:
    from fleet.model import Cause

SITES, REGISTRARS = 4, 3


def worlds() -> st.SearchStrategy[World]:
    some_sites = st.sets(st.sampled_from([f"s{number}" for number in range(SITES)]), max_size=3)
    some_registrars = st.sets(st.sampled_from([f"pbx{number}" for number in range(REGISTRARS)]))
    some_phones = st.sets(st.integers(1, 60), max_size=25)
    return st.builds(
        World,
        sites=some_sites,
        networks=st.sets(st.sampled_from(["10.1.0", "10.2.1"])),
        registrars=some_registrars,
        on_backup=some_registrars,
        logins=st.sets(st.sampled_from(["settings", "site s2"])),
        phones=some_phones,
        lines=some_phones.map(lambda phones: {each: 401 + each % 2 for each in phones}),
        our_network=st.booleans() | st.just(False),
    )


class Strict(Fleet):
    """Says at each judgement that no incident has two causes, and that judging anew settles."""

    def judge(self) -> None:
        for _ in range(4):
            found = self.find()
            self._has_one_cause_each(found)
            super().judge()
            if not found:
                return
        raise AssertionError([(cause.kind, cause.name) for cause in found])

    def _has_one_cause_each(self, found: tuple[Cause, ...]) -> None:
        lasting = {(cause.kind, cause.name): cause for cause in self.open_causes()}
        lasting |= {(cause.kind, cause.name): cause for cause in found}
        members = [id_ for cause in lasting.values() for id_ in cause.members]
        assert len(members) == len({*members})
        for cause in found:
            assert 0 <= cause.failing <= cause.looked_at
            assert cause.began <= self.now


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 99),
    st.lists(st.tuples(worlds(), st.sampled_from([20, 150, 400, 800])), min_size=1, max_size=3),
)
def test_causes_begin_and_end_in_turns_and_end_when_all_is_mended(
    seed: int, broken: list[tuple[World, int]]
) -> None:
    fleet = Strict(phones=60, sites=SITES, registrars=REGISTRARS, seed=seed)
    fleet.run(INTERVAL, judge_every=40)

    for world, seconds in [*broken, (World(), 5 * INTERVAL)]:
        fleet.world = world
        fleet.run(seconds, judge_every=40)

    told: dict[Any, list[str]] = defaultdict(list)
    for kind, name, what in fleet.told:
        told[kind, name].append(what)
    for turns in told.values():
        assert turns == ["began", "ended"] * (len(turns) // 2)
    assert all(incident.rule.endswith("flapping") for incident in fleet.all_standing())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), worlds(), worlds())
def test_causes_do_not_come_and_go_while_the_world_stays_as_it_is(
    seed: int, first: World, then: World
) -> None:
    fleet = Strict(phones=60, sites=SITES, registrars=REGISTRARS, seed=seed)
    fleet.run(INTERVAL, judge_every=40)
    fleet.world = first
    fleet.run(3 * INTERVAL, judge_every=40)
    fleet.world = then
    fleet.run(6 * INTERVAL, judge_every=40)
    told = list(fleet.told)

    fleet.run(4 * INTERVAL, judge_every=40)

    assert fleet.told == told
