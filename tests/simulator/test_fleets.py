"""Believable fleets are the same for the same seed and have the troubles they were asked for."""

from collections import Counter

import pytest

from fleet.model import Registration
from fleet.simulator import BEHAVIOURS, BELIEVABLE_MIX, TROUBLES, believable_fleet


def test_the_same_seed_makes_the_same_fleet():
    assert believable_fleet(50, seed=3) == believable_fleet(50, seed=3)
    assert believable_fleet(50, seed=3) != believable_fleet(50, seed=4)


def test_no_two_phones_share_a_mac_a_name_or_an_account():
    specs = believable_fleet(3000, seed=1)
    users = [line.user for spec in specs for line in spec.lines]
    assert len({spec.mac for spec in specs}) == len({spec.name for spec in specs}) == 3000
    assert len(set(users)) == len(users)


def test_every_trouble_has_its_share():
    specs = believable_fleet(2000, seed=5)
    codes = Counter(line.code for spec in specs for line in spec.lines)
    states = Counter(line.registration for spec in specs for line in spec.lines)
    behaviours = Counter(spec.behaviour for spec in specs)
    assert (codes[401], codes[403], codes[503]) == (50, 20, 20)
    assert states[Registration.UNREGISTERED] == 30
    assert (behaviours["wrong_password"], behaviours["off"]) == (20, 20)
    assert sum(spec.language == "fr" for spec in specs) == 160


def test_a_small_fleet_still_shows_every_trouble():
    behaviours = {spec.behaviour for spec in believable_fleet(30, seed=2)}
    assert behaviours >= {"healthy", "wrong_password", "off", "session_expired"}


def test_a_mix_of_nothing_is_a_fleet_in_good_order():
    specs = believable_fleet(200, seed=1, mix={})
    assert {spec.behaviour for spec in specs} == {"healthy"}
    assert {line.registration for spec in specs for line in spec.lines} == {Registration.REGISTERED}


@pytest.mark.parametrize(
    "mix", [{"flood": 0.1}, {"off": -0.1}, {"off": 0.6, "line-401": 0.6}], ids=str
)
def test_a_mix_that_cannot_be_is_refused(mix):
    with pytest.raises(ValueError, match=r"trouble|negative|more than 1"):
        believable_fleet(10, mix=mix)


@pytest.mark.parametrize("name", TROUBLES)
def test_every_trouble_is_a_behaviour_or_a_line(name):
    (spec,) = believable_fleet(1, mix={name: 1.0})
    assert spec.behaviour in BEHAVIOURS


def test_the_believable_mix_leaves_most_phones_in_order():
    assert sum(BELIEVABLE_MIX.values()) < 0.3
