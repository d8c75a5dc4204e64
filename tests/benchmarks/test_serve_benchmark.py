"""The benchmark of serving runs, and everything that it asks for is served and written down."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(not shutil.which("wrk"), reason="no wrk")
def test_all_that_is_asked_for_is_served_and_written_down(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    argv = [sys.executable, str(ROOT / "benchmarks" / "serve.py"), "--json", str(out)]
    small = ["--phones", "50", "--seconds", "1"]
    subprocess.run([*argv, *small], cwd=tmp_path, check=True, timeout=120, capture_output=True)
    samples = json.loads(out.read_text(encoding="utf-8"))
    fleet = [sample for sample in samples if sample["server"].startswith("fleet")]
    assert [sample["failed"] for sample in fleet] == [0, 0]
    # wrk stops in the middle: what was under way is served or cut off, and not counted by it.
    assert fleet[-1]["recorded"] >= sum(sample["fetches"] for sample in fleet)
