"""What a poll costs: `python benchmarks/poll.py --help`. Loopback only."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, from anywhere

from benchmarks.contenders import CONTENDERS
from benchmarks.plan import Plan, measure
from benchmarks.report import as_json, markdown, put_into
from benchmarks.targets import verdicts


def _counts(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part)


def _milliseconds(text: str) -> tuple[float, ...]:
    return tuple(int(part) / 1000 for part in text.split(","))


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in CONTENDERS]
    if unknown:
        message = f"no contender {', '.join(unknown)}; there are {', '.join(CONTENDERS)}"
        raise argparse.ArgumentTypeError(message)
    return names


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure fleet poll beside other pollers.")
    add = parser.add_argument
    add("--phones", type=_counts, default=(2_000, 20_000), help="fleet sizes")
    add("--delay", type=_milliseconds, default=(0.0, 0.05, 0.3), help="answer times, ms")
    add("--concurrency", type=int, default=200, help="in flight (500 for slow phones)")
    add("--series", type=_counts, default=(50, 1_000), help="further concurrencies, fleet alone")
    add("--starts", type=int, default=3, help="times a start-up is measured")
    add("--only", type=_names, default=tuple(CONTENDERS), help=f"of {','.join(CONTENDERS)}")
    add("--json", type=Path, help="a file to write everything to")
    add("--into", type=Path, help="a document whose last run to replace: docs/performance.md")
    return parser.parse_args()


def main() -> None:
    """Measure, and print the report."""
    given = _parse()
    plan = Plan(
        phones=given.phones,
        delays=given.delay,
        concurrencies=given.series,
        only=tuple(n for n in CONTENDERS if n in given.only and CONTENDERS[n].is_installed),
        concurrency=given.concurrency,
        starts=given.starts,
    )
    at = datetime.now(UTC)
    samples = measure(plan, lambda text: print(text, file=sys.stderr, flush=True))
    judged = verdicts(samples)
    if given.json:
        given.json.write_text(as_json(samples, judged, at=at), encoding="utf-8")
    report = markdown(samples, judged, at=at)
    if given.into:
        put_into(given.into, report)
    print(report)


if __name__ == "__main__":
    main()
