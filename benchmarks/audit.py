"""What an audit costs: a made-up month of a fleet in a database, then one audit of it, measured.

    python -m benchmarks.audit --phones 20000 --changes 0.05

`--changes` is how often a line changes in a day. The audit runs in a process of its own, so that
its memory is not that of making the month up.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from benchmarks.measure import peak_memory
from fleet.app import App
from fleet.audit import AuditOrder
from fleet.model import Phone, Reach, Reason, Registration
from fleet.settings import load_settings
from fleet.store import Change, Store
from fleet.store.tables import line_periods, phone_states, reach_periods, sweeps

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS, LINES, SITES = 30, 3, 40
MODELS = (("6753i", "3.3.1.4365"), ("6757i", "3.3.1.8215"), ("6731i", "3.2.2.56"))
STATES = (
    (Registration.REGISTERED, None, False),
    (Registration.FAILED, 401, None),
    (Registration.UNREGISTERED, None, None),
    (Registration.REGISTERED, None, True),
)


def make_fleet(path: Path, phones: int, changes: float, now: datetime) -> None:
    """Fill a database: phones, a sweep each five minutes, and the periods of a month."""
    store = Store.open(f"sqlite:///{path}", keyring=None)
    named = [Phone(host=f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}:80", site=f"site {n % SITES:02}",
                   mac=f"00:08:5D:{n >> 16:02X}:{n >> 8 & 255:02X}:{n & 255:02X}",
                   name=f"phone {n:05}") for n in range(phones)]  # fmt: skip
    store.inventory.apply([], [Change(id=None, phone=phone) for phone in named])
    ids = [stored.id for stored in store.phones.load()]
    store.close()
    dice, began = random.Random(7), now - timedelta(days=DAYS + 10)
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(sa.insert(sweeps), list(_sweeps(began, now, phones)))
        for some in (ids[at : at + 2000] for at in range(0, len(ids), 2000)):
            connection.execute(sa.insert(reach_periods), list(_reaches(some, dice, began, now)))
            rows = [row for i in some for row in _lines(i, dice, changes, began, now)]
            connection.execute(sa.insert(line_periods), rows)
        for place, (model, firmware) in enumerate(MODELS):
            which = phone_states.c.phone_id % len(MODELS) == place
            connection.execute(sa.update(phone_states).where(which).values(
                reach=Reach.OK, observed_at=now, seen_model=model, firmware=firmware,
                dialect="67xxi"))  # fmt: skip
    engine.dispose()


def _sweeps(began: datetime, now: datetime, phones: int) -> Iterator[dict[str, Any]]:
    for number in range(int((now - began) / timedelta(minutes=5))):
        started = began + number * timedelta(minutes=5)
        yield {"trigger": "planned", "selection": "all", "started": started, "ok": phones,
               "finished": started + timedelta(minutes=4), "interrupted": False,
               "planned": phones}  # fmt: skip


def _reaches(
    ids: list[int], dice: random.Random, began: datetime, now: datetime
) -> Iterator[dict[str, Any]]:
    for i in ids:
        if dice.random() < 0.1:  # one phone in ten was away for some hours, one in fifty still is
            away = now - timedelta(hours=dice.uniform(1, 24 * DAYS))
            back = away + timedelta(hours=dice.uniform(0.1, 9)) if dice.random() < 0.8 else None
            ok = {"phone_id": i, "reach": Reach.OK, "reason": None}
            yield ok | {"since": began, "until": away}
            yield {"phone_id": i, "reach": Reach.UNREACHABLE, "reason": Reason.NO_ANSWER,
                   "since": away, "until": back if back and back < now else None}  # fmt: skip
            if back and back < now:
                yield ok | {"since": back, "until": None}
        else:
            yield {"phone_id": i, "reach": Reach.OK, "reason": None, "since": began, "until": None}


def _lines(
    i: int, dice: random.Random, changes: float, began: datetime, now: datetime
) -> Iterator[dict[str, Any]]:
    for number in range(1, LINES + 1):
        since, state, bad = began, STATES[0], False
        while since < now:
            days = dice.expovariate(changes * (20 if bad else 20 / 39)) if changes else 1e9
            until = since + timedelta(days=min(days, 9999))
            registration, code, backup = state
            yield {"phone_id": i, "line": number, "account": f"{i}{number}@pbx.example:5060",
                   "user": f"{i}{number}", "registrar": "pbx.example", "port": 5060,
                   "state": registration, "code": code, "backup": backup, "since": since,
                   "until": until if until < now else None}  # fmt: skip
            since, bad = until, not bad
            state = dice.choice(STATES[1:]) if bad else STATES[0]


def audit(path: Path, output: Path) -> None:
    """Audit a fleet without a sweep; print how long each part took, and the memory at the end."""
    from fleet.audit.auditor import gather, past
    from fleet.audit.build import judged, report
    from fleet.audit.differences import compare
    from fleet.audit.findings import encode
    from fleet.report.audit import AUDIT_FORMATS

    app = App.open(load_settings(None, {"FLEET_DATABASE_URL": f"sqlite:///{path}"}))
    auditor = app.auditor()
    question = auditor._question(AuditOrder(output=output, formats=()))  # noqa: SLF001
    with timed("read the fleet's state"):
        material = gather(app.store, question)
    with timed("judge, and account for the month"):
        made = judged(question, material, past(app.store, question, material))
    with timed("compare, lay out"):
        compared = compare(None, made.findings)
        whole = report(made, compared)
    with timed("encode the findings"):
        kept = encode(compared.findings)
    for form, write in AUDIT_FORMATS.items():
        with timed(f"write {form}"), (output / f"audit.{form}").open("wb") as file:
            write(whole, file)
    app.close()
    peak = peak_memory(os.getpid()) >> 20
    sizes = {form: (output / f"audit.{form}").stat().st_size >> 10 for form in AUDIT_FORMATS}
    print(f"peak memory {peak} MB; findings {len(kept) >> 10} KB; files in KB: {sizes}")


class timed:  # noqa: N801  a context manager, used like a function
    """Print how long something took: on the wall, and of this process's CPU."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        self.began, self.cpu = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        wall, cpu = time.perf_counter() - self.began, time.process_time() - self.cpu
        print(f"{self.what:<36} {wall:6.2f} s, CPU {cpu:6.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--phones", type=int, default=20_000)
    parser.add_argument("--changes", type=float, default=0.05)
    parser.add_argument("--database", type=Path, help="audit this one; do not make one up")
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    now = datetime.now(UTC)
    if given.database:
        audit(given.database, given.output)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.db"
        with timed("make the month up"):
            make_fleet(path, given.phones, given.changes, now)
        print(f"database {path.stat().st_size >> 20} MB, {_count(path)} periods", flush=True)
        argv = ["--database", str(path), "--output", str(given.output or folder)]
        subprocess.run([sys.executable, "-m", "benchmarks.audit", *argv], check=True)


def _count(path: Path) -> int:
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        found = connection.scalar(sa.select(sa.func.count()).select_from(line_periods)) or 0
    engine.dispose()
    return int(found)


if __name__ == "__main__":
    main()
