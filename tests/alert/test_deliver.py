"""Deliveries in a real database: marked after they were taken, tried again, given up loudly."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.alert import Delivered, Deliverer
from fleet.alert.deliver import after_try
from fleet.model import Alert, AlertKind, Delivery, DeliveryState, Severity
from fleet.store import Alerting, NewAlert, Store
from tests.alert.makers import DAY, HOUR, SECOND, START

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pytest

    from tests.alert.servers import MailServer, Webhook


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def alert(key: str, kind: AlertKind = AlertKind.PROBLEM) -> Alert:
    return Alert(
        key=key,
        kind=kind,
        severity=Severity.CRITICAL,
        at=START,
        subject="[fleet] 1 line",
        text=f"X-Fleet-Alert: {key}\n",
    )


def write(store: Store, *routes: str, key: str = "fleet-1") -> None:
    new = NewAlert(alert=alert(key), routes=tuple((route, START) for route in routes))
    store.alerts.apply(Alerting(at=START, alerts=(new,)))


def deliverer(
    store: Store, clock: Clock, channels: Mapping[str, str], **fields: object
) -> Deliverer:
    return Deliverer(
        store=store,
        channels=channels,
        give_up_after=DAY,
        clock=clock,
        **fields,  # type: ignore[arg-type]
    )


def states(store: Store) -> dict[str, DeliveryState]:
    return {delivery.route: delivery.state for delivery in store.alerts.deliveries()}


async def test_what_is_due_is_sent_once_by_each_channel(
    store: Store, webhook: Webhook, mail_server: MailServer
) -> None:
    write(store, "chat", "mail")
    clock = Clock()
    sender = deliverer(store, clock, {"chat": webhook.url, "mail": mail_server.url})
    assert await sender.run() == Delivered(sent=2)
    assert await sender.run() == Delivered()
    assert webhook.keys == mail_server.keys == ["fleet-1"]
    assert set(states(store).values()) == {DeliveryState.SENT}


async def test_a_channel_that_fails_is_tried_again_and_repeats_no_other(
    store: Store, webhook: Webhook, mail_server: MailServer
) -> None:
    webhook.status = 503
    write(store, "chat", "mail")
    clock = Clock()
    sender = deliverer(store, clock, {"chat": webhook.url, "mail": mail_server.url})
    assert await sender.run() == Delivered(sent=1, failed=1)
    [waiting] = store.alerts.deliveries([DeliveryState.WAITING])
    assert (waiting.attempts, waiting.due) == (1, START + 30 * SECOND)
    assert "503" in waiting.error
    assert "geheim" not in waiting.error
    webhook.status = 200
    clock.now += 30 * SECOND
    assert await sender.run() == Delivered(sent=1)
    assert (webhook.keys, mail_server.keys) == (["fleet-1"] * 2, ["fleet-1"])


async def test_what_nobody_takes_is_given_up_and_told_by_the_others(
    store: Store, webhook: Webhook, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    webhook.status = 500
    write(store, "chat")
    clock = Clock()
    sender = deliverer(store, clock, {"chat": webhook.url, "mail": mail_server.url})
    while DeliveryState.WAITING in states(store).values():
        clock.now += HOUR
        await sender.run()
    assert states(store) == {"chat": DeliveryState.GIVEN_UP, "mail": DeliveryState.SENT}
    [mail] = mail_server.mails
    assert mail["Subject"] == "[fleet] an alert could not be delivered by chat"
    assert "fleet alert test --route chat" in mail.get_content()
    assert "given up" in caplog.text
    assert "geheim" not in caplog.text + mail.get_content()


async def test_a_route_that_the_settings_have_no_more_is_said_to_be_gone(store: Store) -> None:
    write(store, "gone")
    assert await deliverer(store, Clock(), {}).run() == Delivered(failed=1)
    assert store.alerts.deliveries()[0].error == "the settings no longer have this route"


async def test_a_channel_that_hangs_costs_its_own_time_out(store: Store) -> None:
    let_go = threading.Event()

    def send(url: str, _alert: Alert) -> str:
        return "" if url == "json://quick" or let_go.wait() else "never"

    write(store, "chat", "mail")
    channels = {"chat": "json://hangs", "mail": "json://quick"}
    sender = deliverer(store, Clock(), channels, send=send, timeout=2)
    assert await sender.run() == Delivered(sent=1, failed=1)
    let_go.set()
    assert (
        store.alerts.deliveries([DeliveryState.WAITING])[0].error == "it did not answer within 2 s"
    )


async def test_two_who_deliver_at_once_do_not_send_twice(store: Store, webhook: Webhook) -> None:
    for number in range(20):
        write(store, "chat", key=f"fleet-{number}")
    senders = [deliverer(store, Clock(), {"chat": webhook.url}) for _ in range(2)]
    done = await asyncio.gather(*(sender.run() for sender in senders))
    assert sum(each.sent for each in done) == len(webhook.keys) == len(set(webhook.keys)) == 20


def test_pauses_double_up_to_an_hour() -> None:
    delivery = Delivery(alert=alert("x"), route="r", state=DeliveryState.WAITING, due=START)
    pauses = []
    for _ in range(9):
        delivery = after_try(delivery, "no", START, DAY)
        pauses.append(delivery.due - START)
    assert pauses[:3] == [30 * SECOND, 60 * SECOND, 120 * SECOND]
    assert pauses[-3:] == [1920 * SECOND, HOUR, HOUR]


def test_nothing_is_given_up_before_it_was_tried_a_few_times() -> None:
    delivery = Delivery(alert=alert("x"), route="r", state=DeliveryState.WAITING, due=START)
    late = START + timedelta(days=9)
    tries = []
    for _ in range(3):
        delivery = after_try(delivery, "no", late, DAY)
        tries.append(delivery.state)
    assert tries == [DeliveryState.WAITING, DeliveryState.WAITING, DeliveryState.GIVEN_UP]


async def test_a_further_try_keeps_its_pause_unless_the_clock_was_set_back(
    store: Store, webhook: Webhook
) -> None:
    webhook.status = 503
    write(store, "ops")
    clock = Clock()
    sender = deliverer(store, clock, {"ops": webhook.url})
    await sender.run()
    due = []
    for now in (START, START - 90 * SECOND, START - 91 * SECOND):
        clock.now = now
        sender.clock_was_set()
        [waiting] = store.alerts.deliveries([DeliveryState.WAITING])
        due.append(waiting.due)
    assert due == [START + 30 * SECOND, START + 30 * SECOND, START - 91 * SECOND]


async def test_a_clock_that_was_set_back_delays_no_alert(store: Store, webhook: Webhook) -> None:
    write(store, "ops")
    clock = Clock()
    made = deliverer(store, clock, {"ops": webhook.url})
    for back in (HOUR, DAY):
        clock.now = START - back
        made.clock_was_set()
        (waiting,) = store.alerts.deliveries([DeliveryState.WAITING])
        assert waiting.due <= clock.now
    assert (await made.run()).sent == 1
