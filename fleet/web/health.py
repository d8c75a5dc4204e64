"""How the daemon fares, for whoever asks /healthz. No secrets, no names of phones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class JobHealth:
    """One job. `failures` counts those in a row; `error` is what the last of them said."""

    name: str
    worked: datetime | None
    running_since: datetime | None
    failures: int
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """Everything at a moment. It is well where `problems`, sentences for people, is empty.

    `warnings` are sentences about the fleet that somebody should read: the daemon itself is well.
    `last_sweep` is when the last planned sweep ended, `last_delivery` when an alert was last
    taken by a channel. `pushes` counts what became of pushes; `waiting` are queues' lengths.
    """

    started: datetime
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    rollout_stopped: bool = False
    last_sweep: datetime | None = None
    last_delivery: datetime | None = None
    jobs: tuple[JobHealth, ...] = ()
    pushes: Mapping[str, int] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return what is served, as values for JSON."""
        return {
            "status": "failing" if self.problems else "well",
            "problems": list(self.problems),
            "warnings": list(self.warnings),
            "started": _text(self.started),
            "last_sweep_finished": _text(self.last_sweep),
            "last_delivery": _text(self.last_delivery),
            "jobs": {
                job.name: {
                    "last_success": _text(job.worked),
                    "running_since": _text(job.running_since),
                    "failures_in_a_row": job.failures,
                    "error": job.error,
                }
                for job in self.jobs
            },
            "pushes": dict(self.pushes),
            "waiting": dict(self.waiting),
        }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
