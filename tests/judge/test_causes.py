"""Causes, over whole fleets that are swept while things break and are mended."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from fleet.judge import CauseSettings, find_causes
from fleet.model import (
    Cause,
    CauseKind,
    Incident,
    IncidentState,
    PhoneLook,
    Population,
    Reach,
    Severity,
)
from tests.judge.fleets import INTERVAL, Fleet
from tests.judge.watching import START


def swept(**sizes: int) -> Fleet:
    """A fleet of which all was well for two sweeps."""
    fleet = Fleet(**sizes)
    fleet.run(2 * INTERVAL + 37, judge_every=INTERVAL)
    assert fleet.told == []
    return fleet


def test_a_registrar_that_dies_is_one_cause_within_two_sweeps_and_ends_once() -> None:
    fleet = swept()

    fleet.world.registrars = {"pbx1"}
    fleet.run(2 * INTERVAL)

    assert fleet.told == [("registrar", "pbx1", "began")]
    (cause,) = fleet.history
    all_of_it = fleet.lines_at("pbx1")
    assert (cause.failing, cause.looked_at, len(cause.members)) == (all_of_it,) * 3
    assert fleet.uncovered() == []

    fleet.world.registrars = set()
    fleet.run(3 * INTERVAL)

    assert fleet.told == [("registrar", "pbx1", "began"), ("registrar", "pbx1", "ended")]


def test_a_registrar_whose_lines_went_to_the_backup_is_one_cause() -> None:
    fleet = swept()

    fleet.world.on_backup = {"pbx2"}
    fleet.run(2 * INTERVAL)

    assert fleet.told == [("registrar", "pbx2", "began")]
    assert fleet.uncovered() == []


def test_a_registrar_that_refuses_all_is_one_cause_that_says_with_which_code() -> None:
    fleet = swept()

    fleet.world.lines = {
        desk.id: 401 if desk.id % 5 else 403
        for desk in fleet.desks.values()
        if desk.registrar == "pbx0"
    }
    fleet.run(2 * INTERVAL)

    assert fleet.told == [("registrar", "pbx0", "began")]
    (cause,) = fleet.history
    assert [code for code, _ in cause.codes] == [401, 403]
    assert sum(count for _, count in cause.codes) == fleet.lines_at("pbx0")


def test_a_site_whose_uplink_dies_is_one_cause_and_ends_once() -> None:
    fleet = swept()

    fleet.world.sites = {"s7"}
    fleet.run(2 * INTERVAL)

    assert fleet.told == [("site", "s7", "began")]
    assert (fleet.history[0].failing, fleet.history[0].looked_at) == (50, 50)
    assert fleet.uncovered() == []

    fleet.world.sites = set()
    fleet.run(3 * INTERVAL)

    assert fleet.told[1:] == [("site", "s7", "ended")]


@pytest.mark.parametrize("seed", range(5))
def test_ten_random_lines_or_phones_have_no_cause(seed: int) -> None:
    fleet = swept()
    some = random.Random(seed).sample(sorted(fleet.desks), 20)

    fleet.world.lines = dict.fromkeys(some[:10], 401)
    fleet.world.phones = set(some[10:])
    fleet.run(3 * INTERVAL)

    assert fleet.told == []
    assert len(fleet.uncovered()) == 20


def test_an_uplink_that_dies_while_a_registrar_is_dead_is_a_second_cause() -> None:
    fleet = swept()

    fleet.world.registrars = {"pbx1"}
    fleet.run(2 * INTERVAL)
    fleet.world.sites = {"s3"}
    fleet.run(3 * INTERVAL)

    assert fleet.told == [("registrar", "pbx1", "began"), ("site", "s3", "began")]
    (registrar,) = fleet.of(CauseKind.REGISTRAR)
    behind = sum(desk.site == "s3" and desk.registrar == "pbx1" for desk in fleet.desks.values())
    assert behind > 5
    all_of_it = fleet.lines_at("pbx1")
    assert (registrar.failing, registrar.looked_at) == (all_of_it - behind,) * 2
    assert len(registrar.members) == all_of_it
    assert fleet.uncovered() == []

    fleet.world.sites = set()
    fleet.run(3 * INTERVAL)
    fleet.world.registrars = set()
    fleet.run(3 * INTERVAL)

    assert fleet.told[2:] == [("site", "s3", "ended"), ("registrar", "pbx1", "ended")]


def test_a_registrar_whose_phones_are_all_behind_dead_sites_neither_ends_nor_grows() -> None:
    fleet = swept(phones=200, sites=4, registrars=1)
    for desk in fleet.desks.values():
        desk.registrar = "pbx-" + desk.site

    fleet.world.registrars = {"pbx-s1"}
    fleet.run(2 * INTERVAL)
    before = fleet.open_causes()
    fleet.world.sites = {"s1"}
    fleet.run(4 * INTERVAL)

    assert fleet.told == [("registrar", "pbx-s1", "began"), ("site", "s1", "began")]
    (after,) = [each for each in fleet.open_causes() if each.kind is CauseKind.REGISTRAR]
    assert after.members == before[0].members

    fleet.world = type(fleet.world)()
    fleet.run(4 * INTERVAL)

    assert sorted(fleet.told[2:]) == [("registrar", "pbx-s1", "ended"), ("site", "s1", "ended")]


@pytest.mark.parametrize(("judge_every", "phones"), [(1, 150), (30, 800), (300, 2000)])
def test_our_own_network_is_one_cause_and_no_site_is_blamed(
    judge_every: float, phones: int
) -> None:
    fleet = swept(phones=phones, sites=phones // 50)

    fleet.world.our_network = True
    fleet.run(3 * INTERVAL, judge_every=judge_every)

    assert fleet.told == [("own-network", "", "began")]
    assert fleet.uncovered() == []

    fleet.world.our_network = False
    fleet.run(4 * INTERVAL, judge_every=judge_every)

    assert fleet.told[1:] == [("own-network", "", "ended")]


def test_when_one_phone_answers_it_is_not_our_network() -> None:
    fleet = swept(phones=400, sites=8)
    fleet.world.sites = {f"s{number}" for number in range(1, 8)}
    site = {desk.id: desk.offset for desk in fleet.desks.values() if desk.site == "s0"}
    soon = min(number for number, offset in site.items() if 60 < offset < 80)
    fleet.world.phones = site.keys() - {soon}

    fleet.run(4 * INTERVAL)

    assert sorted(fleet.told) == sorted(("site", f"s{number}", "began") for number in range(8))


def test_sites_that_stay_dead_after_our_own_network_is_back_are_told_then() -> None:
    fleet = swept(phones=800, sites=16)

    fleet.world.our_network = True
    fleet.run(3 * INTERVAL)
    fleet.world.our_network, fleet.world.sites = False, {"s1", "s2", "s3", "s4", "s5"}
    fleet.run(4 * INTERVAL)

    assert fleet.told[:2] == [("own-network", "", "began"), ("own-network", "", "ended")]
    assert sorted(fleet.told[2:]) == [("site", f"s{number}", "began") for number in range(1, 6)]


def test_sites_dead_for_long_do_not_hide_that_our_own_network_fails() -> None:
    fleet = swept(phones=400, sites=8)
    fleet.world.sites = {"s1", "s2", "s3", "s4"}
    fleet.run(6 * INTERVAL, judge_every=INTERVAL)
    assert len(fleet.told) == 4

    fleet.world.our_network = True
    fleet.run(2 * INTERVAL)

    assert fleet.told[4:] == [("own-network", "", "began")]


def test_a_dead_site_beside_one_that_refuses_us_is_not_our_own_network() -> None:
    fleet = swept(phones=60, sites=2, registrars=1)
    fleet.world.logins = {"site s0"}
    fleet.run(2 * INTERVAL)
    fleet.agenda = [each for each in fleet.agenda if fleet.desks[each[1]].site == "s1"]

    fleet.world.sites = {"s1"}
    fleet.run(2 * INTERVAL)

    assert fleet.told == [("credentials", "site s0", "began"), ("site", "s1", "began")]


def test_lines_that_all_show_another_trouble_at_once_have_the_same_cause() -> None:
    fleet = swept(phones=100, sites=4, registrars=1)
    fleet.world.registrars = {"pbx0"}
    fleet.run(3 * INTERVAL)

    fleet.world.registrars, fleet.world.on_backup = set(), {"pbx0"}
    fleet.run(2 * INTERVAL, judge_every=2 * INTERVAL)

    assert fleet.told == [("registrar", "pbx0", "began")]
    assert fleet.uncovered() == []


def test_several_sites_are_several_causes() -> None:
    fleet = swept()

    fleet.world.sites = {"s1", "s2", "s3"}
    fleet.run(2 * INTERVAL)

    assert sorted(fleet.told) == [("site", f"s{number}", "began") for number in range(1, 4)]


def test_a_network_of_a_site_is_one_cause_where_most_of_the_site_answers() -> None:
    fleet = swept(phones=600, sites=6)
    for desk in fleet.desks.values():
        if desk.id // 6 % 3:
            desk.host = desk.host.replace("10.", "10.1", 1)
    fleet.world.networks = {"10.2.0"}

    fleet.run(3 * INTERVAL)

    assert fleet.told == [("network", "10.2.0.0/24", "began")]


def test_a_shared_login_that_is_refused_is_one_cause_and_ends_once() -> None:
    fleet = swept()

    fleet.world.logins = {"settings"}
    fleet.run(2 * INTERVAL)

    assert fleet.told == [("credentials", "settings", "began")]
    assert fleet.uncovered() == []

    fleet.world.logins = set()
    fleet.run(3 * INTERVAL)

    assert fleet.told[1:] == [("credentials", "settings", "ended")]


def test_trouble_of_long_ago_does_not_hide_what_begins_now() -> None:
    fleet = swept()
    old = [desk.id for desk in fleet.desks.values() if desk.registrar == "pbx1"][:30]
    fleet.world.lines = dict.fromkeys(old, 403)
    fleet.run(20 * INTERVAL, judge_every=INTERVAL)
    died = fleet.now

    fleet.world.registrars = {"pbx1"}
    fleet.run(0.6 * INTERVAL)

    assert fleet.told == [("registrar", "pbx1", "began")]
    assert fleet.history[0].began >= died


def test_what_stays_broken_does_not_keep_a_cause_open() -> None:
    fleet = swept()
    fleet.world.registrars = {"pbx1"}
    fleet.run(2 * INTERVAL)
    some = [desk.id for desk in fleet.desks.values() if desk.registrar == "pbx1"][:8]

    fleet.world.registrars, fleet.world.lines = set(), dict.fromkeys(some, 401)
    fleet.run(4 * INTERVAL)

    assert fleet.told[1:] == [("registrar", "pbx1", "ended")]
    assert fleet.history[0].failing == 8


def test_what_fails_while_a_cause_is_about_to_end_is_not_hidden_by_it() -> None:
    fleet = swept()
    fleet.world.registrars = {"pbx1"}
    fleet.run(2 * INTERVAL)
    desks = [desk for desk in fleet.desks.values() if desk.registrar == "pbx1"]
    left, new = desks[0], max(desks, key=lambda desk: desk.offset)

    fleet.world.registrars, fleet.world.lines = set(), {left.id: 401}
    while not (fleet.causes and next(iter(fleet.causes.values())).well_since):
        fleet.run(5, judge_every=5)
    fleet.world.lines[new.id] = 404
    fleet.run(3 * INTERVAL)

    assert fleet.told[1:] == [("registrar", "pbx1", "ended")]
    assert [notice.incident.code for notice in fleet.uncovered()] == [404]


def test_phones_that_push_make_a_cause_before_they_are_polled() -> None:
    fleet = swept()

    for desk in fleet.desks.values():
        if desk.registrar == "pbx3":
            fleet.push(desk.id, 503)
    fleet.judge()

    assert fleet.told == [("registrar", "pbx3", "began")]
    assert fleet.history[0].codes == ((503, fleet.lines_at("pbx3")),)


def test_a_few_phones_that_push_do_not() -> None:
    fleet = swept()

    for desk in [desk for desk in fleet.desks.values() if desk.registrar == "pbx3"][:20]:
        fleet.push(desk.id, 503)
    fleet.run(1, judge_every=1)

    assert fleet.told == []


@pytest.mark.parametrize("seed", range(6))
def test_what_is_looked_at_again_first_does_not_speak_for_a_small_site(seed: int) -> None:
    fleet = swept(phones=60, sites=4, registrars=3, seed=seed)
    late = sorted(fleet.desks.values(), key=lambda desk: desk.offset)[-30:]
    some = [desk.id for desk in late if desk.site == "s1"][:4]
    lines = [desk.id for desk in late if desk.registrar == "pbx1"][:6]

    fleet.world.phones, fleet.world.lines = set(some), dict.fromkeys(lines, 401)
    fleet.run(3 * INTERVAL, judge_every=5)

    assert fleet.told == []


def test_a_few_phones_of_a_small_registrar_that_push_do_not() -> None:
    fleet = swept(phones=100, sites=4, registrars=4)

    for desk in [desk for desk in fleet.desks.values() if desk.registrar == "pbx3"][:6]:
        fleet.world.lines[desk.id] = 503
        fleet.push(desk.id, 503)
    fleet.run(2 * INTERVAL, judge_every=5)

    assert fleet.told == []


def test_the_lines_of_one_phone_are_no_registrar() -> None:
    fleet = swept(phones=6, sites=1, registrars=1)
    fleet.world.lines = {1: 401, 2: 401, 3: 401, 4: 401}

    fleet.run(3 * INTERVAL)

    assert fleet.told == []


def failed(phone: int, minutes: float, code: int) -> Incident:
    """A line that fails at one registrar since so many minutes."""
    seen = START - timedelta(minutes=minutes)
    return Incident(
        id=phone,
        phone_id=phone,
        rule="line-failed",
        line=1,
        severity=Severity.CRITICAL,
        text=f"{code}",
        check="",
        state=IncidentState.OPEN,
        first_seen=seen,
        opened=seen,
        code=code,
        registrar="pbx.example",
    )


def outage(standing: list[Incident], phones: int = 20) -> tuple[Cause, ...]:
    """The causes of what fails among phones that are polled evenly within five minutes."""
    looks = tuple(
        PhoneLook(
            phone_id=n,
            host=f"10.0.{n}.1",
            reach=Reach.OK,
            observed_at=START - n * timedelta(seconds=300 / phones),
        )
        for n in range(1, phones + 1)
    )
    moments = tuple(look.observed_at for look in looks if look.observed_at)
    population = Population(phones=looks, lines={"pbx.example": moments})
    return find_causes(standing, (), population, CauseSettings(), START)


def test_a_cause_counts_from_its_own_beginning_and_with_its_own_codes() -> None:
    older = [failed(20, 23, 404), failed(19, 22, 404)]
    standing = older + [failed(n, 4 - n * 0.2, 408) for n in range(1, 14)]

    (cause,) = outage(standing)

    assert START - cause.began == timedelta(minutes=3.8)
    assert cause.codes == ((408, 13),)


def test_an_older_incident_does_not_make_a_cause_of_a_few() -> None:
    standing = [failed(20, 23, 404), *(failed(n, 3 + n / 10, 408) for n in range(1, 5))]
    assert outage(standing, phones=6) == ()


def test_what_fails_one_after_the_other_within_an_hour_is_one_cause() -> None:
    standing = [failed(n, 60 - n * 4, 408) for n in range(1, 14)]
    (cause,) = outage(standing)
    assert START - cause.began == timedelta(minutes=56)
