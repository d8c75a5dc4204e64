"""What other rooms give to the daemon. What is None is not done."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.app import now

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from fleet.app import App
    from fleet.store import TakeStep


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """How incidents are kept (`step`), who is told (`alert`, `deliver`), and the nightly audit.

    `audit` runs the audit planned for a moment, unless another runner has it; `audit_at` is its
    time of day, or five fields of cron, and its zone.
    """

    step: TakeStep | None = None
    alert: Callable[[], Awaitable[None]] | None = None
    deliver: Callable[[], Awaitable[None]] | None = None
    audit: Callable[[datetime], Awaitable[None]] | None = None
    audit_at: tuple[str, ZoneInfo] | None = None

    @classmethod
    def of(cls, app: App) -> Services:
        """Take them as the settings have them. Raises `SettingsError` for what is wrong there."""
        alerting, deliverer = app.alerting(), app.deliverer()

        async def alert() -> None:
            await asyncio.to_thread(alerting.run, now())

        async def deliver() -> None:
            await deliverer.run()

        return cls(step=app.step, alert=alert, deliver=deliver)
