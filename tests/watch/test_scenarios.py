"""One trouble is one alert, and one recovery: a fleet of 2,000 phones, 40 sites, 4 registrars."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from fleet.model import AlertKind
from tests.watch.world import World, registrar_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.model import Alert
    from fleet.store import Store

PBX, SITE = "pbx2.example", "site07"


@pytest.fixture
def world(store: Store) -> World:
    """A healthy fleet, swept once."""
    made = World(store=store)
    assert made.sweep() == []
    return made


def kinds(alerts: Sequence[Alert]) -> list[AlertKind]:
    return [alert.kind for alert in alerts]


def test_a_dead_registrar_is_one_alert_within_two_polls_and_one_recovery(world: World) -> None:
    world.dead_registrars.add(PBX)
    [told] = world.sweep(2)
    assert told.kind is AlertKind.PROBLEM
    assert PBX in told.subject
    assert "503" in told.text
    assert world.sweep(3) == []

    world.dead_registrars.clear()
    [recovered] = world.sweep(3)
    assert recovered.kind is AlertKind.RECOVERY
    assert PBX in recovered.subject
    assert world.store.findings.incidents(open_only=True) == []
    assert world.store.alerts.unhandled_notices() == []


def test_a_dead_site_is_one_alert_and_one_recovery(world: World) -> None:
    world.dead_sites.add(SITE)
    [told] = world.sweep(3)
    assert told.kind is AlertKind.PROBLEM
    assert SITE in told.subject

    world.dead_sites.clear()
    [recovered] = world.sweep(3)
    assert recovered.kind is AlertKind.RECOVERY
    assert SITE in recovered.subject
    assert world.store.alerts.unhandled_notices() == []


def test_ten_random_lines_are_one_digest_that_names_ten(world: World) -> None:
    chosen = random.Random(1).sample(sorted(world.known), 10)
    world.refused |= {(phone_id, 2) for phone_id in chosen}
    alerts = world.sweep(2)
    names = {world.known[phone_id].stored.phone.name for phone_id in chosen}
    assert set(kinds(alerts)) == {AlertKind.PROBLEM}
    told = "\n".join(alert.text for alert in alerts)
    assert all(f"{name}\n" in told or f"{name}," in told or f"{name} " in told for name in names)
    assert len(alerts) <= 3  # those seen within one wait are one; a sweep is spread over minutes

    world.refused.clear()
    assert set(kinds(world.sweep(2))) == {AlertKind.RECOVERY}
    assert world.store.alerts.unhandled_notices() == []


def test_an_uplink_dies_while_a_registrar_is_dead(world: World) -> None:
    world.dead_registrars.add(PBX)
    world.sweep(2)
    world.dead_sites.add(SITE)
    [told] = world.sweep(3)
    assert SITE in told.subject

    world.dead_registrars.clear()
    [recovered] = world.sweep(3)
    assert (recovered.kind, PBX in recovered.subject) == (AlertKind.RECOVERY, True)

    behind = [
        i
        for i, known in world.known.items()
        if known.stored.phone.site == SITE and registrar_of(i, 4) == PBX
    ]
    standing = {one.phone_id for one in world.store.findings.incidents(open_only=True)}
    assert set(behind) <= standing  # could not look: not recovered

    world.dead_sites.clear()
    alerts = world.sweep(3)
    assert set(kinds(alerts)) == {AlertKind.RECOVERY}
    assert len(alerts) <= 2
    assert world.store.findings.incidents(open_only=True) == []
    assert world.store.alerts.unhandled_notices() == []


def test_all_phones_at_once_are_our_own_network(world: World) -> None:
    world.dead_sites |= {known.stored.phone.site for known in world.known.values()}
    alerts = world.sweep(3)
    assert kinds(alerts) == [AlertKind.PROBLEM]
    world.dead_sites.clear()
    assert kinds(world.sweep(3)) == [AlertKind.RECOVERY]
    assert world.store.alerts.unhandled_notices() == []
