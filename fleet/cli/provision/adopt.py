"""`fleet provision adopt`: an old folder of configuration files becomes an inventory."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet.cli.common import console, with_app
from fleet.cli.groups import examples
from fleet.cli.inventory import plan_lines
from fleet.cli.provision.changes import change_line
from fleet.clock import now
from fleet.errors import UsageError
from fleet.files import replacing
from fleet.phone.catalog import model_table
from fleet.phone.lint import lint_file
from fleet.report.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.app import App
    from fleet.model import Inventory
    from fleet.provision.adopt import Adopted, Folder, Surroundings

MOST_NOTES = 20


@click.command(
    epilog=examples(
        "fleet provision adopt old-files --output phones.yaml",
        "fleet provision adopt old-files --import --model 6753i",
    )
)
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="YAML file to write."
)
@click.option(
    "--with-secrets", is_flag=True, help="Include secrets in clear text: protect the file."
)
@click.option(
    "--import", "take", is_flag=True, help="Import the result into the inventory, with its secrets."
)
@click.option("--model", default="", help="Model of phones whose model is unknown.")
@with_app
def adopt(
    app: App,
    folder: Path,
    output: Path | None,
    with_secrets: bool,
    take: bool,
    model: str,
) -> None:
    """Convert the aastra.cfg, <model>.cfg and <MAC>.cfg files of FOLDER into an inventory.

    Parameters for all phones or for a model stay at that level, and lines become accounts. Secrets
    go to the database (--import), or the inventory refers to them by name. Fleet shows what
    applying the result would change for phones, which is ideally nothing.
    """
    from fleet.provision.adopt import adopt as adopt_folder
    from fleet.provision.adopt import read_folder

    if model and model_table(model) is None:
        raise UsageError(f"{model} is not a model that fleet knows; a known one is 6753i.")
    old, known = read_folder(folder), _surroundings(app, model)
    adopted = adopt_folder(old, known)
    said = [*_lines(old, adopted, known), *_of_servers(app, old)]
    if output is not None:
        said.append(_write(adopted.inventory, output, with_secrets=with_secrets))
    if take:
        said += _import(app, adopted.inventory)
    elif output is None:
        said.append("Nothing was written: --output FILE writes the inventory, --import imports it.")
    for line in said:
        console().print(line)


def _surroundings(app: App, model: str) -> Surroundings:
    from fleet.provision.adopt import Surroundings
    from fleet.store import Secrets

    seen = app.store.phones.models()
    stored = app.store.phones.load(secrets=Secrets.NONE)
    return Surroundings(
        at=now(),
        phones={
            each.phone.mac: replace(each.phone, model=seen.get(each.id, "") or each.phone.model)
            for each in stored
            if each.phone.mac
        },
        intents=app.store.intents.load(),
        timezones={site.name: site.timezone for site in app.store.inventory.sites()},
        model=model,
    )


def _lines(old: Folder, adopted: Adopted, known: Surroundings) -> Iterator[str]:
    from fleet.provision.adopt import differences

    yield from adopted.notes[:MOST_NOTES]
    if (more := len(adopted.notes) - MOST_NOTES) > 0:
        yield f"… and {counted(more, 'more note')}."
    found = differences(old, adopted, known)
    for mac, changes in found.items():
        if changes:
            yield f"{mac}:"
            yield from (f"    {change_line(change)}" for change in changes)
    same = sum(not changes for changes in found.values())
    stuck = len(adopted.inventory.phones) - len(found)
    rest = f", {counted(stuck, 'phone')} cannot be rendered yet" if stuck else ""
    yield f"Nothing changes for {same} of {counted(len(found), 'phone')}{rest}."


def _of_servers(app: App, old: Folder) -> Iterator[str]:
    """What phones would fetch from another server, or from us and not find, each once."""
    context = replace(app.provisioner().demands.context(""), complete=False)
    common = [old.common, *([old.startup] if old.startup else [])]
    files = [*common, *old.models.values(), *old.phones.values()]
    texts = {
        finding.text: None
        for file in files
        for finding in lint_file(file, context=context)
        if finding.check in ("file-not-served", "fetches-elsewhere")
    }
    yield from list(texts)[:MOST_NOTES]
    if (more := len(texts) - MOST_NOTES) > 0:
        yield f"… and {counted(more, 'more such note')}: fleet provision lint shows them."


def _write(inventory: Inventory, output: Path, *, with_secrets: bool) -> str:
    text = _yaml(inventory, with_secrets=with_secrets)
    with replacing(output, private=with_secrets) as file:
        file.write(text.encode())
    return f"Wrote {output}{_left_out(inventory, with_secrets=with_secrets)}"


def _yaml(inventory: Inventory, *, with_secrets: bool) -> str:
    from fleet.inventory import write_yaml

    out = io.StringIO()
    write_yaml(inventory, out, with_secrets=with_secrets)
    return out.getvalue()


def _left_out(inventory: Inventory, *, with_secrets: bool) -> str:
    passwords = sum(bool(one.sip_password) for each in inventory.phones for one in each.accounts)
    if with_secrets or not (passwords or inventory.secrets):
        return ""
    left = f"{counted(passwords, 'SIP password')} and {counted(len(inventory.secrets), 'secret')}"
    return f" without {left}; --import stores them encrypted, --with-secrets writes them."


def _import(app: App, inventory: Inventory) -> Iterator[str]:
    from fleet.enrolment import enrol
    from fleet.inventory import parse_yaml
    from fleet.inventory import plan as plan_import

    file = parse_yaml(_yaml(inventory, with_secrets=True), source="The folder")
    changes = plan_import(app.store.inventory.load(), file)
    if not changes.changes_nothing:
        app.ensure_key()
        enrol(app.store, changes, now())
        app.rejudge()
    yield from plan_lines(changes, whole=False)
