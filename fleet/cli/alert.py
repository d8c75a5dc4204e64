"""`fleet alert`: try out, look into and send alerts."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import click

from fleet.cli.answers import moment
from fleet.cli.common import JSON, console, print_json, with_app
from fleet.cli.groups import Group, examples
from fleet.cli.tables import table
from fleet.clock import now
from fleet.errors import UsageError
from fleet.loop import run
from fleet.model import AlertKind, DeliveryState
from fleet.report.wording import ago, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet.alert import Held
    from fleet.app import App
    from fleet.model import Delivery

_NOBODY = "Nobody is told: no receiver. Set FLEET_ALERTS_URLS, or [alerts] urls in fleet.toml."
_TEST = """\
This is a test. Alerts about phones that are not registered arrive here too.

Sent on route {route} of fleet at {place}."""
MOST_SHOWN = 1000  # deliveries


@click.group(cls=Group)
def command() -> None:
    """Test, inspect and send alerts.

    The section [alerts] of fleet.toml says who receives which alerts (docs/alerts.md).
    """


@command.command(
    epilog=examples(
        "fleet alert test",
        "fleet alert test --route default",
    )
)
@click.option("--route", help="Test only this route: default, or a name under [alerts.routes].")
@with_app
def test(app: App, route: str | None) -> None:
    """Send a test alert on each route, and report whether it was accepted.

    Accepted means that the mail or chat server took the message, not that somebody read it.
    """
    from fleet import alert

    channels = _channels(app, route)
    alert.check(channels)
    failed = 0
    for name, url in channels.items():
        text = _TEST.format(route=name, place=app.store.place)
        key = f"fleet-test-{secrets.token_hex(6)}"
        why = alert.send(
            url, alert.word_of_fleet(AlertKind.TEST, key, now(), f"test of route {name}", text)
        )
        click.echo(f"{name}: {'not accepted: ' + why if why else 'accepted'}")
        failed += bool(why)
    if failed:
        raise SystemExit(3)


def _channels(app: App, route: str | None) -> Mapping[str, str]:
    from fleet import alert

    routes = alert.routes_of(app.settings)
    if not routes:
        raise UsageError(_NOBODY)
    chosen = [each for each in routes if route in (None, each.name)]
    if not chosen:
        names = ", ".join(each.name for each in routes)
        raise UsageError(f"There is no route {route}; routes: {names}.")
    return alert.channels_of(chosen)


@command.command(
    epilog=examples(
        "fleet alert send",
        "fleet poll && fleet alert send",
    )
)
@with_app
def send(app: App) -> None:
    """Decide which alerts are due, and deliver them now.

    Use it after fleet poll in a cron job. fleet serve does both by itself.
    """
    deliverer = app.deliverer()
    written = app.alerting().run(now())
    done = run(deliverer.run())
    parts = [f"Delivered: {done.sent}"]
    if done.failed:
        parts.append(f"to be retried: {done.failed}")
    if done.given_up:
        parts.append(f"given up: {done.given_up}")
    if written.held:
        parts.append(f"delayed: {written.held} (fleet alert pending)")
    click.echo("; ".join(parts) + ".")
    if not deliverer.channels and written.held:
        raise UsageError(_NOBODY)
    if done.failed or done.given_up:
        raise SystemExit(3)


@command.command(
    epilog=examples(
        "fleet alert pending",
        "fleet alert pending --json",
    )
)
@JSON
@with_app
def pending(app: App, as_json: bool) -> None:
    """List alerts that are delayed or not delivered yet, and why.

    Fleet checks delayed alerts again in every round; none is lost.
    """
    alerting = app.alerting()
    held = alerting.look(now()).held
    waiting = app.store.alerts.deliveries(
        [DeliveryState.WAITING, DeliveryState.GIVEN_UP], limit=MOST_SHOWN
    )
    if as_json:
        made = {
            "receivers": sorted(
                name for route in alerting.policy.routes for name in route.channels
            ),
            "held": [*map(_held, held)],
            "deliveries": [*map(_delivery, waiting)],
        }
        print_json(made)
        return
    _show(held, waiting, has_receivers=any(route.urls for route in alerting.policy.routes))


def _show(held: Sequence[Held], waiting: Sequence[Delivery], *, has_receivers: bool) -> None:
    screen = console()
    if held:
        screen.print(
            table(["phone", "line", "rule", "event", "for", "reason"], map(_held_row, held))
        )
        screen.print(f"Delayed: {counted(len(held), 'notice')}.")
    if waiting:
        columns = ["route", "state", "tries", "next", "subject"]
        screen.print(table(columns, map(_delivery_row, waiting)))
        screen.print(f"Not delivered: {counted(len(waiting), 'alert')}.")
    if not has_receivers:
        screen.print(_NOBODY)
    elif not (held or waiting):
        screen.print("No alert is delayed, and every alert was delivered.")


def _held_row(held: Held) -> list[str]:
    notice, incident = held.notice, held.notice.incident
    line = str(incident.line or "")
    return [incident.phone, line, incident.rule, notice.kind, ago(notice.at, now()), held.why]


def _delivery_row(delivery: Delivery) -> list[str]:
    is_waiting = delivery.state is DeliveryState.WAITING
    error = f"{delivery.error}: " if delivery.error else ""
    return [
        delivery.route,
        delivery.state,
        str(delivery.attempts),
        moment(delivery.due) if is_waiting else "",
        f"{error}{delivery.alert.subject}",
    ]


def _held(held: Held) -> dict[str, Any]:
    incident = held.notice.incident
    return {
        "incident": incident.id,
        "site": incident.site,
        "phone": incident.phone,
        "line": incident.line,
        "rule": incident.rule,
        "severity": incident.severity,
        "news": held.notice.kind,
        "at": held.notice.at.isoformat(timespec="seconds"),
        "why": held.why,
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "alert": delivery.alert.key,
        "subject": delivery.alert.subject,
        "at": delivery.alert.at.isoformat(timespec="seconds"),
        "route": delivery.route,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "due": delivery.due.isoformat(timespec="seconds"),
        "error": delivery.error,
    }
