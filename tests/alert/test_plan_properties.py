"""Whatever happens, in whatever order: nothing is lost, nothing is told twice, no storm."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.clock import DailySpan
from fleet.model import AlertKind, NoticeKind, Selector, Severity
from tests.alert.makers import DAY, HOUR, MINUTE
from tests.alert.world import POLICY, World

if TYPE_CHECKING:
    from fleet.alert import Telling

LINES = st.integers(0, 4)
NIGHT = DailySpan(begins=time(22), ends=time(6), zone=ZoneInfo("Europe/Berlin"))
EVENTS = st.one_of(
    st.tuples(st.just("open"), LINES, st.sampled_from(Severity)),
    st.tuples(st.just("resolve"), LINES),
    st.tuples(st.just("explain"), st.sampled_from([{0, 2, 4}, {0, 1, 2, 3, 4}, {1, 2}])),
    st.tuples(st.just("end")),
    st.tuples(st.just("silence"), st.sampled_from(["berlin", "bonn", ""]), st.integers(1, 300)),
    st.tuples(st.just("flap"), LINES),
)
PAUSES = st.sampled_from([None, 0, 2, 5, 30, 1800, 30_000])  # seconds until the next round, if any


MANY = settings(max_examples=200, deadline=None)


def happen(world: World, event: tuple[object, ...]) -> None:
    match event:
        case ("open", int(line), Severity() as severity):
            world.open(line, severity=severity)
        case ("resolve", int(line)):
            world.resolve_line(line)
        case ("explain", set() as lines):
            world.explain([o.id or 0 for o in world.standing() if o.phone_id in lines])
        case ("end",):
            world.end_causes()
        case ("silence", str(site), int(minutes)):
            world.silence(Selector(site=site), minutes * MINUTE)
        case ("flap", int(line)):
            world.flapping ^= {(line, 1)}


def quieten(world: World) -> None:
    """Let everything end, and enough time pass for all that is held."""
    world.flapping.clear()
    for number, silence in world.silences.items():
        world.silences[number] = replace(silence, until=min(silence.until, world.now))
    for _ in range(3):
        world.round(9 * HOUR)
    for one in world.standing():
        world.resolve(one.id or 0)
    for number in world.causes:
        world.end_cause(number)
    for _ in range(3):
        world.round(9 * HOUR)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    quiet = draw(st.sampled_from([None, NIGHT]))
    most = draw(st.sampled_from([1, 3, 30]))
    repeat = draw(st.sampled_from([None, HOUR, DAY]))
    world = World(
        policy=replace(POLICY, quiet_hours=quiet, most_per_hour=most, repeat_after=repeat)
    )
    for event, seconds in draw(st.lists(st.tuples(EVENTS, PAUSES), min_size=8, max_size=40)):
        happen(world, event)
        if seconds is not None:
            world.round(timedelta(seconds=seconds))
    quieten(world)
    return world


@MANY
@given(worlds())
def test_every_notice_is_told_or_dropped_for_a_reason(world: World) -> None:
    assert not list(world.unhandled())
    assert not world.alert_of.keys() & world.dropped.keys()
    told = world.announced()
    for number, why in world.dropped.items():
        one = world.notices[number].incident
        if why.startswith("covered by cause"):
            assert int(why.rsplit(" ", 1)[1]) == world.cause_of[one.id or 0]
        elif why != "sent with its cause":
            assert one.id not in told


@MANY
@given(worlds())
def test_whatever_was_told_has_exactly_one_recovery(world: World) -> None:
    told, ends = world.announced(), recovered_causes(world)
    for number, one in world.notices.items():
        if one.kind is not NoticeKind.RESOLVED:
            continue
        i = one.incident.id or 0
        recoveries = [t for t in world.of_kind(AlertKind.RECOVERY) if number in t.notice_ids]
        by_cause = world.dropped.get(number, "").startswith("covered by cause")
        if by_cause or any(telling.cause for telling in recoveries):
            assert ends[world.cause_of[i]] >= 1
            assert all(telling.cause for telling in recoveries)
        else:
            assert bool(recoveries) == (i in told)
    for telling in world.of_kind(AlertKind.PROBLEM):
        if telling.cause:
            assert ends[telling.cause.id or 0] >= 1


def recovered_causes(world: World) -> Counter[int]:
    """How many recoveries each cause had; a route has at most one of each."""
    ends = Counter(
        (telling.cause.id or 0, telling.route.name)
        for telling in world.of_kind(AlertKind.RECOVERY)
        if telling.cause
    )
    assert set(ends.values()) <= {1}
    return Counter(cause for cause, _ in ends)


@MANY
@given(worlds())
def test_every_receiver_who_takes_it_is_told(world: World) -> None:
    problems = world.of_kind(AlertKind.PROBLEM)
    for i in world.announced():
        one = world.incidents[i]
        told_by = {t.route.name for t in problems if i * 10 in t.notice_ids or covers(t, world, i)}
        assert {r.name for r in world.policy.routes if r.takes(one)} <= told_by


def covers(telling: Telling, world: World, incident: int) -> bool:
    return telling.cause is not None and telling.cause.id == world.cause_of.get(incident)


@MANY
@given(worlds())
def test_a_round_writes_no_more_alerts_than_there_are_groups(world: World) -> None:
    for decided in world.rounds:
        by_route = Counter(telling.route.name for telling in decided.tellings)
        causes = {telling.cause.id for telling in decided.tellings if telling.cause}
        assert all(count <= len(causes) + 3 for count in by_route.values())


@MANY
@given(worlds())
def test_nothing_is_told_by_itself_while_it_is_silenced(world: World) -> None:
    for telling in world.of_kind(AlertKind.PROBLEM):
        at = world.written[telling.key]
        for one in telling.incidents if not telling.cause else ():
            silences = [s for s in world.silences.values() if s.since < at < s.until]
            assert not any(silence.selector.covers(one) for silence in silences)
