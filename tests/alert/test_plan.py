"""What is told, held and dropped, one rule at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from fleet.alert import Route, Window
from fleet.clock import DailySpan
from fleet.model import AlertKind, Selector, Severity
from tests.alert.makers import DAY, HOUR, MINUTE, SECOND, START
from tests.alert.world import ALL, BONN, POLICY, World

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = DailySpan(begins=time(22), ends=time(6), zone=BERLIN)


@pytest.fixture
def world() -> World:
    return World(policy=replace(POLICY, routes=(ALL,)))


def told(world: World) -> list[tuple[str, list[int]]]:
    return [
        (str(telling.kind), sorted(one.id or 0 for one in telling.incidents))
        for telling in world.alerts.values()
    ]


def why(world: World, after: timedelta = timedelta()) -> list[str]:
    return [held.why for held in world.round(after).held]


def test_a_new_problem_waits_for_others_that_belong_to_it(world: World) -> None:
    world.open(2)
    assert why(world) == ["waits until 07:00:10 UTC for related problems"]
    world.open(4)
    assert why(world, 5 * SECOND)
    world.round(10 * SECOND)
    assert told(world) == [("problem", [1, 2])]


def test_what_a_sweep_sees_waits_for_its_end_but_not_for_ever(world: World) -> None:
    world.sweeping_since = START
    world.open(2)
    assert why(world, MINUTE) == ["waits for the sweep to end"]
    world.round(4 * MINUTE)
    assert told(world) == [("problem", [1])]


def test_what_a_phone_pushed_does_not_wait_for_the_sweep_that_confirms_it(world: World) -> None:
    world.sweeping_since = START
    world.open(2, sightings=0, confirmed=True)
    world.round(10 * SECOND)
    assert told(world) == [("problem", [1])]


def test_what_was_over_before_anybody_was_told_is_dropped(world: World) -> None:
    world.open(2)
    world.round()
    world.resolve(1)
    world.round(MINUTE)
    assert world.dropped == dict.fromkeys((10, 11), "it was over before anybody was alerted")
    assert not world.alerts


def test_ten_lines_are_one_digest_with_the_worst_first(world: World) -> None:
    for line in range(1, 10):
        world.open(line, severity=Severity.WARNING)
    world.open(10)
    world.round(MINUTE)
    [telling] = world.alerts.values()
    assert len(telling.incidents) == 10
    assert telling.incidents[0].severity is telling.severity is Severity.CRITICAL


def test_a_recovery_is_told_at_once_even_while_silenced_or_acknowledged(world: World) -> None:
    world.open(2)
    world.round(MINUTE)
    world.silence(Selector(), HOUR)
    world.incidents[1] = replace(world.incidents[1], acked_at=world.now)
    world.resolve(1)
    world.round()
    assert told(world) == [("problem", [1]), ("recovery", [1])]


def test_a_silence_holds_and_never_swallows(world: World) -> None:
    world.silence(Selector(site="berlin"), HOUR)
    world.open(2)
    assert why(world, MINUTE) == ["silence 1 until 08:00 UTC"]
    world.round(30 * MINUTE)
    world.round(HOUR)
    assert told(world) == [("problem", [1])]
    [telling] = world.alerts.values()
    assert (telling.late, telling.late_since) == (1, START + 10 * SECOND)
    assert telling.delays == (("silence 1", 1),)


def test_every_reason_of_a_delay_is_recorded_once(world: World) -> None:
    world.policy = replace(world.policy, quiet_hours=NIGHT)
    world.silence(Selector(site="berlin"), 8 * HOUR)
    world.open(2, severity=Severity.WARNING)
    for _ in range(23):  # silenced until 22:00, then quiet hours until 05:00
        if world.now == START + 7 * HOUR:
            world.silence(Selector(site="berlin"), 8 * HOUR)
        world.round(HOUR)
    [telling] = world.alerts.values()
    assert telling.delays == (("silence 1", 1), ("silence 2", 1), ("quiet hours", 1))


def test_a_delay_that_no_round_saw_has_no_reason(world: World) -> None:
    world.policy = replace(world.policy, quiet_hours=NIGHT)
    world.open(2, severity=Severity.WARNING)
    world.round(23 * HOUR)
    [telling] = world.alerts.values()
    assert (telling.late, telling.delays) == (1, ())


def test_a_maintenance_window_holds(world: World) -> None:
    window = Window(name="work", zone=BERLIN, start=time(7, 30), duration=HOUR)
    one = world.open(2)
    situation = replace(world.situation(), now=START + MINUTE, windows=(window,))
    assert window.covers(one)
    from fleet.alert import plan

    assert [held.why for held in plan(situation, world.policy).held] == [
        "maintenance work until 07:30 UTC"
    ]


def test_what_flaps_is_held_but_the_flapping_itself_is_told(world: World) -> None:
    world.open(2)
    world.flapping.add((2, 1))
    assert why(world, MINUTE) == ["flapping"]
    world.open(4, rule="line-flapping")
    world.flapping.add((4, 1))
    world.round(MINUTE)
    assert told(world) == [("problem", [2])]


def test_a_recovery_waits_while_its_line_flaps_and_is_told_then(world: World) -> None:
    world.open(2)
    world.round(MINUTE)
    world.flapping.add((2, 1))
    world.resolve(1)
    assert why(world, MINUTE) == ["flapping"]
    world.flapping.clear()
    world.round(MINUTE)
    assert told(world) == [("problem", [1]), ("recovery", [1])]


def test_quiet_hours_hold_all_but_what_is_critical(world: World) -> None:
    world.policy = replace(world.policy, quiet_hours=NIGHT)
    world.now = START + 14 * HOUR  # 22:00 in Berlin
    world.open(2)
    world.open(4, severity=Severity.WARNING)
    assert why(world, MINUTE) == ["quiet hours until 2026-11-24 05:00 UTC"]
    assert told(world) == [("problem", [1])]
    world.round(8 * HOUR)
    assert told(world)[1:] == [("problem", [2])]


def test_a_recovery_waits_for_the_end_of_quiet_hours(world: World) -> None:
    world.policy = replace(world.policy, quiet_hours=NIGHT)
    world.open(2, severity=Severity.WARNING)
    world.round(MINUTE)
    world.now = START + 15 * HOUR
    world.resolve(1)
    assert why(world) == ["quiet hours until 2026-11-24 05:00 UTC"]
    world.round(7 * HOUR)
    assert told(world) == [("problem", [1]), ("recovery", [1])]


def test_alerts_have_a_limit_and_the_next_says_what_it_held_back(world: World) -> None:
    world.policy = replace(world.policy, most_per_hour=2)
    for line in (2, 4, 6, 8):
        world.open(line)
        world.round(MINUTE)
    assert told(world) == [("problem", [1]), ("problem", [2])]
    assert why(world) == ["limit of 2 alerts per hour"] * 2
    world.round(HOUR)
    last = list(world.alerts.values())[-1]
    assert (last.late, len(last.incidents)) == (2, 2)


def test_a_route_at_its_limit_does_not_hold_up_another(world: World) -> None:
    urgent = Route(name="sms", urls=("json://sms",), rules=frozenset({"line-failed"}))
    world.policy = replace(world.policy, routes=(ALL, urgent), most_per_hour=1)
    world.open(2, rule="line-unknown")
    world.round(MINUTE)
    world.open(4)
    later = world.round(MINUTE)
    assert {t.route.name: t.due - world.now for t in later.tellings} == {
        "default": HOUR,
        "sms": timedelta(),
    }


def test_what_no_route_takes_is_held(world: World) -> None:
    world.policy = replace(world.policy, routes=(BONN,))
    world.open(2)
    assert why(world, MINUTE) == ["no route selects it"]


def test_each_route_gets_a_digest_of_what_it_takes(world: World) -> None:
    world.policy = POLICY
    for line in (2, 3, 4):
        world.open(line)
    world.round(MINUTE)
    assert {t.route.name: len(t.incidents) for t in world.alerts.values()} == {
        "default": 3,
        "bonn": 1,
    }


def test_a_cause_is_one_alert_and_its_end_one_recovery(world: World) -> None:
    for line in range(12):
        world.open(line)
    world.explain(range(1, 13))
    world.round(MINUTE)
    world.open(20)
    world.explain([13])
    world.round(MINUTE)
    for number in range(1, 11):
        world.resolve(number)
    world.round(MINUTE)
    world.end_cause(1)
    world.round(MINUTE)
    assert [kind for kind, _ in told(world)] == ["problem", "recovery"]
    assert set(world.dropped.values()) == {"covered by cause 1"}
    world.resolve(11)
    world.round(MINUTE)
    assert told(world)[2:] == [("recovery", [11])]


def test_who_joins_a_cause_late_is_told_to_receivers_that_are_new_to_it(world: World) -> None:
    world.policy = POLICY
    for line in (2, 4):
        world.open(line)
    world.explain([1, 2])
    world.round(MINUTE)
    world.open(3)
    world.explain([3])
    world.round(MINUTE)
    world.end_cause(1)
    world.round(MINUTE)
    assert [(t.route.name, t.kind) for t in world.alerts.values()] == [
        ("default", AlertKind.PROBLEM),
        ("bonn", AlertKind.PROBLEM),
        ("default", AlertKind.RECOVERY),
        ("bonn", AlertKind.RECOVERY),
    ]


def test_a_cause_that_nobody_was_told_of_leaves_its_members_to_themselves(world: World) -> None:
    silence = world.silence(Selector(), HOUR)
    for line in (2, 4):
        world.open(line)
    world.explain([1, 2])
    world.round(MINUTE)
    world.resolve(1)
    world.end_cause(1)
    world.round(MINUTE)
    world.silences.pop(silence)
    world.round(MINUTE)
    assert told(world) == [("problem", [2])]


def test_a_cause_with_a_member_that_is_not_silenced_is_told(world: World) -> None:
    world.silence(Selector(phone_id=2), HOUR)
    for line in (2, 4):
        world.open(line)
    world.explain([1, 2])
    world.round(MINUTE)
    assert told(world) == [("problem", [1, 2])]


def test_the_end_of_a_cause_is_written_even_in_quiet_hours_and_sent_after(world: World) -> None:
    world.policy = replace(world.policy, quiet_hours=NIGHT)
    for line in (2, 4):
        world.open(line, severity=Severity.WARNING)
    world.explain([1, 2])
    world.round(MINUTE)
    world.now = START + 15 * HOUR
    world.end_cause(1)
    [telling] = world.round().tellings
    assert telling.kind is AlertKind.RECOVERY
    assert telling.due == START + 22 * HOUR


def test_what_stays_open_is_told_again_once_in_each_beat(world: World) -> None:
    world.policy = replace(world.policy, repeat_after=DAY, zone=BERLIN)
    world.open(2)
    world.open(4)
    world.round(MINUTE)  # 08:01 in Berlin
    for _ in range(60):
        world.round(HOUR)
    reminders = world.of_kind(AlertKind.REMINDER)
    assert [len(t.incidents) for t in reminders] == [2, 2]
    assert [world.written[t.key] for t in reminders] == [
        START + MINUTE + 23 * HOUR,
        START + MINUTE + 47 * HOUR,
    ]


@pytest.mark.parametrize(
    ("after", "reminded"),
    [
        (11 * HOUR, datetime(2026, 11, 24, 6, tzinfo=UTC)),  # 19:00 in Berlin, 12 hours before
        (11 * HOUR + MINUTE, datetime(2026, 11, 25, 6, tzinfo=UTC)),
    ],
)
def test_what_was_told_within_half_a_beat_is_left_for_the_next(
    world: World, after: timedelta, reminded: datetime
) -> None:
    world.policy = replace(world.policy, repeat_after=DAY, zone=BERLIN)
    world.round(after - 10 * SECOND)
    world.open(2)
    world.round(10 * SECOND)
    while world.now < datetime(2026, 11, 25, 6, tzinfo=UTC):
        world.round(MINUTE)
    [reminder, *_] = world.of_kind(AlertKind.REMINDER)
    assert world.written[reminder.key] == reminded


def test_what_is_acknowledged_or_silenced_is_not_told_again(world: World) -> None:
    world.policy = replace(world.policy, repeat_after=DAY)
    for line in (2, 4, 6):
        world.open(line)
    world.round(MINUTE)
    world.incidents[1] = replace(world.incidents[1], acked_at=world.now)
    world.incidents[2] = replace(world.incidents[2], acked_at=world.now, ack_until=START + DAY)
    world.silence(Selector(phone_id=6), 10 * DAY)
    assert not world.round(23 * HOUR).tellings
    assert [one.id for one in world.round(DAY).tellings[0].incidents] == [2]


def test_what_was_never_told_hides_no_reminder_of_what_was(world: World) -> None:
    world.policy = replace(world.policy, repeat_after=DAY)
    world.silence(Selector(phone_id=2), 2 * DAY)
    world.open(2)
    world.open(4)
    world.round(MINUTE)
    [reminder] = world.round(DAY).tellings
    assert [one.id for one in reminder.incidents] == [2]


def test_a_cause_is_told_again_by_its_name(world: World) -> None:
    world.policy = replace(world.policy, repeat_after=DAY)
    for line in (2, 4):
        world.open(line)
    world.explain([1, 2])
    world.round(MINUTE)
    [telling] = world.round(DAY).tellings
    assert (telling.kind, len(telling.causes), telling.incidents) == (AlertKind.REMINDER, 1, ())
