"""Rounds of alerting on real databases: written whole, once, whoever runs them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from fleet.alert import Alerting, Composer, Policy, Round, Window
from fleet.clock import DailySpan
from fleet.model import (
    AlertKind,
    Cause,
    CauseKind,
    Phone,
    RolloutState,
    Selector,
    Severity,
    Silence,
    Site,
    SweepCounts,
)
from fleet.store import Alerting as Decided
from fleet.store import Change, Store
from tests.alert.world import ALL, BONN
from tests.store.fleets import HOUR, MINUTE, START, add
from tests.store.test_rolling import begun, filled
from tests.store.watching import finding, look

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.model import Alert, Incident, Population


class Causes:
    """Explains what it is told to explain: the incidents of a registrar, from a number on."""

    def __init__(self, least: int = 1000) -> None:
        self.least = least
        self.is_over = False

    def __call__(
        self,
        standing: Sequence[Incident],
        causes: Sequence[Cause],
        population: Population,
        now: datetime,
    ) -> tuple[Cause, ...]:
        members = frozenset(one.id for one in standing if one.id is not None)
        if causes:
            ended = now if self.is_over else None
            return (replace(causes[0], members=members, ended=ended),)
        if len(members) < self.least:
            return ()
        return (
            Cause(
                kind=CauseKind.REGISTRAR, name="pbx.example", began=START, members=members,
                failing=len(members), looked_at=len(members), codes=((401, len(members)),),
            ),
        )  # fmt: skip


def alerting(store: Store, causes: Causes | None = None, **fields: object) -> Alerting:
    policy = Policy(**{"routes": (ALL,), "repeat_after": None, **fields})  # type: ignore[arg-type]
    return Alerting(store=store, policy=policy, find_causes=causes or Causes(), composer=Composer())


def alerts(store: Store) -> list[Alert]:
    """The alerts, in the order in which they were written."""
    found = {delivery.alert.id: delivery.alert for delivery in store.alerts.deliveries()}
    return [found[number] for number in sorted(found, key=lambda n: n or 0)]


@pytest.fixture
def phones(store: Store) -> list[int]:
    return add(store, *(Phone(host=f"10.0.0.{n}") for n in range(1, 6)))


def test_a_problem_and_its_end_are_told_once(store: Store, phones: list[int]) -> None:
    look(store, phones[0], START, finding(1), finding(2))
    rounds = alerting(store)
    assert rounds.run(START + MINUTE) == Round(alerts=1)
    assert rounds.run(START + MINUTE) == alerting(store).run(START + HOUR) == Round()
    look(store, phones[0], START + HOUR)
    assert rounds.run(START + HOUR) == Round(alerts=1)
    assert [(alert.kind, alert.subject) for alert in alerts(store)] == [
        (AlertKind.PROBLEM, "[fleet] 2 lines: 2 × 401 Unauthorized"),
        (AlertKind.RECOVERY, "[fleet] recovered: 2 lines: 2 × 401 Unauthorized"),
    ]
    assert store.alerts.unhandled_notices() == []


def test_every_channel_of_a_route_has_a_delivery_of_its_own(
    store: Store, phones: list[int]
) -> None:
    look(store, phones[0], START, finding(1))
    alerting(store, routes=(replace(ALL, urls=("json://a", "json://b")),)).run(START + MINUTE)
    assert [delivery.route for delivery in store.alerts.deliveries()] == ["default", "default #2"]


def test_a_cause_is_written_before_its_alert_which_names_it(
    store: Store, phones: list[int]
) -> None:
    causes = Causes(least=3)
    for phone in phones[:3]:
        look(store, phone, START, finding(1))
    rounds = alerting(store, causes)
    rounds.run(START + MINUTE)
    look(store, phones[3], START + MINUTE, finding(1))
    rounds.run(START + 2 * MINUTE)
    [cause] = store.alerts.open_causes()
    [alert] = alerts(store)
    assert f"fleet incidents list --cause {cause.id}" in alert.text
    assert len(cause.members) == 4
    assert store.alerts.unhandled_notices() == []


def test_causes_are_looked_for_again_only_after_a_change(store: Store, phones: list[int]) -> None:
    looked: list[int] = []
    causes = Causes(least=3)

    def find(
        standing: Sequence[Incident],
        known: Sequence[Cause],
        population: Population,
        now: datetime,
    ) -> tuple[Cause, ...]:
        looked.append(len(population.phones))
        return causes(standing, known, population, now)

    look(store, phones[0], START, finding(1))
    rounds = replace(alerting(store, group_wait=HOUR), find_causes=find)
    for minute in range(1, 4):
        assert rounds.run(START + minute * MINUTE) == Round(held=1)
    assert looked == [5]
    for phone in phones[1:3]:
        look(store, phone, START + 4 * MINUTE, finding(1))
    assert rounds.run(START + 5 * MINUTE).held
    assert looked == [5, 5]
    assert [each.failing for each in store.alerts.open_causes()] == [3]
    rounds.run(START + 6 * MINUTE)
    assert looked == [5, 5, 5]  # what may end is looked at in every round


def test_causes_are_looked_for_in_every_round_while_a_sweep_runs(
    store: Store, phones: list[int]
) -> None:
    looked: list[int] = []

    def find(*args: object) -> tuple[Cause, ...]:
        looked.append(1)
        return ()

    look(store, phones[0], START, finding(1))
    rounds = replace(alerting(store, group_wait=HOUR), find_causes=find)
    sweep = store.sweeps.begin(trigger="manual", selection="all", planned=5, now=START, ttl=MINUTE)
    rounds.run(START + MINUTE)
    rounds.run(START + MINUTE)
    store.sweeps.finish(sweep.id, SweepCounts(), START + MINUTE)
    rounds.run(START + 2 * MINUTE)
    rounds.run(START + 2 * MINUTE)
    assert len(looked) == 3


def test_the_end_of_a_cause_names_what_still_fails(store: Store, phones: list[int]) -> None:
    causes = Causes(least=3)
    for phone in phones[:3]:
        look(store, phone, START, finding(1))
    rounds = alerting(store, causes)
    rounds.run(START + MINUTE)
    for phone in phones[:2]:
        look(store, phone, START + HOUR)
    rounds.run(START + HOUR)
    causes.is_over = True
    rounds.run(START + HOUR + MINUTE)
    _, recovery = alerts(store)
    assert recovery.subject == "[fleet] recovered: registrar pbx.example, after 1 h 1 min"
    assert "3 lines belonged to it.\n1 of them still fails: fleet incidents list" in recovery.text
    look(store, phones[2], START + 2 * HOUR)
    rounds.run(START + 2 * HOUR)
    assert [alert.kind for alert in alerts(store)].count(AlertKind.RECOVERY) == 2
    assert store.alerts.unhandled_notices() == []


def test_two_rounds_at_once_tell_nobody_twice(store: Store, phones: list[int]) -> None:
    for phone in phones:
        look(store, phone, START, finding(1), finding(2))
    runners = [alerting(store) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: each.run(START + MINUTE), runners))
    [alert] = alerts(store)
    assert alert.subject.startswith("[fleet] 10 lines")
    assert store.alerts.unhandled_notices() == []


def test_a_silence_of_a_site_holds_until_it_is_ended(store: Store) -> None:
    store.inventory.apply(
        [Site(name="berlin", timezone="Europe/Berlin")],
        [Change(id=None, phone=Phone(host="10.0.0.1", site="berlin"))],
    )
    look(store, store.phones.find("10.0.0.1"), START, finding(1))
    number = store.silences.add(
        Silence(selector=Selector(site="berlin"), since=START, until=START + HOUR)
    )
    rounds = alerting(store)
    assert rounds.run(START + MINUTE) == Round(held=1)
    assert [held.why for held in rounds.look(START + MINUTE).held] == ["silence 1 until 08:00 UTC"]
    store.silences.end(number, START + 2 * MINUTE)
    assert rounds.run(START + 2 * MINUTE) == Round(alerts=1)
    assert "since 2026-03-01 08:00 CET" in alerts(store)[0].text


def test_a_maintenance_window_finds_its_phones_by_their_hosts(
    store: Store, phones: list[int]
) -> None:
    look(store, phones[0], START, finding(1))
    window = Window(
        name="work",
        zone=ZoneInfo("UTC"),
        phones=frozenset({"10.0.0.1", "gone"}),
        start=time(6),
        duration=3 * HOUR,
    )
    rounds = replace(alerting(store), windows=(window,))
    assert rounds.run(START + MINUTE) == Round(held=1)
    assert rounds.run(START + 3 * HOUR) == Round(alerts=1)


def test_reminders_are_written_once_in_a_beat_also_after_a_restart(
    store: Store, phones: list[int]
) -> None:
    look(store, phones[0], START, finding(1))
    fields = {"repeat_after": HOUR}
    alerting(store, **fields).run(START + MINUTE)
    for minutes in (60, 119, 121, 150, 179):
        alerting(store, **fields).run(START + minutes * MINUTE)
    rounds = alerting(store, **fields)
    assert rounds.run(START + 4 * HOUR) == Round(alerts=1)
    assert rounds.run(START + 4 * HOUR) == Round()
    kinds = [alert.kind for alert in alerts(store)]
    assert kinds == [AlertKind.PROBLEM, *[AlertKind.REMINDER] * 3]


def test_reminders_wait_for_the_end_of_quiet_hours(store: Store, phones: list[int]) -> None:
    look(store, phones[0], START, finding(1))
    night = DailySpan(begins=time(8), ends=time(9), zone=ZoneInfo("UTC"))
    rounds = alerting(store, repeat_after=HOUR, quiet_hours=night)
    rounds.run(START + MINUTE)
    assert rounds.run(START + HOUR + MINUTE) == Round()
    assert rounds.run(START + 2 * HOUR + MINUTE) == Round(alerts=1)


def test_an_alert_names_the_recorded_reasons_of_its_delay(store: Store, phones: list[int]) -> None:
    look(store, phones[0], START, finding(1, severity=Severity.WARNING))
    night = DailySpan(begins=time(7), ends=time(8), zone=ZoneInfo("UTC"))
    nobody = alerting(store, routes=(), quiet_hours=night)
    assert nobody.run(START + MINUTE) == nobody.run(START + 10 * MINUTE) == Round(held=1)
    rounds = alerting(store, quiet_hours=night)  # a receiver is set, and fleet is started again
    assert rounds.run(START + 20 * MINUTE) == rounds.run(START + 30 * MINUTE) == Round(held=1)
    [waiting] = store.alerts.unhandled_notices()
    assert waiting.delayed_by == ("nobody is alerted: no receiver", "quiet hours")
    assert rounds.run(START + HOUR) == Round(alerts=1)
    [alert] = alerts(store)
    assert "(nobody is alerted: no receiver, quiet hours)" in " ".join(alert.text.split())


def test_a_delay_does_not_change_a_notice_that_is_handled(store: Store, phones: list[int]) -> None:
    look(store, phones[0], START, finding(1), finding(2))
    [first, second] = [one.id or 0 for one in store.alerts.unhandled_notices()]
    delayed = tuple((number, ("quiet hours",)) for number in (first, second))
    dropped = ((first, "it was nothing"),)
    assert store.alerts.apply(Decided(at=START + MINUTE, dropped=dropped, delayed=delayed))
    assert [(one.id, one.delayed_by) for one in store.alerts.unhandled_notices()] == [
        (second, ("quiet hours",))
    ]


def test_who_has_no_route_yet_is_told_when_there_is_one(store: Store, phones: list[int]) -> None:
    look(store, phones[0], START, finding(1, severity=Severity.WARNING))
    assert alerting(store, routes=(BONN,)).run(START + MINUTE) == Round(held=1)
    assert alerting(store).run(START + HOUR) == Round(alerts=1)


def test_a_removed_phone_is_told_to_be_over(store: Store, phones: list[int]) -> None:
    look(store, phones[0], START, finding(1))
    rounds = alerting(store)
    rounds.run(START + MINUTE)
    store.inventory.remove(phones[:1], START + HOUR)
    assert rounds.run(START + HOUR) == Round(alerts=1)
    assert alerts(store)[-1].kind is AlertKind.RECOVERY


def test_a_roll_out_that_stopped_is_an_alert_once(store: Store) -> None:
    rollout = begun(store, filled(store))
    alerting(store).run(START + MINUTE)
    assert alerts(store) == []
    store.rollouts.control(
        rollout.id,
        RolloutState.STOPPED,
        among=[RolloutState.RUNNING],
        why="3 of 3 phones failed.",
        now=START + MINUTE,
    )

    for minute in (2, 3):
        alerting(store).run(START + minute * MINUTE)

    (alert,) = alerts(store)
    assert (alert.kind, alert.severity) == (AlertKind.DAEMON, Severity.CRITICAL)
    assert alert.subject == "[fleet] the roll-out of revision 1 stopped"
    assert "3 of 3 phones failed." in alert.text
    assert "fleet provision rollout rollback" in alert.text


def test_a_roll_out_that_stopped_long_ago_is_no_news(store: Store) -> None:
    rollout = begun(store, filled(store))
    store.rollouts.control(
        rollout.id, RolloutState.STOPPED, among=[RolloutState.RUNNING], why="", now=START
    )
    alerting(store).run(START + 25 * HOUR)
    assert alerts(store) == []
