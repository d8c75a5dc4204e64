"""The benchmark of months runs, and asks every question. What it measures is no test's business."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_fleet_is_watched_for_a_day_and_everything_is_asked(tmp_path: Path) -> None:
    argv = [sys.executable, str(ROOT / "benchmarks" / "history.py"), "--phones", "3"]
    argv += ["--days", "1", "--outages", "9", "--url", f"sqlite:///{tmp_path / 'fleet.db'}"]
    ran = subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True, text=True)
    asked = [line.split("|")[1].strip() for line in ran.stdout.splitlines()]
    assert asked[1:] == [
        "database",
        "status --at the middle",
        "history of one phone",
        "export history, all of it",
        "incidents",
        "audit, without a sweep",
    ]


def test_readers_are_asked_over_a_small_fleet(tmp_path: Path) -> None:
    argv = [sys.executable, str(ROOT / "benchmarks" / "readers.py"), "--phones", "40"]
    ran = subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60)
    asked = [line.split("|")[1].strip() for line in ran.stdout.splitlines()]
    assert asked[1:] == [
        "first page: counts, and 100 flagged rows",
        "100 flagged rows",
        "first page of one site",
        "counts of /metrics",
        "one phone's page",
        "status --flagged",
        "status --flagged --at, 45 days ago",
        "alert round, 500 open, one notice held",
    ]


def test_functions_of_a_poll_plan_fetch_and_alert_are_counted(tmp_path: Path) -> None:
    argv = [sys.executable, str(ROOT / "benchmarks" / "functions.py")]
    ran = subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=90)
    rows = [line.strip("| ").split(" | ") for line in ran.stdout.splitlines()[2:]]
    assert [row[0].partition(",")[0] for row in rows] == [
        "poll",
        "plan",
        "fetch over HTTP",
        "alert",
    ]
    assert all(int(count) > 5 for row in rows for count in row[1:])
