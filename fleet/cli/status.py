"""`fleet status`: what every line is now, or was at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from fleet.app import now
from fleet.cli.common import (
    FAIL_ON,
    TIME,
    console,
    counted,
    fail_if,
    no_phones,
    standard_output,
    with_app,
)
from fleet.cli.documents import document
from fleet.cli.tables import print_lines
from fleet.report import FORMATS, LineRecord
from fleet.status import line_records, one_per_unread_phone, phone_records, totals

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.app import App
    from fleet.model import Incident


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
        shown = (phone for phone in phones if phone.flags or not flagged)
        made = document(app.store.last_sweep(), shown, records)
        made["strangers"] = [_as_object(each) for each in _strangers(app, site) if at is None]
        click.echo(json.dumps(made, ensure_ascii=False, indent=1))
    else:
        _show(app, records, at or now(), flagged=flagged)
        if at is None:
            for incident in _strangers(app, site):
                console().print(_told(incident))
    fail_if(fail_on, [record for record in records if record.flags])


def _strangers(app: App, site: str | None) -> list[Incident]:
    """What stands of those who are no phone of ours."""
    return [each for each in app.store.incidents(open_only=True, site=site) if each.subject]


def _told(incident: Incident) -> str:
    where = f" at {incident.site}" if incident.site else ""
    return f"Strangers{where}: {incident.text}"


def _as_object(incident: Incident) -> dict[str, Any]:
    return {
        "site": incident.site,
        "outcome": incident.subject,
        "severity": incident.severity,
        "since": incident.first_seen.isoformat(timespec="seconds"),
        "text": incident.text,
    }


def _show(app: App, records: list[LineRecord], moment: datetime, *, flagged: bool) -> None:
    screen = console()
    if records:
        print_lines(screen, one_per_unread_phone(records), moment)
        screen.print(summary(records, flagged=flagged))
    elif not app.store.count_phones():
        screen.print(no_phones(app))
    else:
        screen.print("Nothing is flagged." if flagged else "No phones at this site.")


def summary(records: list[LineRecord], *, flagged: bool) -> str:
    """Say in a line how many lines there are and how many are flagged."""
    seen = totals(records)
    lines = counted(seen.flagged, "line") if flagged else counted(seen.lines, "line")
    parts = [f"{lines} flagged" if flagged else f"{lines}, {seen.flagged} flagged"]
    if seen.not_read:
        parts.append(f"{counted(seen.not_read, 'phone')} not read")
    if seen.not_polled:
        parts.append(f"{counted(seen.not_polled, 'phone')} not polled yet")
    return "; ".join(parts) + "."
