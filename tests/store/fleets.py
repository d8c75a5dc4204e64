"""Small fleets for the store's tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fleet.model import (
    Account,
    Facts,
    Line,
    Observation,
    Phone,
    Reach,
    Reason,
    Registration,
    Sighting,
    SweepCounts,
)
from fleet.store import Change, EvidencePage, Known, Recorded, Store

if TYPE_CHECKING:
    from fleet.findings import Judge

START = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def add(store: Store, *phones: Phone) -> list[int]:
    """Add phones; give their numbers, in order."""
    store.inventory.apply([], [Change(id=None, phone=phone) for phone in phones])
    ids = {stored.phone.host: stored.id for stored in store.phones.load()}
    return [ids[phone.host] for phone in phones]


def line(number: int = 1, state: Registration = Registration.REGISTERED, **fields: object) -> Line:
    """A line of account 10NN."""
    account = Account(
        raw=f"10{number:02}@pbx.example:5060",
        user=f"10{number:02}",
        registrar="pbx.example",
        port=5060,
    )
    return Line(**{"number": number, "registration": state, "account": account, **fields})  # type: ignore[arg-type]


def facts(*lines: Line, mac: str = "") -> Facts:
    """A page's facts."""
    return Facts(
        dialect="67xxi", lines=lines, mac=mac, model="6753i", firmware="3.2.2", boot_version="2.5"
    )


def good(known: Known, at: datetime, *lines: Line, mac: str = "", **fields: object) -> Recorded:
    """A poll that went well."""
    observation = Observation(
        phone_id=known.stored.id, at=at, reach=Reach.OK, facts=facts(*lines, mac=mac)
    )
    return Recorded(**{"known": known, "observation": observation, "page_key": "key", **fields})  # type: ignore[arg-type]


def bad(
    known: Known, at: datetime, reason: Reason = Reason.NO_ANSWER, **fields: object
) -> Recorded:
    """A poll that failed."""
    observation = Observation(
        phone_id=known.stored.id, at=at, reach=reason.reach, reason=reason, detail="It failed."
    )
    return Recorded(**{"known": known, "observation": observation, **fields})  # type: ignore[arg-type]


def page(at: datetime, body: bytes = b"<html>", status: int = 200) -> EvidencePage:
    """A kept page."""
    return EvidencePage(at=at, path="/sysinfo.html", status=status, dialect="67xxi", body=body)


def judged(judge: Judge, recorded: Recorded) -> Recorded:
    """The poll with what the rules find in it, as a sweep records it."""
    known, observation = recorded.known, recorded.observation
    sighting = Sighting(
        phone_id=known.stored.id,
        at=observation.at,
        verdicts=judge.poll(known, observation),
        reach=observation.reach,
        site=known.stored.phone.site,
        phone=known.stored.phone.label,
    )
    return replace(recorded, sighting=sighting)


class Sweeping:
    """A store with a sweep under way, and what is known of its phones."""

    def __init__(self, store: Store, now: datetime = START) -> None:
        self.store = store
        self.sweep = store.sweeps.begin(
            trigger="test", selection="", planned=1, now=now, ttl=timedelta(days=9999)
        )
        self.known = store.observations.known()

    def write(self, *batch: Recorded) -> dict[int, Known]:
        """Write polls and keep up with what is known."""
        written = self.store.observations.record(self.sweep.id, batch)
        self.known |= written
        return written

    def finish(self, now: datetime = START) -> None:
        """End the sweep."""
        self.store.sweeps.finish(self.sweep.id, SweepCounts(ok=1), now)
