"""What one look changes is written whole, beside what was seen, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fleet.model import Flap, IncidentState, NoticeKind, Phone, Site, Step
from fleet.store import Change, Store
from tests.store.fleets import MINUTE, START, Sweeping, add, good, line
from tests.store.watching import finding, look, sighting, step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.model import Incident


@pytest.fixture
def phone_id(store: Store) -> int:
    return add(store, Phone(host="10.0.0.1", name="reception"))[0]


def test_an_incident_opens_stays_and_is_resolved(store: Store, phone_id: int) -> None:
    look(store, phone_id, START, finding())
    look(store, phone_id, START + MINUTE, finding())
    [opened] = store.findings.incidents(open_only=True)
    assert (opened.rule, opened.line, opened.code, opened.site) == ("line-failed", 1, 401, "berlin")
    assert opened.opened == START

    look(store, phone_id, START + 2 * MINUTE)

    [resolved] = store.findings.incidents()
    assert resolved.state is IncidentState.RESOLVED
    assert resolved.resolved == START + 2 * MINUTE
    assert store.findings.incidents(open_only=True) == []
    kinds = [(one.kind, one.incident.id) for one in store.alerts.unhandled_notices()]
    assert kinds == [(NoticeKind.OPENED, opened.id), (NoticeKind.RESOLVED, opened.id)]


def test_a_poll_and_its_incidents_are_one_transaction(store: Store, phone_id: int) -> None:
    sweeping = Sweeping(store)
    known = sweeping.known[phone_id]
    poll = replace(good(known, START, line()), sighting=sighting(phone_id, START, finding()))

    def breaks(*_: object) -> Step:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        store.observations.record(sweeping.sweep.id, [poll], breaks)
    assert next(iter(store.observations.statuses())).reach is None

    store.observations.record(sweeping.sweep.id, [poll], step)
    assert len(store.findings.incidents(open_only=True)) == 1
    assert next(iter(store.observations.statuses())).reach == "ok"


def test_one_phone_twice_in_a_batch_is_taken_in_order(store: Store, phone_id: int) -> None:
    looks = [sighting(phone_id, START, finding()), sighting(phone_id, START + MINUTE)]
    told = store.findings.record(looks, step)
    assert [one.kind for one in told] == [NoticeKind.OPENED, NoticeKind.RESOLVED]
    assert store.findings.incidents(open_only=True) == []


def test_what_never_opened_is_kept_with_its_end_and_nobody_is_told(
    store: Store, phone_id: int
) -> None:
    def pending(standing: object, flaps: object, seen: object) -> Step:
        made = step([], [], sighting(phone_id, START, finding())).incidents[0]
        return Step(incidents=(replace(made, state=IncidentState.PENDING, opened=None),))

    store.findings.record([sighting(phone_id, START, finding())], pending)
    [soft] = store.findings.incidents(open_only=True, pending=True)
    assert store.findings.incidents(open_only=True) == []

    def forget(*_: object) -> Step:
        return Step(
            incidents=(replace(soft, state=IncidentState.RESOLVED, resolved=START + MINUTE),)
        )

    store.findings.record([sighting(phone_id, START + MINUTE)], forget)
    assert store.findings.incidents(open_only=True, pending=True) == []
    assert store.findings.incidents() == []
    [over] = store.findings.incidents(pending=True)
    assert (over.first_seen, over.resolved) == (START, START + MINUTE)
    assert store.alerts.unhandled_notices() == []


def test_a_removed_phones_incidents_are_resolved_and_told(store: Store, phone_id: int) -> None:
    look(store, phone_id, START, finding())
    store.inventory.remove([phone_id], START + MINUTE)
    [kept] = store.findings.incidents()
    assert (kept.phone_id, kept.phone) == (None, "reception")
    assert kept.resolved == START + MINUTE
    assert [one.kind for one in store.alerts.unhandled_notices()] == [
        NoticeKind.OPENED,
        NoticeKind.RESOLVED,
    ]


def test_a_look_at_a_phone_that_was_removed_writes_nothing(store: Store, phone_id: int) -> None:
    store.inventory.remove([phone_id], START)
    look(store, phone_id, START, finding())
    assert store.findings.incidents(pending=True) == []


def test_incidents_of_rules_that_are_off_are_resolved(store: Store, phone_id: int) -> None:
    look(store, phone_id, START, finding(), finding(rule="line-on-backup"))
    assert store.findings.judge_all_again("settings", ["line-failed"], START + MINUTE)
    assert not store.findings.judge_all_again("settings", [], START + MINUTE)
    assert [one.rule for one in store.findings.incidents(open_only=True)] == ["line-failed"]
    [closed] = [one for one in store.findings.incidents() if one.resolved]
    assert closed.text == "401 (closed: the rule was switched off)"


def test_the_incidents_of_a_phone_that_is_removed_say_so(store: Store, phone_id: int) -> None:
    look(store, phone_id, START, finding())
    store.inventory.remove([phone_id], START + MINUTE)
    [closed] = store.findings.incidents()
    assert (closed.state, closed.text) == (
        IncidentState.RESOLVED,
        "401 (closed: the phone was removed)",
    )


def test_flaps_are_kept_and_forgotten(store: Store, phone_id: int) -> None:
    flap = Flap(phone_id=phone_id, line=1, changes=(START, START + MINUTE), is_flapping=True)
    seen: list[Flap] = []

    def write(_standing: object, flaps: object, _seen: object) -> Step:
        seen.extend(flaps)  # type: ignore[arg-type]
        return Step(flaps=(flap,))

    store.findings.record([sighting(phone_id, START, finding())], write)
    assert store.findings.flapping() == {(phone_id, 1)}
    store.findings.record([sighting(phone_id, START)], write)
    assert seen == [flap]

    over = replace(flap, changes=(), is_flapping=False)
    store.findings.record([sighting(phone_id, START)], lambda *_: Step(flaps=(over,)))
    assert store.findings.flapping() == set()


def test_incidents_are_found_by_site_phone_time_and_acknowledged(store: Store) -> None:
    here, there = add(store, Phone(host="10.0.0.1"), Phone(host="10.0.0.2"))
    look(store, here, START, finding())
    look(store, there, START, finding())
    look(store, there, START + MINUTE)
    assert len(store.findings.incidents(site="berlin")) == 2
    assert store.findings.incidents(site="paris") == []
    assert [one.phone_id for one in store.findings.incidents(phone_id=there)] == [there]
    assert [one.phone_id for one in store.findings.incidents(since=START + 2 * MINUTE)] == [here]

    ids = [one.id for one in store.findings.incidents() if one.id]
    assert store.findings.acknowledge(ids, by="ann", at=START + MINUTE) == 1
    [standing] = store.findings.incidents(open_only=True)
    assert (standing.acked_by, standing.acked_at) == ("ann", START + MINUTE)


def test_a_look_under_way_does_not_write_over_an_acknowledgement(
    store: Store, phone_id: int
) -> None:
    look(store, phone_id, START, finding())
    [standing] = store.findings.incidents()
    acks = [
        threading.Thread(
            target=store.findings.acknowledge,
            args=([standing.id],),
            kwargs={"by": "ann", "at": START},
        )
    ]

    def meanwhile(known: Sequence[Incident], *_: object) -> Step:
        acks[0].start()
        acks[0].join(0.2)  # it cannot end before this look has: its turn comes after
        return Step(incidents=tuple(replace(one, code=403) for one in known))

    store.findings.record([sighting(phone_id, START + MINUTE, finding())], meanwhile)
    acks[0].join()

    [after] = store.findings.incidents()
    assert (after.code, after.acked_by) == (403, "ann")


def test_the_population_names_groups(store: Store) -> None:
    berlin = Site(name="berlin", networks=("10.0.0.0/24",), password="s")
    phones = (
        Phone(host="10.0.0.1", site="berlin"),
        Phone(host="10.0.0.2", site="berlin", password="own"),
        Phone(host="10.9.0.1"),
    )
    store.inventory.apply([berlin], [Change(id=None, phone=phone) for phone in phones])
    sweeping = Sweeping(store)
    for known in list(sweeping.known.values())[:2]:
        sweeping.write(good(known, START, line(), line(2)))
    found = store.phones.population(["PBX.example"])
    assert [one.login for one in found.phones] == ["site berlin", "", "settings"]
    assert found.lines == {"pbx.example": (START,) * 4}
    assert found.networks == {"berlin": ("10.0.0.0/24",)}


def test_pruning_keeps_what_nobody_was_told_of(store: Store, phone_id: int) -> None:
    look(store, phone_id, START, finding())
    look(store, phone_id, START + MINUTE)
    later = START + timedelta(days=500)
    done = store.prune(history_before=later, evidence_before=later, sweeps_before=later)
    assert done.incidents == 0
    assert len(store.findings.incidents()) == 1
