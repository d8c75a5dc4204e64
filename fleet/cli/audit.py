"""`fleet audit`: sweep, compare with the audit before, and write the report."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fleet.cli.common import JSON, TIME, no_phones, print_json, with_app
from fleet.cli.completion import SITE
from fleet.cli.groups import examples
from fleet.cli.poll import order_of, sweep
from fleet.errors import FleetError, UsageError
from fleet.loop import run
from fleet.report.audit import AUDIT_FORMATS, AuditChange, json_head, summary
from fleet.report.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.app import App
    from fleet.audit import Audited, AuditOrder
    from fleet.report.audit import AuditReport

_READ_NOTHING = (
    "No phone could be read, so this audit has no data about the lines. Run fleet doctor; fleet "
    "status shows the reason of each phone."
)
NEW = (AuditChange.REGRESSION, AuditChange.NEW)


@click.command(
    epilog=examples(
        "fleet audit --no-sweep",
        "fleet audit --record --send --fail-on new",
        "fleet audit --against 2026-11-24T07:00",
    )
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files.  [default: [audit] output]",
)
@click.option(
    "--format", "forms", multiple=True, type=click.Choice(list(AUDIT_FORMATS)),
    help="File format to write; may be repeated.  [default: [audit] formats]",
)  # fmt: skip
@click.option("--site", type=SITE, help="Audit only the phones of this site.")
@click.option(
    "--record",
    is_flag=True,
    help="Make this audit a baseline for later ones, like a scheduled audit. For cron jobs.",
)
@click.option(
    "--against",
    type=TIME,
    help="Compare with the last audit before this time, scheduled or not: 2026-11-24T07:00 or 2d.",
)
@click.option("--no-sweep", is_flag=True, help="Poll no phone; use the results of the last sweeps.")
@click.option(
    "--send",
    is_flag=True,
    help="Send the report to [audit] recipients, and to each site's recipients its part.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["flagged", "new"]),
    help="Exit with code 1 if anything is flagged (flagged), or was not flagged in the "
    "last audit (new).",
)
@JSON
@with_app
def command(
    app: App,
    output: Path | None,
    forms: tuple[str, ...],
    site: str | None,
    record: bool,
    against: datetime | None,
    no_sweep: bool,
    send: bool,
    fail_on: str | None,
    as_json: bool,
) -> None:
    """Poll all phones, report what changed since the last audit, and write the full report.

    Fleet compares an audit with the last baseline of the same phones: a scheduled audit, or one
    made with --record. Exit code 3: no phone could be read, or this machine could not poll some
    phones.
    """
    from fleet.audit import AuditOrder

    app.check_site(site)
    if send:
        _check_recipients(app, site)
    order = AuditOrder(
        output=output or app.settings.audit_folder,
        formats=forms or tuple(app.settings.audit.formats),
        site=site,
        trigger="record" if record else "manual",
        against=against,
        send=app.send_report if send else None,
    )
    try:
        done = run(_audit(app, order, no_sweep=no_sweep))
    except KeyboardInterrupt:
        raise click.Abort("Stopped. This audit was not recorded.") from None
    for trouble in done.troubles:
        click.echo(trouble, err=True)
    if as_json:
        print_json(_document(done))
    else:
        _show(done)
    if done.sweep is not None:
        done.sweep.check()
    if read_nothing(done.report):
        raise FleetError(_READ_NOTHING if done.report.totals.phones else no_phones(app))
    if done.troubles:
        raise SystemExit(FleetError.exit_code)
    if _is_failure(fail_on, done):
        raise SystemExit(1)


def _check_recipients(app: App, site: str | None) -> None:
    """Raise `UsageError` where `--send` would send to nobody."""
    recipients = app.auditor().recipients
    sites = [urls for name, urls in recipients.sites.items() if site in (None, name)]
    if not any(sites) and not (site is None and recipients.everybody):
        key = "[audit] recipients (FLEET_AUDIT_RECIPIENTS)"
        place = f"[audit.sites.{site}] recipients" if site else f"{key}, or those of a site"
        raise UsageError(f"--send would send to nobody: set {place}.")


def read_nothing(report: AuditReport) -> bool:
    """Whether the audit knows no phone as it is now: none could be read, or there is none."""
    totals = report.totals
    return totals.not_read + totals.not_polled >= totals.phones


async def _audit(app: App, order: AuditOrder, *, no_sweep: bool) -> Audited:
    sweeping = None
    if not no_sweep:
        chosen = replace(order_of(app, (), order.site, insist=False), trigger="audit")
        sweeping = partial(sweep, app, chosen, confirm=False)
    done = await app.auditor().run(order, sweeping)
    assert done is not None  # noqa: S101  only an audit planned for a moment can be another's
    return done


def _show(done: Audited) -> None:
    for line in (*done.report.notes, *summary(done.report), *_files(done.files)):
        click.echo(line)
    if done.sent:
        click.echo(f"Sent: {counted(done.sent, 'report')}.")


def _files(files: Sequence[Path]) -> list[str]:
    if not files:
        return []
    return ["Files:", *(f"  {path}" for path in files)]


def _document(done: Audited) -> dict[str, Any]:
    return json_head(done.report) | {
        "files": [str(path) for path in done.files],
        "sent": done.sent,
        "troubles": list(done.troubles),
    }


def _is_failure(fail_on: str | None, done: Audited) -> bool:
    if fail_on == "new":
        return bool(done.report.changes.of(*NEW))
    return fail_on == "flagged" and bool(done.report.flagged)
