"""`fleet history`: when a line lost its registration, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fleet.app import now
from fleet.cli.common import TIME, console, with_app
from fleet.cli.tables import ago, local, period_state, table
from fleet.status import history_records

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.app import App
    from fleet.store import PhoneStatus


@click.command()
@click.argument("phone", metavar="PHONE")
@click.option("--line", type=click.IntRange(1, 99), help="Only this line.")
@click.option("--since", type=TIME, help="From then on: 2026-11-23T07:00, or 7d ago.")
@with_app
def command(app: App, phone: str, line: int | None, since: datetime | None) -> None:
    """Show the periods of a phone: of its reach (line empty) and of each of its lines.

    A PHONE is a MAC, a host or a name. While a phone could not be read nobody knows of its lines:
    their periods go on, and its reach tells of the gap.
    """
    phone_id = app.store.find_phone(phone)
    [status] = app.store.statuses(ids=[phone_id])
    periods = app.store.history(ids=[phone_id], line=line, since=since)
    records = list(history_records(periods, {phone_id: status.stored.phone}, now()))
    screen = console()
    if not records:
        screen.print(_nothing(status, line, since))
        return
    rows = (
        (
            "" if record.line is None else str(record.line),
            local(record.since),
            local(record.until) if record.until else "now",
            ago(record.since, record.until or now()),
            period_state(record),
            record.account.removesuffix(":5060"),
        )
        for record in records
    )
    screen.print(table(("line", "from", "until", "for", "state", "account"), rows))


def _nothing(status: PhoneStatus, line: int | None, since: datetime | None) -> str:
    label = status.stored.phone.label
    if status.reach is None:
        return f"{label} has no history yet: fleet poll."
    after = f" after {local(since)}" if since else ""
    return f"{label} has no line {line} in its history{after}."
