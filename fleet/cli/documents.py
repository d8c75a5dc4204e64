"""The JSON documents that the commands print."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fleet.model import Sweep


def sweep_object(sweep: Sweep) -> dict[str, Any]:
    """A sweep for JSON: when, why, and how its phones ended."""
    return {
        "id": sweep.id,
        "trigger": sweep.trigger,
        "started": sweep.started.isoformat(timespec="seconds"),
        "finished": sweep.finished.isoformat(timespec="seconds") if sweep.finished else None,
        "interrupted": sweep.interrupted,
        "planned": sweep.planned,
        **asdict(sweep.counts),
    }
