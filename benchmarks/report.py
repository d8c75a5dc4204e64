"""The samples and the verdicts as Markdown tables, and as JSON."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contenders import BLACKBOX, CONTENDERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from benchmarks.sample import Sample, Scenario
    from benchmarks.targets import Verdict

_MEBI = 1024 * 1024
LAST_RUN = "\n## The last run\n"


def machine() -> str:
    """The machine in one line."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = (line for line in cpuinfo.read_text().splitlines() if line.startswith("model name"))
        model = next(names, model).partition(":")[2].strip() or model
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} × {model}, {platform.system()} {platform.release()}, {python}"


def markdown(samples: Sequence[Sample], verdicts: Sequence[Verdict], *, at: datetime) -> str:
    """The whole report."""
    missing = [name for name, contender in CONTENDERS.items() if not contender.is_installed]
    parts = [f"{machine()}, {at:%Y-%m-%d %H:%M} UTC.\n"]
    if missing:
        parts.append(f"Not installed here, so not measured: {', '.join(missing)}.\n")
    if verdicts:
        parts.append(_verdicts(verdicts))
    scenarios = dict.fromkeys(sample.scenario for sample in samples)
    parts += (_scenario(one, [s for s in samples if s.scenario == one]) for one in scenarios)
    return "\n".join(parts)


def _scenario(scenario: Scenario, samples: Sequence[Sample]) -> str:
    beside = next((s.cpu for s in samples if s.contender == BLACKBOX), None)
    title = (
        f"{scenario.phones:,} phones, {scenario.delay * 1000:g} ms answers, "
        f"{scenario.concurrency} in flight{', clock ticking' if scenario.ticking else ''}"
    )
    head = (
        *("", "polls", "read", "polls/s", "wall s", "CPU ms/poll", "start-up s"),
        *("CPU ms/one more", "beside (e)", "peak MB"),
    )
    return f"### {title}\n\n" + _table(head, (_row(sample, beside) for sample in samples))


def _row(sample: Sample, beside: float | None) -> tuple[str, ...]:
    return (
        sample.contender,
        f"{sample.polls:,}",
        f"{sample.good:,}",
        f"{sample.rate:,.0f}",
        f"{sample.cost.wall:.1f}",
        f"{sample.cpu:.3f}",
        f"{sample.startup:.2f}" if sample.startup else "",
        f"{sample.marginal:.3f}",
        f"{sample.cpu / beside:.2f}" if beside else "",
        f"{sample.cost.memory / _MEBI:.0f}" if sample.cost.memory else "",
    )


def _verdicts(verdicts: Iterable[Verdict]) -> str:
    rows = (
        (
            verdict.target,
            f"{verdict.measured:.2f}".removesuffix(".00") + verdict.unit,
            f"{verdict.limit:g}{verdict.unit}",
            "yes" if verdict.holds else "**no**",
        )
        for verdict in verdicts
    )
    return "### Targets\n\n" + _table(("", "measured", "at most", "holds"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    everything = [head, *rows]
    widths = [max(len(row[i]) for row in everything) for i in range(len(head))]
    lines = [_line(row, widths) for row in everything]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([lines[0], f"| {' | '.join(rule)} |", *lines[1:]]) + "\n"


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    first = row[0].ljust(widths[0])
    rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
    return f"| {' | '.join((first, *rest))} |"


def put_into(document: Path, report: str) -> None:
    """Replace a document's last run with this one; ValueError if it has no place for it."""
    kept, found, _ = document.read_text(encoding="utf-8").partition(LAST_RUN)
    if not found:
        message = f"{document} has no line {LAST_RUN.strip()!r}"
        raise ValueError(message)
    document.write_text(f"{kept}{LAST_RUN}\n{report}", encoding="utf-8")


def as_json(samples: Sequence[Sample], verdicts: Sequence[Verdict], *, at: datetime) -> str:
    """The same for machines."""
    document = {
        "machine": machine(),
        "at": at.isoformat(),
        "samples": [
            {**asdict(s), "rate": s.rate, "cpu_ms": s.cpu, "cpu_ms_one_more": s.marginal}
            for s in samples
        ],
        "targets": [{**asdict(verdict), "holds": verdict.holds} for verdict in verdicts],
    }
    return json.dumps(document, indent=1) + "\n"
