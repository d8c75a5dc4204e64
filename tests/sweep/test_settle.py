"""The end of a sweep: what answered as another phone than the one asked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.model import Observation, Phone, Reach, Reason
from fleet.sweep.backoff import Backoff
from fleet.sweep.observe import Polled, Seen
from fleet.sweep.reconcile import Settling
from fleet.sweep.run import Job, Pass, Tally
from fleet.sweep.targets import LoginDefaults, target_of
from tests.store.fleets import HOUR, MINUTE, START, Sweeping, add, facts, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.model import Facts
    from fleet.phone.http.target import Target
    from fleet.store import Store

ONE, TWO, OTHER = "00:08:5D:00:00:01", "00:08:5D:00:00:02", "00:08:5D:00:00:09"


class Network:
    """What answers at which host: a MAC, or nothing. Takes the place of the observer."""

    def __init__(self, macs: dict[str, str]) -> None:
        self.macs = macs
        self.asked: list[int] = []

    async def observe(self, phone_id: int, target: Target, seen: Seen) -> Polled:
        self.asked.append(phone_id)
        mac = self.macs.get(target.address)
        found: Facts | None = facts(line(), mac=mac) if mac else None
        return Polled(
            observation=Observation(
                phone_id=phone_id,
                at=START + HOUR,
                reach=Reach.OK if found else Reach.UNREACHABLE,
                reason=None if found else Reason.NO_ANSWER,
                facts=found,
            )
        )


async def swept(store: Store, network: Network, chosen: Sequence[int]) -> list[str]:
    """Poll the chosen phones and settle; give the sentences."""
    sweeping = Sweeping(store)

    def jobs(ids: Sequence[int]) -> list[Job]:
        return [
            Job(known=known, target=target_of(known.stored, LoginDefaults()), seen=Seen())
            for known in (sweeping.known[phone_id] for phone_id in ids)
        ]

    everyone = Pass(
        observer=network,  # type: ignore[arg-type]  # it observes, and that is all that is asked
        judge=lambda _known, _observation: {},
        backoff=Backoff(first=MINUTE, longest=HOUR),
        is_settings_password=lambda _stored: False,
        write=lambda batch: sweeping.write(*batch),
        known=sweeping.known,
        owners=store.phones.mac_owners(),
        tally=Tally(planned=len(chosen)),
        progress=lambda _tally: None,
    )
    await everyone.run(jobs(chosen), concurrency=2)
    settling = Settling(store=store, clock=lambda: START + timedelta(hours=1), jobs=jobs)
    notes = await settling.run(everyone, set(chosen))
    sweeping.finish()
    return notes


def two(store: Store) -> list[int]:
    return add(store, Phone(host="h1", mac=ONE, name="one"), Phone(host="h2", mac=TWO, name="two"))


def hosts(store: Store) -> dict[str, str]:
    return {each.phone.name: each.phone.host for each in store.phones.load()}


def reasons(store: Store) -> dict[str, Reason | None]:
    return {each.stored.phone.name: each.reason for each in store.observations.statuses()}


async def test_where_everyone_is_at_home_nothing_is_settled(store: Store) -> None:
    ids = two(store)

    assert await swept(store, Network({"h1": ONE, "h2": TWO}), ids) == []
    assert reasons(store) == {"one": None, "two": None}


async def test_phones_that_swapped_addresses_are_told_of_at_their_new_ones(store: Store) -> None:
    ids = two(store)

    notes = await swept(store, Network({"h1": TWO, "h2": ONE}), ids)

    assert hosts(store) == {"one": "h2", "two": "h1"}
    assert reasons(store) == {"one": None, "two": None}
    assert sorted(notes) == ["one moved from h1 to h2.", "two moved from h2 to h1."]


async def test_an_owner_that_was_not_chosen_is_asked_before_it_is_moved(store: Store) -> None:
    one, two_ = two(store)
    network = Network({"h1": ONE, "h2": ONE})

    notes = await swept(store, network, [two_])

    assert network.asked == [two_, one]
    assert hosts(store) == {"one": "h1", "two": "h2"}
    assert "nothing was changed" in notes[0]


async def test_a_stranger_in_a_phones_place_is_not_taken_for_it(store: Store) -> None:
    ids = two(store)

    [note] = await swept(store, Network({"h1": OTHER, "h2": TWO}), ids)

    assert f"in place of {ONE}" in note
    assert reasons(store) == {"one": Reason.OTHER_PHONE, "two": None}
    assert hosts(store) == {"one": "h1", "two": "h2"}


async def test_a_phone_that_moved_leaves_its_place_to_the_one_it_drove_out(store: Store) -> None:
    ids = two(store)

    notes = await swept(store, Network({"h2": ONE}), ids)

    assert hosts(store) == {"one": "h2", "two": "h1"}
    assert any("lost its address h2" in note for note in notes)
    assert reasons(store)["one"] is None
