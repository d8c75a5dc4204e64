"""What a process and its children cost: wall time, CPU time, peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LOOK_EVERY = 0.02  # seconds between looks at a running process's peak memory
_KIB = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Seconds of wall time and of CPU (user and system, children included); bytes at the peak.

    `memory` is the largest single process's, 0 where it could not be told.
    """

    wall: float
    cpu: float
    memory: int


class RunError(Exception):
    """A contender did not do its work."""


def run(
    argv: Sequence[str],
    *,
    folder: Path,
    environ: Mapping[str, str] | None = None,
    may_fail: bool = False,
) -> tuple[Cost, str]:
    """Run a command in a folder to its end; its cost and its standard output.

    RunError with the last of its standard error if it ends with anything but 0, unless it may.
    """
    out, err = folder / "stdout.txt", folder / "stderr.txt"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        started = time.perf_counter()
        process = subprocess.Popen(
            argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
            env={**os.environ, **(environ or {})},
        )  # fmt: skip
        cost = _wait(process, started)
    if process.returncode and not may_fail:
        last = err.read_text(errors="replace")[-2000:]
        raise RunError(f"{argv[0]} ended with {process.returncode}: {last}")
    return cost, out.read_text(errors="replace")


def _wait(process: subprocess.Popen[bytes], started: float) -> Cost:
    memory = 0
    while True:
        memory = max(memory, peak_memory(process.pid))
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            cpu = usage.ru_utime + usage.ru_stime
            return Cost(wall=wall, cpu=cpu, memory=memory or _darwin_peak(usage.ru_maxrss))
        time.sleep(_LOOK_EVERY)


def peak_memory(pid: int) -> int:
    """Bytes at the peak of a running process so far; 0 where /proc cannot tell.

    Not the rusage's figure: on Linux that also holds the parent's from before the exec.
    """
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * _KIB
    return 0


def _darwin_peak(maxrss: int) -> int:
    return maxrss if sys.platform == "darwin" else 0


def cpu_of(pid: int) -> float:
    """CPU seconds of a running process so far, waited-for children included (Linux)."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    fields = stat.rpartition(")")[2].split()  # the command's name may hold spaces
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
