"""The JSON document that `poll` and `status` print."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fleet.report import json_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.model import Sweep
    from fleet.report import LineRecord, PhoneRecord


def document(
    sweep: Sweep | None, phones: Iterable[PhoneRecord], lines: Iterable[LineRecord]
) -> dict[str, Any]:
    """Make the document: a sweep (null before the first), phones and lines."""
    return {
        "sweep": _sweep_object(sweep) if sweep else None,
        "phones": [json_object(each) for each in phones],
        "lines": [json_object(each) for each in lines],
    }


def _sweep_object(sweep: Sweep) -> dict[str, Any]:
    return {
        "id": sweep.id,
        "trigger": sweep.trigger,
        "started": sweep.started.isoformat(timespec="seconds"),
        "finished": sweep.finished.isoformat(timespec="seconds") if sweep.finished else None,
        "interrupted": sweep.interrupted,
        "planned": sweep.planned,
        **asdict(sweep.counts),
    }
