"""`fleet audit`: sweep, compare with the audit before, and write the report."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fleet.app import run
from fleet.audit import AuditOrder
from fleet.cli.common import counted, with_app
from fleet.cli.poll import order_of, sweep
from fleet.errors import FleetError
from fleet.report.audit import AUDIT_FORMATS, AuditChange, json_head, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.app import App
    from fleet.audit import Audited

NEW = (AuditChange.REGRESSION, AuditChange.NEW)


@click.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files; else [audit] output.",
)
@click.option(
    "--format", "forms", multiple=True, type=click.Choice(list(AUDIT_FORMATS)),
    help="A file to write, several if repeated; else [audit] formats.",
)  # fmt: skip
@click.option("--site", help="Only the phones of this site.")
@click.option("--no-sweep", is_flag=True, help="Ask no phone: take what the last sweeps saw.")
@click.option("--send", is_flag=True, help="Send it to [audit] recipients, each site its part.")
@click.option(
    "--fail-on",
    type=click.Choice(["flagged", "new"]),
    help="Exit with 1 when anything is flagged, or is and was not at the audit before.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@with_app
def command(
    app: App,
    output: Path | None,
    forms: tuple[str, ...],
    site: str | None,
    no_sweep: bool,
    send: bool,
    fail_on: str | None,
    as_json: bool,
) -> None:
    """Sweep, then say what changed since the audit before, and write the whole report.

    An audit is compared with the last one of the same choice of phones. The first has nothing
    to be compared with: nothing is new then.
    """
    app.check_site(site)
    order = AuditOrder(
        output=output or app.settings.audit_folder,
        formats=forms or tuple(app.settings.audit.formats),
        site=site,
        send=app.send_report if send else None,
    )
    try:
        done = run(_audit(app, order, no_sweep=no_sweep))
    except KeyboardInterrupt:
        raise click.Abort("Stopped. Nothing was kept of this audit.") from None
    for trouble in done.troubles:
        click.echo(trouble, err=True)
    if as_json:
        click.echo(json.dumps(_document(done), ensure_ascii=False, indent=1))
    else:
        _show(done)
    if done.troubles:
        raise SystemExit(FleetError.exit_code)
    if _is_failure(fail_on, done):
        raise SystemExit(1)


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
