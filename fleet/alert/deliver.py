"""Delivers alerts that are due: each is marked after its channel took it, so none is ever lost.

Whoever is killed between the two leaves it due again: told twice, with the same key.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.alert import sender
from fleet.alert.compose import word_of_fleet
from fleet.model import AlertKind, DeliveryState
from fleet.store import Alerting, NewAlert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from fleet.alert.sender import Send
    from fleet.model import Alert, Delivery
    from fleet.store import Store

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
FEWEST_TRIES = 3  # before giving up, however long nobody could try
_GIVEN_UP = """\
This alert was given up after {attempts} tries by {channel}: {error}

Check its URL in the settings, then: fleet alert test --route {route}

The alert was:

{subject}

{text}"""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """How many deliveries were taken, how many failed for now, and how many for good."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0


@dataclass(frozen=True, kw_only=True)
class Deliverer:
    """Sends what is due by its channels, some at a time. `channels` are their URLs by name.

    `timeout`, in seconds, is for one try. `claim` is how long others leave alone what this one
    has taken up: longer than a try.
    """

    store: Store
    channels: Mapping[str, str]
    give_up_after: timedelta
    clock: Callable[[], datetime]
    send: Send = sender.send
    concurrency: int = 8
    timeout: float = 60.0
    claim: timedelta = timedelta(seconds=90)

    async def run(self) -> Delivered:
        """Try everything that is due; raises `StoreError`."""
        ends: list[DeliveryState] = []
        while claimed := await asyncio.to_thread(self._claim):
            ends += await asyncio.gather(*map(self._deliver, claimed))
        return Delivered(
            sent=ends.count(DeliveryState.SENT),
            failed=ends.count(DeliveryState.WAITING),
            given_up=ends.count(DeliveryState.GIVEN_UP),
        )

    def report(self, key: str, subject: str, text: str) -> None:
        """Tell every channel about trouble of fleet's own, once for a key."""
        now = self.clock()
        alert = word_of_fleet(AlertKind.DAEMON, key, now, subject, text)
        routes = tuple((name, now) for name in self.channels)
        if routes:
            self.store.alerts.apply(
                Alerting(at=now, alerts=(NewAlert(alert=alert, routes=routes),))
            )

    def clock_was_set(self) -> None:
        """Make due what waits by a clock that was set back since; raises `StoreError`.

        A first try waits for its alert's time, or for the end of quiet hours, which is no pause of
        ours; a further one waits no longer than the pause before it.
        """
        now = self.clock()
        for waiting in self.store.alerts.deliveries([DeliveryState.WAITING]):
            pause = self.claim + _pause(waiting.attempts)
            if waiting.attempts:
                is_wrong = waiting.due > now + pause
            else:
                is_wrong = now < waiting.due <= waiting.alert.at + pause and waiting.alert.at > now
            if is_wrong:
                self.store.alerts.mark_delivery(replace(waiting, due=now))

    def _claim(self) -> list[Delivery]:
        now = self.clock()
        return self.store.alerts.claim_deliveries(
            now=now, until=now + self.claim, limit=self.concurrency
        )

    async def _deliver(self, delivery: Delivery) -> DeliveryState:
        why = await self._try(delivery)
        tried = after_try(delivery, why, self.clock(), self.give_up_after)
        await asyncio.to_thread(self._mark, tried)
        return tried.state

    async def _try(self, delivery: Delivery) -> str:
        """Send; give why it was not taken, else an empty text."""
        url = self.channels.get(delivery.route)
        if url is None:
            return "the settings no longer have this route"
        try:
            async with asyncio.timeout(self.timeout):
                return await _in_a_thread(self.send, url, delivery.alert)
        except TimeoutError:
            return f"it did not answer within {self.timeout:g} s"

    def _mark(self, tried: Delivery) -> None:
        if tried.state is DeliveryState.SENT:
            _log.info("Told by %s: %s", tried.route, tried.alert.subject)
        if tried.state is DeliveryState.WAITING:
            _log.warning(
                "Alert %s by %s, try %d: %s", tried.alert.key, tried.route, tried.attempts,
                tried.error,
            )  # fmt: skip
        if tried.state is DeliveryState.GIVEN_UP:
            self._tell_others(tried)
        self.store.alerts.mark_delivery(tried)

    def _tell_others(self, tried: Delivery) -> None:
        """Tell of an alert that was given up, by every channel but its own."""
        alert, now = tried.alert, self.clock()
        _log.error("Alert %s by %s was given up: %s", alert.key, tried.route, tried.error)
        others = tuple((name, now) for name in self.channels if name != tried.route)
        if alert.kind is AlertKind.DAEMON or not others:
            return
        told = word_of_fleet(
            AlertKind.DAEMON,
            f"{alert.key}-given-up-{tried.id}",
            now,
            f"an alert could not be delivered by {tried.route}",
            _GIVEN_UP.format(
                attempts=tried.attempts,
                channel=tried.route,
                route=tried.route.partition(" #")[0],
                error=tried.error,
                subject=alert.subject,
                text=alert.text,
            ),
        )
        self.store.alerts.apply(Alerting(at=now, alerts=(NewAlert(alert=told, routes=others),)))


def after_try(delivery: Delivery, why: str, now: datetime, give_up_after: timedelta) -> Delivery:
    """What becomes of a delivery that was tried: sent, waiting for the next try, or given up."""
    tried = replace(delivery, attempts=delivery.attempts + 1, error=why)
    if not why:
        return replace(tried, state=DeliveryState.SENT, sent=now, due=now)
    if tried.attempts >= FEWEST_TRIES and now - delivery.alert.at >= give_up_after:
        return replace(tried, state=DeliveryState.GIVEN_UP, due=now)
    return replace(tried, due=now + _pause(tried.attempts))


def _pause(attempts: int) -> timedelta:
    """Return the time between so many tries in a row that failed and the next one."""
    return min(FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 20)), LONGEST_PAUSE)


async def _in_a_thread(send: Send, url: str, alert: Alert) -> str:
    """Send in a thread that nobody waits for: a channel that hangs must not hold up the end."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str] = loop.create_future()

    def settle(why: str) -> None:
        if not done.done():
            done.set_result(why)

    def work() -> None:
        why = send(url, alert)
        try:
            loop.call_soon_threadsafe(settle, why)
        except RuntimeError:  # the loop has ended: nobody waits any more
            return

    threading.Thread(target=work, daemon=True, name="fleet-alert").start()
    return await done
