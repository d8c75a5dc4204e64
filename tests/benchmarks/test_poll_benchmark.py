"""The benchmark runs, and its numbers come out. What they are is no test's business."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def benchmark(tmp_path: Path, only: str) -> dict[str, Any]:
    """The JSON document of a small run."""
    out = tmp_path / "out.json"
    argv = [sys.executable, str(ROOT / "benchmarks" / "poll.py"), "--json", str(out)]
    small = ["--phones", "20", "--delay", "0", "--series", "", "--starts", "1", "--only", only]
    subprocess.run([*argv, *small], cwd=tmp_path, check=True, timeout=120, capture_output=True)
    document: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize(
    "name",
    [
        "bare",
        "naive",
        pytest.param("curl", marks=pytest.mark.skipif(not shutil.which("curl"), reason="no curl")),
    ],
)
def test_a_contender_reads_every_phone_and_its_costs_come_out(tmp_path: Path, name: str) -> None:
    (sample,) = benchmark(tmp_path, name)["samples"]

    assert (sample["polls"], sample["good"]) == (20, 20)
    assert sample["cost"]["cpu"] > 0
    assert sample["rate"] > 0


def test_fleet_poll_is_measured_in_three_sweeps_and_unchanged_ones_add_no_history(
    tmp_path: Path,
) -> None:
    document = benchmark(tmp_path, "fleet")

    labels = [sample["contender"] for sample in document["samples"][:3]]
    assert labels == [f"fleet poll, {nth} sweep" for nth in ("first", "second", "third")]
    assert {sample["good"] for sample in document["samples"]} == {20}
    (rows,) = (each for each in document["targets"] if "history rows" in each["target"])
    assert rows["holds"]
