"""When a phone looks for new files by itself (facts/provisioning 1.3, Auto-resync; pure)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.simulator.boot.configuration import Configuration

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_MOST_DELAY = 1439


@dataclass(frozen=True, kw_only=True, slots=True)
class Resync:
    """What is looked at and when: local time of day, minutes of delay at most, days to let pass."""

    config: bool
    firmware: bool
    at: dt.time
    max_delay: int
    days: int
    offset: dt.timedelta  # local time minus UTC

    def next_after(self, now: dt.datetime, share: float) -> dt.datetime:
        """The next look; `share`, from 0 to 1, is how much of the delay it is put off by."""
        local = now + self.offset + dt.timedelta(days=self.days)
        look = local.replace(hour=self.at.hour, minute=self.at.minute, second=0, microsecond=0)
        if look <= local:
            look += dt.timedelta(days=1)
        return look - self.offset + dt.timedelta(minutes=self.max_delay * share)


def resync_of(configuration: Configuration) -> Resync | None:
    """What the parameters say; None where they say no, or no time.

    Summer time is left out: local time is what `time zone minutes` makes of UTC, west positive.
    """
    mode = configuration.number("auto resync mode", 0)
    at = _TIME.fullmatch(configuration.text("auto resync time"))
    if mode not in (1, 2, 3) or not at:
        return None
    delay = configuration.number("auto resync max delay", 15)
    west = configuration.number("time zone minutes", 0)
    return Resync(
        config=bool(mode & 1),
        firmware=bool(mode & 2),
        at=dt.time(int(at[1]), int(at[2])),
        max_delay=min(max(delay, 0), _MOST_DELAY),
        days=min(max(configuration.number("auto resync days", 0), 0), 364),
        offset=dt.timedelta(minutes=-min(max(west, -900), 900)),
    )
