"""What a poll must cost at most, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.contenders import BARE, BLACKBOX, FIRST, NAIVE, SECOND, STEADY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from benchmarks.sample import Sample

_MEBI = 1024 * 1024
_MAY_GROW = {"sweeps", "leases"}  # a row per sweep is not history
_WALL_CONCURRENCY = 500
_LEAST_FOR_WALL = 20_000
_FEW, _SOME = 200, 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A target, what was measured, and the most that was allowed."""

    target: str
    measured: float
    limit: float
    unit: str = "×"

    @property
    def holds(self) -> bool:
        """Whether the target is met."""
        return self.measured <= self.limit


def verdicts(samples: Sequence[Sample]) -> list[Verdict]:
    """The verdict on every target for which there are samples."""
    found: list[Verdict] = []
    for check in (_read, _beside_others, _wall, _in_flight, _linear, _memory, _growth):
        found += check(samples)
    return found


def _read(samples: Sequence[Sample]) -> Iterator[Verdict]:
    """Every simulated phone is in good order: one that is not read is a wrong audit."""
    ours = [s for s in samples if s.contender in (FIRST, SECOND, STEADY)]
    if ours:
        worst = max(ours, key=lambda s: s.polls - s.good)
        yield Verdict(
            target=f"phones not read in one sweep, fleet poll, {_when(worst)}, "
            f"{worst.scenario.concurrency:,} in flight",
            measured=worst.polls - worst.good,
            limit=0,
            unit=" phones",
        )


def _beside_others(samples: Sequence[Sample]) -> Iterator[Verdict]:
    """CPU of one more poll, without the start-up, at the most phones, for each answer time."""
    most = max((s.scenario.phones for s in samples), default=0)
    grid = [s for s in samples if s.scenario.phones == most and not s.scenario.ticking]
    pairs = (
        (STEADY, BLACKBOX, 1.0),
        (STEADY, BARE, 6.0),
        (FIRST, BLACKBOX, 3.0),
        (FIRST, NAIVE, 0.4),
    )
    for ours, theirs, limit in pairs:
        for other in (s for s in grid if s.contender == theirs):
            for own in (s for s in grid if s.contender == ours and s.scenario == other.scenario):
                yield Verdict(
                    target=f"CPU of one more poll, {ours}, beside {theirs}, {_when(own)}",
                    measured=own.marginal / other.marginal,
                    limit=limit,
                )


def _when(sample: Sample) -> str:
    return f"{sample.scenario.phones:,} phones, {sample.scenario.delay * 1000:g} ms"


def _wall(samples: Sequence[Sample]) -> Iterator[Verdict]:
    for sample in samples:
        scenario = sample.scenario
        slow = scenario.delay > 0 and scenario.concurrency == _WALL_CONCURRENCY
        if sample.contender in (FIRST, STEADY) and slow and sample.polls >= _LEAST_FOR_WALL:
            answers = scenario.phones / scenario.concurrency * scenario.delay
            yield Verdict(
                target=f"wall time, {sample.contender}, {_when(sample)}, 500 in flight, beside "
                f"the answers alone ({answers:.0f} s)",
                measured=sample.cost.wall / answers,
                limit=1.25,
            )


def _in_flight(samples: Sequence[Sample]) -> Iterator[Verdict]:
    for few in _of(samples, STEADY, lambda s: s.scenario.concurrency == 50):
        for many in _of(samples, STEADY, lambda s: s.scenario.concurrency == 1000):
            if _when(few) == _when(many):
                yield Verdict(
                    target=f"CPU per poll, third sweep, {_when(few)}, 1,000 in flight beside 50",
                    measured=many.cpu / few.cpu,
                    limit=1.2,
                )


def _linear(samples: Sequence[Sample]) -> Iterator[Verdict]:
    """What one more poll costs in a large fleet and in a small one; 1.2 is what noise may add."""
    for label in (FIRST, STEADY):
        for small in _of(samples, label, lambda s: s.polls == _FEW):
            alike = _of(samples, label, partial(_differs_in_size, small))
            for some in (s for s in alike if s.polls == _SOME):
                for many in (s for s in alike if s.polls >= _LEAST_FOR_WALL):
                    yield Verdict(
                        target=f"CPU of one more poll, {label}, {_SOME:,} to {many.polls:,} phones "
                        f"beside {_FEW} to {_SOME:,}",
                        measured=_slope(some, many) / _slope(small, some),
                        limit=1.2,
                    )


def _differs_in_size(one: Sample, other: Sample) -> bool:
    return replace(other.scenario, phones=one.scenario.phones) == one.scenario


def _slope(few: Sample, many: Sample) -> float:
    """CPU seconds of one more poll, between two sizes of a fleet: the start-up is in both."""
    return (many.cost.cpu - few.cost.cpu) / (many.polls - few.polls)


def _memory(samples: Sequence[Sample]) -> Iterator[Verdict]:
    ours = [s for s in samples if s.contender in (FIRST, STEADY)]
    if ours:
        largest = max(ours, key=lambda s: s.cost.memory)
        yield Verdict(
            target=f"peak memory, fleet poll, {_when(largest)}",
            measured=largest.cost.memory / _MEBI,
            limit=400,
            unit=" MB",
        )


def _growth(samples: Sequence[Sample]) -> Iterator[Verdict]:
    steady = _of(samples, STEADY, lambda _: True)
    if steady:
        most = max(steady, key=lambda s: s.polls)
        rows = sum(more for s in steady for name, more in s.grown if name not in _MAY_GROW)
        yield Verdict(
            target=f"history rows that unchanged sweeps add, up to {most.polls:,} phones",
            measured=rows,
            limit=0,
            unit=" rows",
        )


def _of(samples: Iterable[Sample], contender: str, keep: Callable[[Sample], bool]) -> list[Sample]:
    return [s for s in samples if s.contender == contender and keep(s)]
