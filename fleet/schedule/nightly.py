"""The nightly audit: once a night, and once after a restart if it was missed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fleet.schedule.triggers import Nightly

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from zoneinfo import ZoneInfo

log = logging.getLogger(__name__)


class NightlyAudit:
    """Runs the newest night's audit; the database gives each night to one runner alone.

    A night that was before the start is run if there was an audit before it, but none since. A
    fleet that was never audited has missed nothing. Where the clock was set back, the database
    knows which nights had their audit.
    """

    def __init__(
        self,
        audit: Callable[[datetime], Awaitable[None]],
        last: Callable[[], Awaitable[datetime | None]],
        when: tuple[str, ZoneInfo],
        clock: Callable[[], datetime],
    ) -> None:
        self.trigger = Nightly(*when)
        self._audit = audit
        self._last = last
        self._clock = clock
        self._begun = clock()
        self._newest: datetime | None = None

    async def run(self) -> None:
        """Run the newest night's audit, unless that was done; then one that came meanwhile."""
        while (night := self.trigger.newest(self._clock())) and night != self._newest:
            self._begun = min(self._begun, self._clock())
            is_due = night > self._begun or await self._was_missed(night)
            self._newest = night
            if is_due:
                await self._audit(night)

    async def _was_missed(self, night: datetime) -> bool:
        last = await self._last()
        if last is None or last >= night:
            return False
        log.warning(
            "The audit planned for %s was missed; it runs now.", f"{night:%Y-%m-%d %H:%M} UTC"
        )
        return True
