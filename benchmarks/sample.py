"""What was measured: who polled what, and at what cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.measure import Cost


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """A fleet and how it is asked. `delay` is seconds before each answer."""

    phones: int
    delay: float
    concurrency: int
    ticking: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What a contender is given: the hosts to poll, and a folder of its own."""

    hosts: tuple[str, ...]
    concurrency: int
    username: str
    password: str
    folder: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One pass of one contender over `polls` phones, of which `good` were read.

    `startup` is the CPU seconds of the same command over one phone, 0 for what does not start
    anew. `grown` names the database's tables that have more rows than before, and how many more.
    """

    contender: str
    scenario: Scenario
    polls: int
    good: int
    cost: Cost
    startup: float = 0.0
    grown: tuple[tuple[str, int], ...] = ()

    @property
    def rate(self) -> float:
        """Polls per second of wall time."""
        return self.polls / self.cost.wall

    @property
    def cpu(self) -> float:
        """CPU milliseconds per poll, start-up shared out over the polls."""
        return self.cost.cpu / self.polls * 1000

    @property
    def marginal(self) -> float:
        """CPU milliseconds that one more poll costs."""
        return (self.cost.cpu - self.startup) / max(self.polls - 1, 1) * 1000
