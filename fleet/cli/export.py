"""`fleet export`: lines, phones or history as CSV, JSON or XLSX, streamed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet.app import now
from fleet.cli.common import TIME, standard_output, with_app
from fleet.files import replacing
from fleet.report import FORMATS, HistoryRecord, LineRecord, PhoneRecord
from fleet.status import history_records, line_records, phone_records
from fleet.store import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fleet.app import App
    from fleet.report import Record

KINDS: dict[str, type[Record]] = {
    kind.TITLE: kind for kind in (LineRecord, PhoneRecord, HistoryRecord)
}


@click.command()
@click.argument("what", type=click.Choice(list(KINDS)))
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="csv", show_default=True
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file, replaced at the end."
)
@click.option("--site", help="Only the phones of this site.")
@click.option("--since", type=TIME, help="History from then on.")
@with_app
def command(
    app: App,
    what: str,
    form: str,
    output: Path | None,
    site: str | None,
    since: datetime | None,
) -> None:
    """Write a file of all lines, all phones, or the history of both.

    A text that a spreadsheet would run as a formula is neutralised. Times are UTC, ISO 8601.
    """
    if since is not None and what != "history":
        raise click.UsageError("--since goes with history; for the past see fleet status --at.")
    if form == "xlsx" and output is None and standard_output().isatty():
        raise click.UsageError("An XLSX file is not for the terminal: add --output FILE.")
    app.check_site(site)
    records = _records(app, what, site, since)
    if output is None:
        FORMATS[form](records, KINDS[what], standard_output())
    else:
        with replacing(output) as file:
            FORMATS[form](records, KINDS[what], file)


def _records(app: App, what: str, site: str | None, since: datetime | None) -> Iterator[Record]:
    if what == "lines":
        return line_records(app.store.statuses(site=site), app.judge)
    if what == "phones":
        return phone_records(app.store.statuses(site=site), app.judge)
    stored = app.store.phones(site=site, secrets=Secrets.NONE)
    phones = {each.id: each.phone for each in stored}
    ids = None if site is None else list(phones)
    return history_records(app.store.history(ids=ids, since=since), phones, now())
