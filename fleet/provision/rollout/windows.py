"""When phones may be asked to restart: a span of the day for each site, in the site's zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fleet.clock import daily_span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fleet.clock import DailySpan
    from fleet.settings import Settings
    from fleet.store import Store

EVERY_SITE = "*"


@dataclass(frozen=True, slots=True)
class Windows:
    """The spans in which phones may be asked, by site; a site without one has no limit."""

    spans: Mapping[str, DailySpan] = field(default_factory=dict)

    def is_open(self, site: str, at: datetime) -> bool:
        """Return whether the phones of a site (empty: those without one) may be asked."""
        span = self.spans.get(site)
        return span is None or span.end(at) is not None


def windows_of(settings: Settings, store: Store) -> Windows:
    """Return the windows that the settings give; those of `*` count for sites without their own."""
    given = settings.provisioning.windows
    zones = {site.name: site.timezone for site in store.inventory.sites()} | {"": ""}
    spans = {}
    for name, zone in zones.items():
        text = given.get(name, given.get(EVERY_SITE, ""))
        if span := daily_span(text, ZoneInfo(zone or settings.timezone)):
            spans[name] = span
    return Windows(spans)
