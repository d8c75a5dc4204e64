"""`fleet provision journal`: what was done to phones and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fleet.cli.common import JSON, TIME, console, print_json, with_app
from fleet.cli.completion import PHONE
from fleet.cli.groups import examples
from fleet.cli.provision.stages import labels_of
from fleet.cli.tables import local, table

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.app import App

MOST = 200


@click.command(
    epilog=examples(
        "fleet provision journal",
        "fleet provision journal reception --since 7d --json",
    )
)
@click.argument("phone", type=PHONE, required=False)
@click.option(
    "--since", type=TIME, help="List only entries after this time: 2026-11-23T07:00 or 7d."
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=MOST,
    show_default=True,
    help="Maximum number of entries.",
)
@JSON
@with_app
def journal(app: App, phone: str | None, since: datetime | None, limit: int, as_json: bool) -> None:
    """List what was done to phones and settings, and by whom, the newest first."""
    phone_id = app.store.phones.find(phone) if phone else None
    found = app.store.journal.load(phone_id=phone_id, since=since, limit=limit)
    labels = labels_of(app)
    if as_json:
        rows = [
            {
                "at": each.at.isoformat(timespec="seconds"),
                "by": each.by,
                "phone": labels.get(each.phone_id or 0, ""),
                "what": each.what,
            }
            for each in found
        ]
        print_json({"journal": rows})
        return
    cells = (
        (local(each.at), each.by, labels.get(each.phone_id or 0, ""), each.what) for each in found
    )
    columns = ("when", "by", "phone", "action")
    console().print(table(columns, cells, folds=("phone", "action")))
