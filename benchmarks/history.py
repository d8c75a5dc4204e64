"""What months of watching cost: `python benchmarks/history.py --help`. No network at all.

Feeds observations to the store as sweeps every five minutes do, incidents and all. A line has an
outage a day, of half an hour, so two changes. A poll of a healthy phone that stays so adds no row;
of those only one in a day is fed. Then asks what people ask: the status of a past moment, one
phone's history, everybody's history, the audit.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, from anywhere

from fleet.judge import Context, advance, verdicts, watch_for
from fleet.model import (
    Account,
    Facts,
    Line,
    Observation,
    Phone,
    Reach,
    Registration,
    Sighting,
    Site,
    SweepCounts,
)
from fleet.store import Change, Known, Recorded, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

START = datetime(2026, 1, 1, tzinfo=UTC)
SWEEP = timedelta(minutes=5)
OUTAGE = timedelta(minutes=30)
A_DAY = int(timedelta(days=1) / SWEEP)
BATCH = 500
LEASE = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """A fleet and the time that is watched. `outages` are those of one line in a day."""

    phones: int
    lines: int
    days: int
    outages: float


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Watch a made-up fleet for months, then ask.")
    add = parser.add_argument
    add("--phones", type=int, default=1_000)
    add("--lines", type=int, default=3)
    add("--days", type=int, default=90)
    add("--outages", type=float, default=1.0, help="of each line, a day; two changes each")
    add("--url", help="a database's URL; else a SQLite file in a folder of its own")
    add("--ask", action="store_true", help="only ask, of a database that was fed before")
    return parser.parse_args()


def main() -> None:
    """Watch, ask, and print a table."""
    given = _parse()
    shape = Shape(phones=given.phones, lines=given.lines, days=given.days, outages=given.outages)
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite:///{folder}/fleet.db"
        if not given.ask:
            took, polls = watch(url, shape)
            print(f"| {polls:,} polls fed | {took:.0f} s, {took / polls * 1e6:.0f} µs each |")
        file = Path(url.removeprefix("sqlite:///"))
        if file.exists():
            print(f"| database | {file.stat().st_size / 1e6:.1f} MB |")
        for name, seconds, said in ask(url, shape, Path(folder)):
            print(f"| {name} | {seconds:.2f} s | {said} |")


def watch(url: str, shape: Shape) -> tuple[float, int]:
    """Record every sweep of the time; give seconds and polls."""
    store = Store.open(url, keyring=None)
    phones = [
        Phone(host=f"10.{n >> 8 & 255}.{n & 255}.1", site=f"site{n % 20:02}", name=f"phone{n}")
        for n in range(shape.phones)
    ]
    sites = [Site(name=name) for name in sorted({phone.site for phone in phones})]
    store.inventory.apply(sites, [Change(id=None, phone=phone) for phone in phones])
    known, chance = store.observations.known(), random.Random(1)
    step = partial(advance, watch=watch_for({}))
    sweeps = int(timedelta(days=shape.days) / SWEEP)
    odds = shape.outages * (SWEEP / timedelta(days=1))
    began, fed = time.perf_counter(), 0
    for number in range(sweeps):
        at = START + number * SWEEP
        sweep = store.sweeps.begin(
            trigger="test", selection="all", planned=shape.phones, now=at, ttl=LEASE
        )
        polls = [
            poll
            for each in known.values()
            if (poll := _poll(each, shape, at, odds, chance, is_due=number % A_DAY == 0))
        ]
        fed += len(polls)
        for place in range(0, len(polls), BATCH):
            known |= store.observations.record(sweep.id, polls[place : place + BATCH], step)
        store.sweeps.finish(sweep.id, SweepCounts(ok=shape.phones), at)
        if number % 2000 == 0:
            print(f"day {number * SWEEP / timedelta(days=1):.0f}", file=sys.stderr, flush=True)
    store.close()
    return time.perf_counter() - began, fed


def _poll(
    known: Known, shape: Shape, at: datetime, odds: float, chance: random.Random, *, is_due: bool
) -> Recorded | None:
    before = known.facts
    facts = before or _healthy(known, shape)
    was_well = all(line.registration is Registration.REGISTERED for line in facts.lines)
    for place, line in enumerate(facts.lines):
        is_well = line.registration is Registration.REGISTERED
        if chance.random() < (odds if is_well else SWEEP / OUTAGE):
            facts = _changed(facts, place, chance)
    if facts is before and was_well and not is_due:
        return None
    seen = Observation(phone_id=known.stored.id, at=at, reach=Reach.OK, facts=facts)
    context = Context(phone=known.stored.phone, reach=Reach.OK, lines=facts.lines)
    sighting = Sighting(
        phone_id=known.stored.id,
        at=at,
        verdicts=verdicts(context, at),
        reach=Reach.OK,
        site=known.stored.phone.site,
        phone=known.stored.phone.label,
    )
    return Recorded(known=known, observation=seen, page_key="key", sighting=sighting)


def _healthy(known: Known, shape: Shape) -> Facts:
    return Facts(
        dialect="67xxi",
        model="6753i",
        firmware="3.3.1.4365",
        lines=tuple(_line(known.stored.id, number + 1) for number in range(shape.lines)),
    )


def _line(phone_id: int, number: int) -> Line:
    user = f"{phone_id}{number}"
    account = Account(raw=f"{user}@pbx.example:5060", user=user, registrar="pbx.example", port=5060)
    return Line(
        number=number,
        registration=Registration.REGISTERED,
        account=account,
        backup=False,
        status_text="Registered",
    )


def _changed(facts: Facts, place: int, chance: random.Random) -> Facts:
    line = facts.lines[place]
    if line.registration is Registration.REGISTERED:
        code = chance.choice((401, 403, 503))
        turned = replace(line, registration=Registration.FAILED, code=code, status_text=str(code))
    else:
        turned = replace(
            line, registration=Registration.REGISTERED, code=None, status_text="Registered"
        )
    lines = (*facts.lines[:place], turned, *facts.lines[place + 1 :])
    return replace(facts, lines=lines)


def ask(url: str, shape: Shape, folder: Path) -> list[tuple[str, float, str]]:
    """Call the commands that people call; give what each took, start-up included."""
    middle = (START + timedelta(days=shape.days) / 2).isoformat()
    commands = {
        "status --at the middle": ["status", "--at", middle, "--format", "csv"],
        "history of one phone": ["history", "phone1"],
        "export history, all of it": ["export", "history"],
        "incidents": ["incidents", "list", "--json"],
        "audit, without a sweep": ["audit", "--no-sweep", "--output", str(folder / "audit")],
    }
    return [(name, *_call(words, url, folder)) for name, words in commands.items()]


def _call(words: Sequence[str], url: str, folder: Path) -> tuple[float, str]:
    began = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "fleet", *words],
        cwd=folder,
        env={"PATH": "", "FLEET_DATABASE_URL": url, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        check=True,
    )
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return took, f"{len(ran.stdout) / 1e6:.1f} MB printed, peak so far {peak:.0f} MB"


if __name__ == "__main__":
    main()
