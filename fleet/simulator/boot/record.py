"""What a booting phone did and was told to do: counts, names and codes, no secret."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(kw_only=True, slots=True)
class BootRecord:
    """Counts since the start; `stopped` and `fetched` are of the last boot or check.

    `boots` ended, with `reboots` among them that somebody or something asked for. `fetched` are
    (name, HTTP status or 0) in their order. `stopped` says why the last reading of the files ended
    early. `checks` are looks for new files without a boot. `events` are the NOTIFYs by event,
    `pushes` and `pushes_refused` the XML pushes, `called` the action URIs as they were asked for.
    """

    boots: int = 0
    reboots: int = 0
    checks: int = 0
    checked: int = 0  # ... that are over
    flashed: int = 0
    pushes: int = 0
    pushes_refused: int = 0
    stopped: str = ""
    fetched: list[tuple[str, int]] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    called: list[str] = field(default_factory=list)
