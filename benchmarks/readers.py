"""What reading costs a server: `python benchmarks/readers.py --help`. No network at all.

Fills a SQLite database in bulk: by default 20,000 phones of three lines over 90 days, one outage a
line every ten days, each a finding with an end, and two lines of a hundred that fail now. Then asks
what pages, the API, /metrics and the command line ask, and prints the CPU time of each, the median
of several runs in one process, as a server that has run for a while spends it.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, from anywhere

import sqlalchemy as sa

from fleet.alert.build import alerting_of
from fleet.judge import FLAGGING
from fleet.model import IncidentState, NoticeKind, Phone, Reach, Registration, Severity, Site
from fleet.settings import load_settings
from fleet.status import line_records
from fleet.store import Change, Store
from fleet.store.tables import line_periods, phone_states, reach_periods
from fleet.store.watch_tables import incidents, notices
from fleet.web.dashboard.detail import detail_of
from fleet.web.dashboard.flagged import Choice, overview

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LINES = 3
EVERY = timedelta(days=10)  # one outage of a line
OUTAGE = timedelta(minutes=30)
RUNS = 7
OPEN = 500
QUIET = {
    "FLEET_ALERTS_URLS": "json://127.0.0.1:1/",
    "FLEET_ALERTS_QUIET_HOURS": "08:00-20:00",
    "FLEET_ALERTS_TIMEZONE": "UTC",
}


def main() -> None:
    """Fill, ask, and print a table."""
    parser = argparse.ArgumentParser(description="Fill a database, then ask what readers ask.")
    parser.add_argument("--phones", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=90)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/fleet.db"
        began = time.process_time()
        periods = fill(url, given.phones, given.days)
        print(f"| filled: {periods:,} periods of lines | {time.process_time() - began:.1f} s |")
        store = Store.open(url, keyring=None)
        for name, work in questions(store, given.phones):
            print(f"| {name} | {cpu(work) * 1000:.1f} ms |")
        hold_a_notice(url)
        alerting = alerting_of(load_settings(None, QUIET), store)
        spent = cpu(lambda: alerting.run(NOW))
        print(f"| alert round, {OPEN} open, one notice held | {spent * 1000:.1f} ms |")
        store.close()


def cpu(work: Callable[[], object]) -> float:
    """The median of the CPU seconds that a piece of work takes, once it was done before."""
    work()
    spent = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return statistics.median(spent)


def questions(store: Store, phones: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is asked."""
    then = NOW - timedelta(days=45, minutes=7)
    yield "first page: counts, and 100 flagged rows", lambda: overview(store, NOW, Choice(), 1, 100)
    yield "100 flagged rows", lambda: _rows(store)
    site = Choice(site="site03")
    yield "first page of one site", lambda: overview(store, NOW, site, 1, 100)
    yield "counts of /metrics", store.observations.count
    yield "one phone's page", lambda: detail_of(store, phones // 2, NOW)
    yield (
        "status --flagged",
        lambda: list(line_records(store.observations.statuses(flagged_by=FLAGGING))),
    )
    yield (
        "status --flagged --at, 45 days ago",
        lambda: list(line_records(store.observations.statuses(at=then, flagged_by=FLAGGING))),
    )


def hold_a_notice(url: str) -> None:
    """Leave `OPEN` findings open, all alerted but the last, whose notice waits for the morning."""
    of = incidents.c
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        is_open = sa.select(of.id).where(of.resolved.is_(None)).order_by(of.id)
        kept = list(connection.scalars(is_open.limit(OPEN)))
        connection.execute(
            sa.update(incidents)
            .where(of.resolved.is_(None), of.id > kept[-1])
            .values(resolved=NOW, state=IncidentState.RESOLVED)
        )
        connection.execute(
            sa.update(incidents).where(of.id == kept[-1]).values(severity=Severity.WARNING)
        )
        notice = {"incident_id": kept[-1], "kind": NoticeKind.OPENED, "at": NOW - EVERY}
        connection.execute(sa.insert(notices), notice)
    engine.dispose()


def _rows(store: Store) -> object:
    found = store.findings.flagged(FLAGGING, limit=100)
    return list(store.observations.statuses(ids=[phone_id for phone_id, _ in found.places]))


def fill(url: str, phones: int, days: int) -> int:
    """Write phones, their states, periods and findings; return how many periods of lines."""
    store = Store.open(url, keyring=None)
    sites = [Site(name=f"site{n:02}") for n in range(20)]
    wanted = [
        Phone(
            host=f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}",
            site=f"site{n % 20:02}",
            name=f"phone{n}",
            mac=f"00:08:5D:{n >> 16:02X}:{n >> 8 & 255:02X}:{n & 255:02X}",
        )
        for n in range(phones)
    ]
    store.inventory.apply(sites, [Change(id=None, phone=phone) for phone in wanted])
    ids = store.phones.ids()
    store.close()
    chance, start = random.Random(1), NOW - timedelta(days=days)
    engine = sa.create_engine(url)
    counted = 0
    with engine.begin() as connection:
        state = {"reach": Reach.OK, "observed_at": NOW, "seen_model": "6753i", "dialect": "67xxi"}
        connection.execute(sa.update(phone_states).values(**state))
        reached = [{"phone_id": i, "reach": Reach.OK, "since": start} for i in ids]
        connection.execute(sa.insert(reach_periods), reached)
        for first in range(0, len(ids), 500):
            periods: list[dict[str, Any]] = []
            found: list[dict[str, Any]] = []
            for phone_id in ids[first : first + 500]:
                for number in range(1, LINES + 1):
                    _line(phone_id, number, start, days, chance, periods, found)
            connection.execute(sa.insert(line_periods), periods)
            connection.execute(sa.insert(incidents), found)
            counted += len(periods)
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    engine.dispose()
    return counted


def _line(
    phone_id: int,
    number: int,
    start: datetime,
    days: int,
    chance: random.Random,
    periods: list[dict[str, Any]],
    found: list[dict[str, Any]],
) -> None:
    """One line's past: up, but for its outages; the last of two in a hundred lasts."""
    user, since = f"{phone_id}{number}", start
    account = {"user": user, "registrar": "pbx.example", "account": f"{user}@pbx.example:5060"}
    line = {"phone_id": phone_id, "line": number, "port": 5060, "backup": False, **account}
    up = {**line, "state": Registration.REGISTERED, "code": None}
    down = {**line, "state": Registration.FAILED, "code": 503}
    for _ in range(days // EVERY.days):
        fails = since + EVERY * chance.uniform(0.5, 0.95)
        periods.append({**up, "since": since, "until": fails})
        since = fails + OUTAGE
        periods.append({**down, "since": fails, "until": since})
        found.append(_finding(phone_id, number, fails, since))
    if chance.random() < 0.02:
        fails = NOW - timedelta(hours=1)
        periods.append({**up, "since": since, "until": fails})
        periods.append({**down, "since": fails, "until": None})
        found.append(_finding(phone_id, number, fails, None))
    else:
        periods.append({**up, "since": since, "until": None})


def _finding(phone_id: int, number: int, since: datetime, until: datetime | None) -> dict[str, Any]:
    return {
        "phone_id": phone_id,
        "line": number,
        "rule": "line-failed",
        "severity": Severity.CRITICAL,
        "phone": f"phone{phone_id}",
        "text": f"line {number}: 503 Service Unavailable",
        "advice": "Check the registrar.",
        "code": 503,
        "state": IncidentState.RESOLVED if until else IncidentState.OPEN,
        "sightings": 2,
        "confirmed": True,
        "first_seen": since,
        "reach": Reach.OK,
        "opened": since + timedelta(minutes=5),
        "resolved": until,
    }


if __name__ == "__main__":
    main()
