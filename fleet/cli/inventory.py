"""`fleet inventory`: import, export, list and remove phones."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet.cli.common import JSON, console, format_for, no_phones, print_json, with_app
from fleet.cli.completion import PHONE, SITE
from fleet.cli.groups import Group, examples
from fleet.cli.tables import WITH_SITES, table
from fleet.clock import now
from fleet.errors import InventoryError, UsageError
from fleet.files import replacing
from fleet.report.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.app import App
    from fleet.inventory import InventoryFile, Plan
    from fleet.model import Inventory
    from fleet.store import PhoneStatus

MOST_NAMED = 20


@click.group(cls=Group)
def command() -> None:
    """Manage the inventory: the phones, their sites and their intended lines."""


@command.command(
    "import",
    epilog=examples(
        "fleet inventory import phones.csv --dry-run",
        "fleet inventory import phones.yaml",
        "fleet inventory import - --ignore-unknown-columns < phones.csv",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print the changes without making them.")
@click.option(
    "--ignore-unknown-columns",
    is_flag=True,
    help="Ignore columns of a CSV file that fleet does not know.",
)
@with_app
def import_(app: App, file: Path, dry_run: bool, ignore_unknown_columns: bool) -> None:
    """Import a .csv or .yaml file, or standard input (-), all or nothing.

    If rows are wrong, fleet reports each of them with its reason and changes nothing. Values and
    phones that are not in the file stay as they are; to remove phones, use fleet inventory remove.
    """
    from fleet.inventory import read_inventory

    is_stream = str(file) == "-"
    wanted = read_inventory(
        Path("standard input") if is_stream else file,
        sys.stdin.buffer.read() if is_stream else None,
        ignore_unknown_columns=ignore_unknown_columns,
    )
    _import(app, wanted, dry_run=dry_run)


@command.command(
    epilog=examples(
        "fleet inventory add 10.1.1.20",
        "fleet inventory add https://10.1.1.21 --site berlin --name reception",
    )
)
@click.argument("host")
@click.option("--site", default="", type=SITE, help="Site of the phone.")
@click.option("--name", default="", help="Name of the phone.")
@click.option(
    "--mac", default="", help="MAC of the phone.  [default: recorded by the first successful poll]"
)
@click.option("--model", default="", help="Model of the phone, such as 6753i.")
@click.option("--dry-run", is_flag=True, help="Print the changes without making them.")
@with_app
def add(app: App, host: str, site: str, name: str, mac: str, model: str, dry_run: bool) -> None:
    """Add a phone by its address, or change its entry."""
    from fleet.inventory import parse_csv

    if not host.strip():
        raise UsageError("The host is empty: name the phone's address.")
    text = io.StringIO(newline="")
    given = {"host": host, "site": site, "name": name, "mac": mac, "model": model}
    writer = csv.writer(text)
    writer.writerow([key for key, value in given.items() if value])
    writer.writerow([value for value in given.values() if value])
    try:
        wanted = parse_csv(text.getvalue(), source="The phone")
    except InventoryError as error:
        reasons = "; ".join(row.reason for row in error.bad_rows)
        raise UsageError(f"Nothing was changed: {(reasons or str(error)).rstrip('.')}.") from None
    _import(app, wanted, dry_run=dry_run)


def _import(app: App, wanted: InventoryFile, *, dry_run: bool) -> None:
    from fleet.enrolment import enrol
    from fleet.inventory import plan

    changes = plan(app.store.inventory.load(), wanted)
    if not (dry_run or changes.changes_nothing):
        app.ensure_key()
        enrol(app.store, changes, now())
        app.rejudge()
    screen = console()
    for line in plan_lines(changes, whole=dry_run):
        screen.print(line)
    if dry_run:
        screen.print("Dry run: nothing was changed.")


def plan_lines(changes: Plan, *, whole: bool) -> Iterator[str]:
    """Describe a plan, field by field if `whole`, else what changed and the counts."""
    from fleet.inventory import ChangeKind

    for level in changes.levels:
        if level.kind is ChangeKind.CHANGED:
            yield f"{level.label}: {level.kind}"
            yield from (f"    {change}" for change in level.changes)
    yield from (str(change) for change in changes.secret_changes)
    for site in changes.sites:
        if site.kind is ChangeKind.CHANGED or (whole and site.kind is ChangeKind.ADDED):
            yield f"site {site.after.name}: {site.kind}"
            yield from (f"    {change}" for change in site.changes)
    for phone in changes.phones:
        if phone.kind is ChangeKind.CHANGED or (whole and phone.kind is ChangeKind.ADDED):
            yield f"{phone.after.label}: {phone.kind}"
            yield from (f"    {change}" for change in phone.changes)
    if whole and changes.absent:
        yield f"not in the file, unchanged: {_some([p.label for p in changes.absent])}"
    counts = [
        f"{len(changes.phones_that_are(kind))} {kind}"
        for kind in (ChangeKind.ADDED, ChangeKind.CHANGED, ChangeKind.UNCHANGED)
    ]
    yield f"Phones: {', '.join(counts)}, {len(changes.absent)} absent."


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


@command.command(
    epilog=examples(
        "fleet inventory export --output phones.yaml",
        "fleet inventory export --format csv --with-secrets --output phones.csv",
    )
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "yaml"]),
    help="File format.  [default: the suffix of --output, otherwise csv]",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option(
    "--with-secrets", is_flag=True, help="Include passwords in clear text: protect the file."
)
@with_app
def export(
    app: App,
    form: str | None,
    output: Path | None,
    with_secrets: bool,
) -> None:
    """Export the inventory; importing the file again changes nothing."""
    form = format_for(form, output, {"csv": "csv", "yaml": "yaml", "yml": "yaml"})
    text = inventory_text(app.store.inventory.load(), form, with_secrets=with_secrets)
    if output is None:
        click.echo(text, nl=False)
    else:
        with replacing(output, private=with_secrets) as file:
            file.write(text.encode())


def inventory_text(inventory: Inventory, form: str, *, with_secrets: bool) -> str:
    """Write an inventory as CSV or YAML."""
    from fleet.inventory import write_csv, write_yaml

    out = io.StringIO(newline="")
    {"csv": write_csv, "yaml": write_yaml}[form](inventory, out, with_secrets=with_secrets)
    return out.getvalue()


@command.command(
    "list",
    epilog=examples(
        "fleet inventory list",
        "fleet inventory list --site berlin --json",
    ),
)
@click.option("--site", type=SITE, help="List only the phones of this site.")
@JSON
@with_app
def list_(app: App, site: str | None, as_json: bool) -> None:
    """List the phones with site, name, MAC, host, model, firmware and number of intended lines."""
    app.check_site(site)
    screen = console()
    if as_json:
        print_json(
            {"phones": [_object(status) for status in app.store.observations.statuses(site=site)]}
        )
        return
    if not app.store.phones.count():
        screen.print(no_phones(app))
        return
    wide = screen.width >= WITH_SITES
    columns = ["phone", "mac", "host", "model", "firmware", "lines"]
    rows = (
        ([phone.site] if wide else [])
        + [phone.label, phone.mac, phone.host, status.model or phone.model, status.firmware]
        + [str(len(phone.accounts) or "")]
        for status in app.store.observations.statuses(site=site)
        for phone in (status.stored.phone,)
    )
    screen.print(table(["site", *columns] if wide else columns, rows))


def _object(status: PhoneStatus) -> dict[str, object]:
    phone = status.stored.phone
    return {
        "site": phone.site,
        "phone": phone.label,
        "mac": phone.mac,
        "host": phone.host,
        "model": status.model or phone.model,
        "firmware": status.firmware,
        "lines": len(phone.accounts),
    }


@command.command(
    epilog=examples(
        "fleet inventory remove reception",
        "fleet inventory remove 10.1.1.20 10.1.1.21 --yes",
    )
)
@click.argument("phones", type=PHONE, nargs=-1, required=True, metavar="PHONE...")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@with_app
def remove(app: App, phones: tuple[str, ...], yes: bool) -> None:
    """Remove phones and their history."""
    from fleet.enrolment import remove_phones
    from fleet.store import Secrets

    ids = sorted({app.store.phones.find(phone) for phone in phones})
    names = [each.phone.label for each in app.store.phones.load(ids=ids, secrets=Secrets.NONE)]
    if not yes:
        click.confirm(f"Remove {_some(names)} and their history?", abort=True, err=True)
    click.echo(f"Removed {counted(remove_phones(app.store, ids, now()), 'phone')}.")


@command.command(
    epilog=examples(
        "fleet inventory trust reception",
        "fleet inventory trust 10.1.1.20 10.1.1.21",
    )
)
@click.argument("phones", type=PHONE, nargs=-1, required=True, metavar="PHONE...")
@with_app
def trust(app: App, phones: tuple[str, ...]) -> None:
    """Trust the next certificate that these phones show.

    Use it for a phone with the reason certificate_changed, once you know why it changed.
    """
    from fleet.enrolment import trust_next_certificate

    ids = sorted({app.store.phones.find(phone) for phone in phones})
    trust_next_certificate(app.store, ids)
    click.echo(f"Fleet will trust the next certificate of {counted(len(ids), 'phone')}.")
