"""The one door for prometheus_client: figures as Prometheus wants to read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client import Metric

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What is counted: since the start (sweeps, polls, pushes), and as it is now (the others).

    `last_sweep` is a time in seconds since the epoch, None before the first.
    """

    up: bool
    sweeps: Mapping[str, int] = field(default_factory=dict)  # by how they ended
    polls: Mapping[str, int] = field(default_factory=dict)  # by reach
    pushes: Mapping[str, int] = field(default_factory=dict)  # by what became of them
    phones: Mapping[str, int] = field(default_factory=dict)  # by reach
    lines: Mapping[str, int] = field(default_factory=dict)  # by registration, or not-read
    on_backup: int = 0  # of the registered lines
    incidents: Mapping[str, int] = field(default_factory=dict)  # open ones by severity
    deliveries: Mapping[str, int] = field(default_factory=dict)  # waiting and given up
    waiting: Mapping[str, int] = field(default_factory=dict)  # by queue
    rollout_stopped: bool = False  # the last one
    job_failures: Mapping[str, int] = field(default_factory=dict)  # in a row, by job
    last_sweep: float | None = None


def exposition(figures: Figures) -> bytes:
    """Write figures in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(figures))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Return each figure with its name and what it means."""
        has = self._figures
        yield GaugeMetricFamily("fleet_up", "1: the daemon is healthy (/healthz).", has.up)
        yield _counted("fleet_sweeps", "Planned sweeps since the start.", "outcome", has.sweeps)
        yield _counted("fleet_polls", "Polls since the start.", "reach", has.polls)
        yield _counted("fleet_pushes", "Pushes from phones since the start.", "fate", has.pushes)
        yield _gauge("fleet_phones", "Phones, as last polled.", "reach", has.phones)
        yield _gauge("fleet_lines", "Lines, as last seen.", "state", has.lines)
        yield GaugeMetricFamily(
            "fleet_lines_on_backup", "Lines registered with their backup registrar.", has.on_backup
        )
        yield _gauge("fleet_incidents_open", "Open incidents.", "severity", has.incidents)
        yield _gauge("fleet_deliveries", "Alerts not delivered.", "state", has.deliveries)
        yield GaugeMetricFamily(
            "fleet_rollout_stopped", "1: the last roll-out was stopped.", has.rollout_stopped
        )
        yield _gauge("fleet_waiting", "Waiting items per queue.", "queue", has.waiting)
        yield _gauge("fleet_job_failures", "Failures in a row.", "job", has.job_failures)
        if has.last_sweep is not None:
            yield GaugeMetricFamily(
                "fleet_last_sweep_finished_timestamp_seconds",
                "Time at which the last planned sweep ended.",
                has.last_sweep,
            )


def _counted(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in sorted(values.items()):
        family.add_metric([value], count)
    return family


def _gauge(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in sorted(values.items()):
        family.add_metric([value], count)
    return family
