"""`fleet export`: lines, phones, history, incidents or the audit's findings, streamed to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from fleet.cli.common import TIME, format_for, standard_output, with_app
from fleet.cli.completion import SITE
from fleet.cli.groups import examples
from fleet.clock import now
from fleet.errors import UsageError
from fleet.files import replacing
from fleet.report import FORMATS, HistoryRecord, IncidentRecord, LineRecord, PhoneRecord
from fleet.report.audit import FlaggedRecord
from fleet.status import history_records, incident_records, line_records, phone_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from fleet.app import App
    from fleet.model import Phone
    from fleet.report import Record

Give: TypeAlias = "Callable[[App, str | None, datetime | None], Iterable[Record]]"
"""Gives what there is of a site (None: of all), from a moment on (None: from the beginning)."""


def _lines(app: App, site: str | None, _: datetime | None) -> Iterable[Record]:
    return line_records(app.store.observations.statuses(site=site))


def _phones(app: App, site: str | None, _: datetime | None) -> Iterable[Record]:
    return phone_records(app.store.observations.statuses(site=site))


def _history(app: App, site: str | None, since: datetime | None) -> Iterable[Record]:
    phones = _by_id(app, site)
    ids = None if site is None else list(phones)
    return history_records(app.store.observations.history(ids=ids, since=since), phones, now())


def _incidents(app: App, site: str | None, since: datetime | None) -> Iterable[Record]:
    found = app.store.findings.incidents(site=site, since=since)
    return incident_records(found, _by_id(app, None), app.store.alerts.caused(), now())


def _audit(app: App, site: str | None, _: datetime | None) -> Iterable[Record]:
    from fleet.audit import decode  # only here: the other exports start without it

    selections = ["all"] if site is None else ["all", f"site {site}"]
    kept = [audit for each in selections if (audit := app.store.audits.last(each))]
    if not kept:
        raise UsageError("There is no audit yet: run fleet audit.")
    flags = decode(max(kept, key=lambda audit: audit.id).findings).flags
    return (flag.record for flag in flags if site in (None, flag.record.site))


def _by_id(app: App, site: str | None) -> dict[int, Phone]:
    from fleet.store import Secrets

    return {each.id: each.phone for each in app.store.phones.load(site=site, secrets=Secrets.NONE)}


KINDS: dict[str, tuple[type[Record], Give]] = {
    "lines": (LineRecord, _lines),
    "phones": (PhoneRecord, _phones),
    "history": (HistoryRecord, _history),
    "incidents": (IncidentRecord, _incidents),
    "audit": (FlaggedRecord, _audit),
}
SINCE = ("history", "incidents")


@click.command(
    epilog=examples(
        "fleet export lines --output lines.csv",
        "fleet export history --site berlin --since 30d --format json",
        "fleet export audit --output audit.xlsx",
    )
)
@click.argument("what", type=click.Choice(list(KINDS)))
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="File format.  [default: the suffix of --output, otherwise csv]",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; an existing file is replaced when the new one is complete.",
)
@click.option("--site", type=SITE, help="Export only the phones of this site.")
@click.option(
    "--since", type=TIME, help="Start of the history or incidents: 2026-11-23T07:00 or 30d."
)
@with_app
def command(
    app: App,
    what: str,
    form: str | None,
    output: Path | None,
    site: str | None,
    since: datetime | None,
) -> None:
    """Export lines, phones, history, incidents, or the findings of the last audit.

    Texts that a spreadsheet would run as a formula are made harmless. Times are UTC, ISO 8601.
    """
    if since is not None and what not in SINCE:
        raise click.UsageError(
            "--since works for history and incidents only; see also fleet status --at."
        )
    form = format_for(form, output, {each: each for each in FORMATS})
    if form == "xlsx" and output is None and standard_output().isatty():
        raise click.UsageError("A terminal cannot show an XLSX file: add --output FILE.")
    app.check_site(site)
    kind, give = KINDS[what]
    records = give(app, site, since)
    if output is None:
        FORMATS[form](records, kind, standard_output())
    else:
        with replacing(output) as file:
            FORMATS[form](records, kind, file)
