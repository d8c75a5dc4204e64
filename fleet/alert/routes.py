"""Who is told: routes choose by severity, site and rule; each of a route's URLs is a channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.model import Incident, Severity

DEFAULT = "default"  # the route of `[alerts] urls`, which takes everything


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Receivers who are told of the same; an empty choice takes everything.

    `urls` are Apprise URLs. They hold passwords: only names of channels are stored or shown.
    """

    name: str
    urls: tuple[str, ...] = field(repr=False)
    severities: frozenset[Severity] = frozenset()
    sites: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()

    def takes(self, incident: Incident) -> bool:
        """Tell whether these receivers are told of the incident."""
        return (
            (not self.severities or incident.severity in self.severities)
            and (not self.sites or incident.site in self.sites)
            and (not self.rules or incident.rule in self.rules)
        )

    def takes_of_fleet(self, severity: Severity) -> bool:
        """Return whether these receivers get alerts about fleet itself: of no site, by no rule."""
        is_severe = not self.severities or severity in self.severities
        return is_severe and not self.sites and not self.rules

    @property
    def channels(self) -> dict[str, str]:
        """Each channel's URL by its name: `ops`, and where there are more `ops #2`, `ops #3`.

        A channel is what takes a delivery or does not: one that fails must not repeat the others.
        """
        names = (self.name if n == 1 else f"{self.name} #{n}" for n in range(1, len(self.urls) + 1))
        return dict(zip(names, self.urls, strict=True))


def channels_of(routes: Iterable[Route]) -> dict[str, str]:
    """Give all channels' URLs by their names."""
    return {name: url for route in routes for name, url in route.channels.items()}
