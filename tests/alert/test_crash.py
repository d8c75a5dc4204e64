"""SIGKILL at any moment of alerting: an alert may come twice, with the same key; none is lost."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fleet.model import DeliveryState, Phone
from tests.store.fleets import add
from tests.store.watching import finding, look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fleet.store import Store
    from tests.alert.servers import MailServer, Webhook

KILLS = 4
PHONES = 40


@contextmanager
def sender(database: str, seconds: float, *urls: str) -> Iterator[subprocess.Popen[str]]:
    """A process that alerts, at its first round; it is killed at the end."""
    command = [sys.executable, "-m", "tests.alert.sender", database, str(seconds), *urls]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "round\n"
        try:
            yield process
        finally:
            process.kill()


def all_sent(store: Store) -> bool:
    """Whether there is nothing left to do."""
    waiting = store.alerts.deliveries([DeliveryState.WAITING], limit=10_000)
    return not (waiting or store.alerts.unhandled_notices())


def test_a_kill_between_taking_and_marking_repeats_the_alert_with_its_key(
    store: Store, database_url: str, webhook: Webhook
) -> None:
    [phone] = add(store, Phone(host="10.0.0.1"))
    look(store, phone, datetime.now(UTC) - timedelta(minutes=1), finding(1))
    webhook.holds = True
    with sender(database_url, 0, webhook.url):
        assert webhook.came.wait(30)  # it has the alert, and has not answered
    webhook.holds = False
    webhook.let_go.set()
    assert not all_sent(store)
    with sender(database_url, 120, webhook.url):
        wait_until(lambda: all_sent(store))
    first, *rest = webhook.keys
    assert rest == [first]


def test_kills_at_random_moments_lose_nothing(
    store: Store, database_url: str, webhook: Webhook, mail_server: MailServer
) -> None:
    urls = (webhook.url, mail_server.url)
    phones = add(store, *(Phone(host=f"10.0.0.{n}") for n in range(PHONES)))
    chance = random.Random(time.time_ns())
    for number in range(KILLS):
        with sender(database_url, 120 * number, *urls):
            ends = time.monotonic() + chance.uniform(0.1, 1.5)
            while time.monotonic() < ends:
                phone, at = chance.choice(phones), datetime.now(UTC) - timedelta(minutes=1)
                look(store, phone, at, *([finding(1)] if chance.random() < 0.6 else []))
    with sender(database_url, 120 * KILLS, *urls):
        wait_until(lambda: all_sent(store))

    deliveries = store.alerts.deliveries(limit=100_000)
    assert {delivery.state for delivery in deliveries} <= {DeliveryState.SENT}
    keys = {delivery.alert.key for delivery in deliveries}
    assert set(webhook.keys) == set(mail_server.keys) == keys
    told = store.alerts.announced(
        [one.id for one in store.findings.incidents(open_only=True) if one.id]
    )
    assert len(told) == len(store.findings.incidents(open_only=True))


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    """Look again and again until it is so."""
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, "it takes too long"
        time.sleep(0.05)
