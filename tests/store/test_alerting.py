"""A round of alerting is written whole or not at all, and deliveries are claimed by one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from fleet.model import (
    Alert,
    AlertKind,
    Cause,
    CauseKind,
    DeliveryState,
    Phone,
    Selector,
    Severity,
    Silence,
)
from fleet.store import Alerting, NewAlert, Store
from tests.store.fleets import MINUTE, START, add
from tests.store.watching import finding, look

SOON = START + MINUTE


@pytest.fixture
def troubled(store: Store) -> Store:
    """A store with a phone of which two lines are refused."""
    [phone_id] = add(store, Phone(host="10.0.0.1"))
    look(store, phone_id, START, finding(1), finding(2))
    return store


def alert(key: str = "k1", kind: AlertKind = AlertKind.PROBLEM) -> Alert:
    return Alert(
        key=key,
        kind=kind,
        severity=Severity.CRITICAL,
        at=SOON,
        subject="Two lines",
        text="Two lines are refused.",
    )


def round_of(store: Store, key: str = "k1", **fields: object) -> Alerting:
    ids = tuple(one.id for one in store.alerts.unhandled_notices() if one.id)
    new = NewAlert(alert=alert(key), routes=(("noc", SOON),), notice_ids=ids)
    return Alerting(**{"at": SOON, "alerts": (new,), **fields})  # type: ignore[arg-type]


def test_an_alert_sees_to_its_notices(troubled: Store) -> None:
    incidents = [one.id for one in troubled.findings.incidents() if one.id]
    assert troubled.alerts.announced(incidents) == {}
    assert troubled.alerts.apply(round_of(troubled))
    assert troubled.alerts.unhandled_notices() == []
    assert troubled.alerts.announced(incidents) == dict.fromkeys(incidents, SOON)
    assert troubled.alerts.sent_since(START) == {"noc": 1}
    [delivery] = troubled.alerts.deliveries()
    assert (delivery.route, delivery.state, delivery.alert.subject) == (
        "noc",
        DeliveryState.WAITING,
        "Two lines",
    )


def test_two_rounds_that_saw_the_same_tell_it_once(troubled: Store) -> None:
    first, second = round_of(troubled, "k1"), round_of(troubled, "k2")
    assert troubled.alerts.apply(first)
    assert not troubled.alerts.apply(second)
    assert len(troubled.alerts.deliveries()) == 1


def test_dropped_notices_say_why_and_are_not_announced(troubled: Store) -> None:
    incidents = [one.id for one in troubled.findings.incidents() if one.id]
    dropped = tuple(
        (one.id, "it was nothing") for one in troubled.alerts.unhandled_notices() if one.id
    )
    assert troubled.alerts.apply(Alerting(at=SOON, dropped=dropped))
    assert troubled.alerts.unhandled_notices() == []
    assert troubled.alerts.announced(incidents) == {}


def prune(store: Store) -> None:
    later = START + timedelta(days=500)
    store.prune(history_before=later, evidence_before=later, sweeps_before=later)


def taken(store: Store) -> None:
    """Everything that is due is delivered."""
    for one in store.alerts.claim_deliveries(now=SOON, until=SOON + MINUTE):
        store.alerts.mark_delivery(replace(one, state=DeliveryState.SENT, sent=SOON))


def cause_of(members: frozenset[int]) -> Cause:
    return Cause(
        kind=CauseKind.REGISTRAR,
        name="pbx.example",
        began=START,
        failing=2,
        looked_at=2,
        members=members,
        codes=((401, 2),),
    )


def test_pruning_keeps_that_somebody_was_told_of_what_stands(troubled: Store) -> None:
    incidents = [one.id for one in troubled.findings.incidents() if one.id]
    troubled.alerts.apply(round_of(troubled))
    taken(troubled)
    prune(troubled)
    assert troubled.alerts.announced(incidents) == dict.fromkeys(incidents, SOON)


def test_pruning_keeps_the_cause_that_somebody_was_told_of_as_long_as_its_members(
    troubled: Store,
) -> None:
    incidents = frozenset(one.id for one in troubled.findings.incidents() if one.id)
    cause = cause_of(incidents)
    told = NewAlert(alert=alert(), routes=(("noc", SOON),), cause=cause)
    troubled.alerts.apply(Alerting(at=SOON, causes=(cause,), alerts=(told,)))
    [stored] = troubled.alerts.open_causes()
    over = replace(stored, ended=SOON)
    dropped = tuple((one.id, "covered") for one in troubled.alerts.unhandled_notices() if one.id)
    troubled.alerts.apply(Alerting(at=SOON, causes=(over,), dropped=dropped))
    taken(troubled)
    prune(troubled)
    assert troubled.alerts.announced(incidents) == dict.fromkeys(incidents, SOON)


def test_pruning_deletes_what_was_told_and_is_over(troubled: Store) -> None:
    [phone_id] = {one.phone_id for one in troubled.findings.incidents() if one.phone_id}
    look(troubled, phone_id, SOON)
    troubled.alerts.apply(round_of(troubled))
    taken(troubled)
    prune(troubled)
    assert troubled.findings.incidents() == []
    assert troubled.alerts.deliveries() == []


def test_a_cause_is_told_with_its_members(troubled: Store) -> None:
    members = frozenset(one.id for one in troubled.findings.incidents() if one.id)
    cause = cause_of(members)
    told = NewAlert(alert=alert(), routes=(("noc", SOON),), cause=cause)
    assert troubled.alerts.apply(Alerting(at=SOON, causes=(cause,), alerts=(told,)))
    [stored] = troubled.alerts.open_causes()
    assert stored == replace(cause, id=stored.id)
    assert troubled.alerts.caused() == dict.fromkeys(members, "registrar pbx.example")
    assert stored.id is not None
    assert troubled.alerts.announced_causes() == {stored.id: SOON}
    assert troubled.alerts.announced(members) == dict.fromkeys(members, SOON)
    assert troubled.findings.incidents(cause_id=stored.id) != []
    assert troubled.findings.acknowledge_cause(stored.id, by="ann", at=SOON)

    ended = replace(stored, ended=SOON + MINUTE, failing=0)
    assert troubled.alerts.apply(Alerting(at=SOON, causes=(ended,)))
    assert troubled.alerts.open_causes() == []
    kept = troubled.alerts.cause(stored.id)
    assert kept is not None
    assert (kept.ended, kept.acked_by) == (SOON + MINUTE, "ann")


def test_a_delivery_is_claimed_by_one_and_due_again_if_that_one_dies(troubled: Store) -> None:
    troubled.alerts.apply(round_of(troubled))
    until = SOON + MINUTE

    def claim(_: int) -> int:
        return len(troubled.alerts.claim_deliveries(now=SOON, until=until))

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(claim, range(4))) == [0, 0, 0, 1]
    assert len(troubled.alerts.claim_deliveries(now=until, until=until + MINUTE)) == 1


def test_what_was_sent_stays_so(troubled: Store) -> None:
    troubled.alerts.apply(round_of(troubled))
    [delivery] = troubled.alerts.claim_deliveries(now=SOON, until=SOON + MINUTE)
    sent = replace(delivery, state=DeliveryState.SENT, sent=SOON, attempts=1)
    troubled.alerts.mark_delivery(sent)
    troubled.alerts.mark_delivery(replace(delivery, error="too late", attempts=2))
    [kept] = troubled.alerts.deliveries()
    assert (kept.state, kept.error, kept.attempts) == (DeliveryState.SENT, "", 1)
    assert troubled.alerts.deliveries([DeliveryState.WAITING]) == []


def test_silences_last_and_end(store: Store) -> None:
    silence = Silence(
        selector=Selector(site="berlin", rule="line-failed"),
        since=START,
        until=START + timedelta(hours=2),
        by="ann",
        comment="moving house",
    )
    number = store.silences.add(silence)
    assert store.silences.load(SOON) == [replace(silence, id=number)]
    assert store.silences.end(number, SOON)
    assert not store.silences.end(number, SOON)
    assert store.silences.load(SOON) == []
    assert len(store.silences.load(SOON, past=True)) == 1
