"""`fleet status`: what every line is now, or was at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from fleet.app import now
from fleet.cli.common import FAIL_ON, TIME, console, fail_if, standard_output, with_app
from fleet.cli.documents import sweep_object
from fleet.cli.tables import one_row_per_failed_phone, print_lines
from fleet.report import FORMATS, LineRecord, json_object
from fleet.status import line_records, phone_records

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.app import App


@click.command()
@click.option("--flagged", is_flag=True, help="Only what is flagged.")
@click.option("--site", help="Only the phones of this site.")
@click.option("--at", type=TIME, help="As it was then: 2026-11-23T07:00, or 6h ago.")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table",
    show_default=True,
)  # fmt: skip
@FAIL_ON
@with_app
def command(
    app: App,
    flagged: bool,
    site: str | None,
    at: datetime | None,
    form: str,
    fail_on: str | None,
) -> None:
    """Show every line: registered, failed with its code, unregistered, on the backup, unknown.

    A phone that could not be read shows its lines as last known, with why it could not be read.
    """
    app.check_site(site)
    statuses = list(app.store.statuses(site=site, at=at))
    records = [
        record for record in line_records(statuses, app.judge) if record.flags or not flagged
    ]
    if form == "csv":
        FORMATS["csv"](records, LineRecord, standard_output())
    elif form == "json":
        phones = phone_records(statuses, app.judge)
        last = app.store.last_sweep()
        document: dict[str, Any] = {
            "sweep": sweep_object(last) if last else None,
            "phones": [json_object(each) for each in phones if each.flags or not flagged],
            "lines": [json_object(each) for each in records],
        }
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        _show(records, at or now(), flagged=flagged)
    fail_if(fail_on, [record for record in records if record.flags])


def _show(records: list[LineRecord], moment: datetime, *, flagged: bool) -> None:
    screen = console()
    if not records:
        screen.print(
            "Nothing is flagged." if flagged else "No phones yet: fleet inventory import FILE."
        )
        return
    shown = one_row_per_failed_phone(records)
    print_lines(screen, shown, moment)
    bad = sum(1 for record in records if record.flags)
    if not flagged:
        screen.print(f"{len(records)} lines, {bad} flagged.")
