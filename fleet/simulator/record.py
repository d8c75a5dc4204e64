"""What a simulated phone saw of its pollers: the traps that a well-behaved one never springs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from fleet.simulator.visit import ALLOWED_PATHS


@dataclass(kw_only=True, slots=True)
class Record:
    """Counts since the start or the last `clear`. Holds no secret, only how often one was seen."""

    connections: int = 0
    open_now: int = 0
    most_open: int = 0  # connections at the same time
    requests: int = 0
    challenges: int = 0  # answers of 401
    authorizations: int = 0  # requests that carried credentials
    wrong_credentials: int = 0  # ... and not this phone's
    query_strings: int = 0
    methods: Counter[str] = field(default_factory=Counter)
    paths: Counter[str] = field(default_factory=Counter)

    @property
    def forbidden_paths(self) -> tuple[str, ...]:
        """Paths that a poller may never ask for, and was seen asking for."""
        return tuple(sorted(path for path in self.paths if path not in ALLOWED_PATHS))

    @property
    def forbidden_methods(self) -> tuple[str, ...]:
        """Methods other than GET that were seen."""
        return tuple(sorted(method for method in self.methods if method != "GET"))

    def opened(self) -> None:
        """A connection came."""
        self.connections += 1
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)

    def closed(self) -> None:
        """A connection went."""
        self.open_now -= 1

    def clear(self) -> None:
        """Forget everything but the connections that are open now."""
        self.connections = self.requests = self.challenges = self.query_strings = 0
        self.authorizations = self.wrong_credentials = 0
        self.most_open = self.open_now
        self.methods.clear()
        self.paths.clear()
