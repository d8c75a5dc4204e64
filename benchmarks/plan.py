"""Which contender is measured in which scenario, and the measuring of them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.fleet_of_phones import PASSWORD, USERNAME, phones
from benchmarks.sample import Load, Sample, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.contenders.contender import Pass

SLOW = 0.3  # seconds: phones this slow are asked with more in flight
MANY_IN_FLIGHT = 500
GROWTH = (200, 2_000, 20_000)  # fleets whose cost is compared, where there is one of the last size


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to measure. `only` are names of `CONTENDERS`; `concurrencies` are for `fleet` alone.

    `starts` is how many times a start-up is measured, for its median.
    """

    phones: tuple[int, ...]
    delays: tuple[float, ...]
    concurrencies: tuple[int, ...]
    only: tuple[str, ...]
    concurrency: int
    starts: int

    def scenarios(self) -> Iterator[tuple[Scenario, tuple[str, ...]]]:
        """Every scenario with those it is for: the grid for all, the series for `fleet`."""
        grid = list(self._grid())
        for scenario in grid:
            yield scenario, self.only
        if "fleet" in self.only:
            for scenario in dict.fromkeys(self._series()):
                if scenario not in grid:
                    yield scenario, ("fleet",)

    def _grid(self) -> Iterator[Scenario]:
        for count in self.phones:
            for delay in self.delays:
                in_flight = MANY_IN_FLIGHT if delay >= SLOW else self.concurrency
                yield Scenario(phones=count, delay=delay, concurrency=in_flight)

    def _series(self) -> Iterator[Scenario]:
        most = max(self.phones)
        at_once = Scenario(phones=most, delay=0.0, concurrency=self.concurrency)
        if most >= GROWTH[-1]:
            for count in (*GROWTH[:-1], most):
                yield replace(at_once, phones=count)
        for in_flight in self.concurrencies:
            yield replace(at_once, delay=_usual(self.delays), concurrency=in_flight)
        yield replace(at_once, phones=min(self.phones), ticking=True)


def _usual(delays: Sequence[float]) -> float:
    return max((delay for delay in delays if delay < SLOW), default=0.0)


def measure(plan: Plan, say: Callable[[str], None]) -> list[Sample]:
    """Measure everything planned that is installed here; `say` is told what is under way."""
    startups = _startups(plan, say)
    samples: list[Sample] = []
    for scenario, names in plan.scenarios():
        with tempfile.TemporaryDirectory() as text:
            folder = Path(text)
            with phones(
                scenario.phones, delay=scenario.delay, ticking=scenario.ticking, folder=folder
            ) as hosts:
                for name in names:
                    say(f"{_told(scenario)}: {name}")
                    samples += _sample(name, scenario, hosts, folder, startups)
    return samples


def _told(scenario: Scenario) -> str:
    ticking = ", clock ticking" if scenario.ticking else ""
    delay = f"{scenario.delay * 1000:g} ms"
    return f"{scenario.phones} phones, {delay}, {scenario.concurrency} in flight{ticking}"


def _startups(plan: Plan, say: Callable[[str], None]) -> dict[str, float]:
    """CPU seconds of each pass over one phone: the median of a few."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        with phones(1, delay=0.0, ticking=False, folder=folder) as hosts:
            for name in plan.only:
                contender = CONTENDERS[name]
                if not contender.starts:
                    continue
                say(f"start-up: {name}")
                tries = [_passes(contender, hosts, 1, folder) for _ in range(plan.starts)]
                for label, *passes in zip(contender.labels, *tries, strict=True):
                    found[label] = median(each.cost.cpu for each in passes)
    return found


def _sample(
    name: str,
    scenario: Scenario,
    hosts: tuple[str, ...],
    folder: Path,
    startups: dict[str, float],
) -> list[Sample]:
    contender = CONTENDERS[name]
    chosen = hosts[: contender.most]
    passes = _passes(contender, chosen, scenario.concurrency, folder)
    return [
        Sample(
            contender=label,
            scenario=scenario,
            polls=len(chosen),
            good=each.good,
            cost=each.cost,
            startup=startups.get(label, 0.0),
            grown=each.grown,
        )
        for label, each in zip(contender.labels, passes, strict=True)
    ]


def _passes(
    contender: Contender, hosts: tuple[str, ...], concurrency: int, folder: Path
) -> list[Pass]:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        load = Load(
            hosts=hosts,
            concurrency=min(concurrency, len(hosts)),
            username=USERNAME,
            password=PASSWORD,
            folder=Path(own),
        )
        return list(contender.poll(load))
