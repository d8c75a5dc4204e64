"""What other rooms give to the daemon. What is None is not done."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fleet.audit import AuditOrder
from fleet.clock import now
from fleet.daemon.threads import off_loop
from fleet.errors import SettingsError
from fleet.schedule import Nightly
from fleet.sweep import Order

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from fleet.app import App
    from fleet.settings import Settings
    from fleet.store import TakeStep

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """How incidents are kept (`step`), who is told (`alert`, `deliver`), and the nightly audit.

    `report` alerts everybody about trouble of fleet's own: a key, a subject and a text.
    `clock_set` makes due what waits by a clock that somebody has set since.
    `audit` runs the audit planned for a moment, unless another runner has it, and returns sentences
    about reports that could not be sent; `audit_at` is its time of day, or five fields of cron, and
    its zone.
    """

    step: TakeStep | None = None
    alert: Callable[[], Awaitable[None]] | None = None
    deliver: Callable[[], Awaitable[None]] | None = None
    report: Callable[[str, str, str], Awaitable[None]] | None = None
    clock_set: Callable[[], Awaitable[None]] | None = None
    audit: Callable[[datetime], Awaitable[tuple[str, ...]]] | None = None
    audit_at: tuple[str, ZoneInfo] | None = None

    @classmethod
    def of(cls, app: App) -> Services:
        """Take them as the settings have them. Raises `SettingsError` for what is wrong there."""
        alerting, deliverer = app.alerting(), app.deliverer()

        async def alert() -> None:
            await asyncio.to_thread(alerting.run, now())

        async def deliver() -> None:
            await deliverer.run()

        return cls(
            step=app.step,
            alert=alert,
            deliver=deliver,
            report=off_loop(deliverer.report),
            clock_set=off_loop(deliverer.clock_was_set),
            audit=partial(audit, app),
            audit_at=audit_time(app.settings),
        )


async def audit(app: App, moment: datetime) -> tuple[str, ...]:
    """Run the audit planned for a moment, unless another runner has it.

    Returns a sentence for each report that could not be sent.
    """
    order = AuditOrder(
        output=app.settings.audit_folder,
        formats=tuple(app.settings.audit.formats),
        trigger="schedule",
        planned_for=moment,
        send=app.send_report,
    )
    sweep = partial(app.sweep, Order(trigger="audit"), lambda _: None)
    done = await app.auditor().run(order, sweep)
    if done is None:
        return ()
    log.info("Audited: %s", ", ".join(map(str, done.files)) or "no files are asked for")
    for trouble in done.troubles:
        log.warning("%s", trouble)
    return done.troubles


def audit_time(settings: Settings) -> tuple[str, ZoneInfo] | None:
    """When to audit, None for never. Raises `SettingsError` for what is no time."""
    at, zone = settings.audit.at, ZoneInfo(settings.audit_timezone)
    if not at:
        return None
    try:
        Nightly(at, zone)
    except ValueError as error:
        raise SettingsError(f"[audit] at: {at} is not a time: {error}.") from None
    return at, zone
